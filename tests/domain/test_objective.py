"""The number from cheapest to best comes to a price of quality, and that to a choice which never gets worse by more."""

from math import inf, isfinite, isnan, nextafter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuroroute.domain.objective import BEST, CHEAPEST, Option, choose, exchange_at, ranked, regret, slope

NUMBERS = st.one_of(st.sampled_from([0.0, 0.25, 0.5, 1.0]), st.floats(0, 1))
MOST = st.one_of(st.integers(0, 3).map(float), st.just(inf))
OPTIONS = st.lists(
    st.builds(Option, model=st.sampled_from("abcdef"), quality=NUMBERS, spend=NUMBERS, most=MOST), min_size=1
)
LEVELS = st.one_of(st.integers(0, 10).map(float), st.floats(CHEAPEST, BEST))
SLOPES = st.one_of(st.just(0.0), st.floats(0, 1e9))


def an_option(model, quality, spend, most=0.0):
    return Option(model=model, quality=quality, spend=spend, most=most)


@given(OPTIONS, SLOPES, LEVELS, LEVELS)
def test_a_higher_level_never_chooses_worse(options, slope, level, other):
    lower, higher = sorted([level, other])
    less = choose(options, exchange=exchange_at(lower, slope))
    assert less.quality <= choose(options, exchange=exchange_at(higher, slope)).quality


@given(OPTIONS, SLOPES, LEVELS, MOST)
def test_a_higher_limit_never_chooses_worse(options, slope, level, limit):
    exchange = exchange_at(level, slope)
    within = [option for option in options if option.most <= limit]
    if within:
        assert choose(within, exchange=exchange).quality <= choose(options, exchange=exchange).quality


@given(SLOPES, LEVELS, LEVELS)
def test_a_higher_level_makes_nothing_dearer(slope, level, other):
    lower, higher = (exchange_at(at, slope) for at in sorted([level, other]))
    assert 0 <= higher <= lower
    assert not isnan(lower)


@given(SLOPES, st.floats(1e-6, BEST))
def test_above_the_cheapest_a_unit_has_a_price_that_can_be_written(slope, level):
    assert isfinite(exchange_at(level, slope))


@given(OPTIONS)
def test_the_cheapest_is_the_cheapest_and_the_best_the_best_where_no_limit_tells_them_apart(options):
    alike = [an_option(one.model, one.quality, one.spend) for one in options]
    assert choose(alike, exchange=inf).spend == min(one.spend for one in alike)
    assert choose(alike, exchange=0.0).quality == max(one.quality for one in alike)


@given(OPTIONS, SLOPES, LEVELS)
def test_there_is_nothing_to_regret_of_the_one_that_is_worth_most(options, slope, level):
    exchange = exchange_at(level, slope)
    first, *_ = ranked(options, exchange=exchange)
    assert regret(first, options, exchange=exchange) == 0
    assert min(regret(one, options, exchange=exchange) for one in options) >= 0


def test_the_price_of_quality_is_that_of_the_unrouted_mix():
    cheap, odd, best = an_option("cheap", 0.5, 1.0), an_option("odd", 0.1, 9.0), an_option("best", 0.9, 5.0)
    assert slope([cheap, odd, best]) == pytest.approx(0.1)


@pytest.mark.parametrize(
    "options", [[], [an_option("alone", 0.5, 1.0)], [an_option("a", 0.5, 1), an_option("b", 1, 1)]]
)
def test_quality_has_no_price_where_it_costs_nothing(options):
    assert slope(options) == 0


@pytest.mark.parametrize(
    ("level", "exchange"),
    [(0, inf), (1e-9, inf), (0.5, 20.0), (1, 10.0), (1.5, 7.5), (5, 1.15), (9.5, 0.075), (10, 0.0)],
)
def test_levels_have_their_rates(level, exchange):
    assert exchange_at(float(level), 1.0) == pytest.approx(exchange)


@pytest.mark.parametrize("exchange", [0.0, 1.0, 1e6, inf])
def test_of_two_that_cost_the_same_the_better_one_is_chosen_however_little_better_it_is(exchange):
    good, better = an_option("good", 0.3, 0.7), an_option("better", nextafter(0.3, 1), 0.7)
    for options in ([good, better], [better, good]):
        assert choose(options, exchange=exchange) == ranked(options, exchange=exchange)[0] == better


def test_a_dearer_one_that_a_limit_lets_in_later_does_not_spoil_the_choice():
    """It saves money, but whoever allowed less had the better one."""
    better, thrifty = an_option("better", 0.8, 3.0, most=1.0), an_option("thrifty", 0.5, 1.0, most=2.0)
    assert choose([thrifty, better], exchange=1.0) == better
    assert ranked([better, thrifty], exchange=1.0) == [thrifty, better]
