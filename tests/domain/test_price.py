"""Money is exact."""

import math
from fractions import Fraction

from factories import ModelCardFactory, PriceFactory, UsageFactory
from hypothesis import given
from hypothesis import strategies as st

from neuroroute.domain.completion import Usage
from neuroroute.domain.model import Price

NANO_PER_MILLION = st.integers(0, 10**15)
COUNTS = st.integers(0, 10**9)


@given(NANO_PER_MILLION, NANO_PER_MILLION, COUNTS, COUNTS)
def test_a_cost_is_the_exact_one_rounded_half_up(prompt, completion, read, written):
    cost = Price(prompt=prompt, completion=completion).of(Usage(prompt_tokens=read, completion_tokens=written))
    exact = Fraction(prompt * read + completion * written, 10**6)
    assert isinstance(cost, int)
    assert cost == math.floor(exact + Fraction(1, 2))


@given(NANO_PER_MILLION, st.integers(0, 1000))
def test_a_million_tokens_cost_their_price_and_so_do_many(price, millions):
    usage = Usage(prompt_tokens=millions * 10**6)
    assert Price(prompt=price, completion=0).of(usage) == price * millions


def test_what_was_not_used_costs_nothing():
    assert PriceFactory.build().of(Usage()) == 0


def test_a_known_cost():
    assert PriceFactory.build().of(UsageFactory.build(prompt_tokens=12, completion_tokens=5)) == 80_000


def test_half_a_nano_dollar_rounds_up():
    price = Price(prompt=1, completion=0)
    assert price.of(Usage(prompt_tokens=499_999)) == 0
    assert price.of(Usage(prompt_tokens=500_000)) == 1


@given(NANO_PER_MILLION, NANO_PER_MILLION, NANO_PER_MILLION, COUNTS, COUNTS, COUNTS)
def test_the_parts_of_a_prompt_that_a_cache_spared_or_kept_have_their_own_prices(prompt, cached, write, a, b, c):
    price = Price(prompt=prompt, completion=0, cached=cached, cache_write=write)
    usage = Usage(prompt_tokens=a + b + c, cached_tokens=b, cache_write_tokens=c)
    exact = Fraction(prompt * a + cached * b + write * c, 10**6)
    assert price.of(usage) == math.floor(exact + Fraction(1, 2))


@given(NANO_PER_MILLION, COUNTS, COUNTS, COUNTS)
def test_without_a_price_of_its_own_a_cached_token_costs_as_any_other(prompt, read, cached, kept):
    usage = Usage(prompt_tokens=read, cached_tokens=cached, cache_write_tokens=kept)
    assert Price(prompt=prompt, completion=0).of(usage) == Price(prompt=prompt, completion=0).of(
        Usage(prompt_tokens=read)
    )


@given(COUNTS, COUNTS, COUNTS)
def test_more_cached_than_read_is_not_believed(read, cached, kept):
    usage = Usage(prompt_tokens=read, cached_tokens=cached, cache_write_tokens=kept)
    assert 0 <= Price(prompt=10, completion=0, cached=1, cache_write=12).of(usage) <= 12 * read


@given(st.lists(st.sampled_from("abc")), st.lists(st.sampled_from("abcd")))
def test_a_card_lacks_what_it_does_not_declare(has, required):
    lacks = ModelCardFactory.build(capabilities=tuple(has)).lacks(tuple(required))
    assert lacks == len([one for one in required if one not in has])
