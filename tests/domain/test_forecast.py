"""What an answer is expected to take."""

import pytest
from domain.worlds import A_CARD
from factories import PriceFactory
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from neuroroute.domain.completion import Usage
from neuroroute.domain.forecast import ANSWER_TOKENS, Circumstances, Pace, Warm, expected_usage, foretell
from neuroroute.domain.model import ModelId, Price

SECONDS = st.floats(0, 1e6)
PACES = st.builds(Pace, first_seconds=SECONDS, token_seconds=SECONDS)
PRICE = Price(prompt=1_000_000, completion=4_000_000, cached=100_000)


def foretold(circumstances, *, longest=None, **card):
    (forecast,) = foretell([replace(A_CARD, **card)], [None], circumstances, longest=longest)
    return forecast


@pytest.mark.parametrize(("longest", "tokens"), [(None, ANSWER_TOKENS), (10, 10), (10_000, ANSWER_TOKENS)])
def test_an_answer_has_its_usual_length_unless_it_must_be_shorter(longest, tokens):
    assert expected_usage(7, longest=longest) == Usage(prompt_tokens=7, completion_tokens=tokens, estimated=True)


def test_a_cache_holds_no_more_than_the_prompt():
    assert expected_usage(7, longest=None, cached=100).cached_tokens == 7


def test_money_is_that_of_the_price():
    assert foretold(Circumstances(prompt_tokens=100), price=PRICE).cost == 100 + 4 * ANSWER_TOKENS


def test_who_has_the_prompt_in_its_cache_reads_it_for_less():
    warm = Circumstances(prompt_tokens=100, warm=Warm(model=A_CARD.id, tokens=50))
    assert foretold(warm, price=PRICE).cost == 50 + 5 + 4 * ANSWER_TOKENS
    assert foretold(warm, price=PRICE, id=ModelId("other")).cost == 100 + 4 * ANSWER_TOKENS


def test_what_has_no_price_costs_nobody_knows_what():
    assert foretold(Circumstances(prompt_tokens=100), price=None).cost is None


def test_time_is_what_it_took_lately_and_before_that_what_its_card_says():
    assert foretold(Circumstances(), avg_latency_ms=800).latency_ms == 800
    assert foretold(Circumstances(latency_ms={A_CARD.id: 90}), avg_latency_ms=800).latency_ms == 90


@given(PACES, PACES)
def test_a_pace_moves_to_the_latest_and_never_beyond(before, latest):
    after = before.after(latest)
    for now, then, new in (
        (after.first_seconds, before.first_seconds, latest.first_seconds),
        (after.token_seconds, before.token_seconds, latest.token_seconds),
    ):
        assert min(then, new) - 1e-6 <= now <= max(then, new) + 1e-6


def test_the_latest_answer_counts_a_fifth():
    after = Pace(first_seconds=1.0, token_seconds=0.1).after(Pace(first_seconds=2.0, token_seconds=0.2))
    assert (after.first_seconds, after.token_seconds) == pytest.approx((1.2, 0.12))
    assert after.seconds(100) == pytest.approx(1.2 + 12)


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_what_a_cache_spares_is_never_charged(tokens, cached):
    price = PriceFactory.build(cached=0)
    warm = Circumstances(prompt_tokens=tokens, warm=Warm(model=A_CARD.id, tokens=cached))
    assert foretold(warm, price=price).cost <= foretold(Circumstances(prompt_tokens=tokens), price=price).cost
