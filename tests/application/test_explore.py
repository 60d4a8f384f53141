"""Models are explored as often as they may be, for as much as may be spent, and each with the chance that is logged."""

from collections import Counter
from fractions import Fraction

import pytest
from domain.worlds import EXPLORATIONS, LEVELS, a_world, decided, worlds
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from neuroroute.application.explore import Explorer
from neuroroute.domain.forecast import Exploration
from neuroroute.domain.model import NanoUsd
from neuroroute.domain.quality import Estimate

NOON = 1_794_744_000.0
DAY = 86_400
THREE = a_world(("cheap", 0.6, 1), ("middle", 0.8, 4), ("dear", 0.9, 60))
"""Each may be as good as any other."""
MUCH = NanoUsd(10**12)


def foresight(world, exploration, level=5.0):
    circumstances = replace(world.circumstances, exploration=exploration)
    return decided(replace(world, circumstances=circumstances), level=level).selection.ranking


def explored(draw, *, share=0.3, budget=MUCH, world=THREE):
    return foresight(world, Exploration(share=share, budget=budget, draw=draw))


def test_nobody_is_explored_unless_it_is_switched_on():
    assert Explorer(share=0.0, daily_budget=MUCH).offer(NOON) is None
    ranking = foresight(THREE, None)
    assert (ranking.best, ranking.foresight.explored, ranking.foresight.propensity) == ("middle", False, 1.0)


def test_each_draw_is_another():
    explorer = Explorer(share=0.1, daily_budget=MUCH)
    draws = {explorer.offer(NOON).draw for _ in range(1000)}
    assert len(draws) > 900
    assert all(0 <= draw < 1 for draw in draws)


def test_the_share_is_kept_and_the_propensities_are_what_happens():
    """Draws that lie evenly: no chance is left to the test."""
    draws = 3000
    rankings = [explored((number + 0.5) / draws) for number in range(draws)]
    counts = Counter(ranking.best for ranking in rankings)
    logged = {ranking.best: ranking.foresight.propensity for ranking in rankings}
    assert {model: count / draws for model, count in counts.items()} == pytest.approx(logged, abs=1e-3)
    assert sum(logged.values()) == pytest.approx(1.0)
    assert sum(ranking.foresight.explored for ranking in rankings) / draws == pytest.approx(0.3 * 2 / 3, abs=1e-3)


@settings(max_examples=50)
@given(worlds(), LEVELS, st.floats(0.001, 1), st.integers(0, 10**9).map(NanoUsd))
def test_propensities_add_up_to_one_whatever_the_world(world, level, share, budget):
    world = replace(world, cards=tuple(replace(card, context_window=None) for card in world.cards))
    logged = {}
    for draw in (Fraction(number, 60) for number in range(60)):
        if (inside := float(draw) * share) < share:
            ranking = foresight(world, Exploration(share=share, budget=budget, draw=inside), level)
            logged[ranking.best] = ranking.foresight.propensity
    assert sum(logged.values()) == pytest.approx(1.0)


@settings(max_examples=50)
@given(worlds(explores=EXPLORATIONS), LEVELS)
def test_an_explored_model_costs_no_more_than_the_budget_and_may_be_as_good(world, level):
    ranking = decided(world, level=level).selection.ranking
    told = ranking.foresight.forecasts
    best, asked = told[0], next(one for one in told if one.model == ranking.best)
    if ranking.foresight.explored:
        assert asked.cost <= (best.cost or 0) + world.circumstances.exploration.budget
        assert asked.quality.high >= best.quality.quality
    else:
        assert asked == best


def test_a_model_that_cannot_be_as_good_is_not_explored():
    hopeless = Estimate(quality=0.6, low=0.5, high=0.7)
    world = replace(THREE, predicted={**THREE.predicted, "cheap": hopeless, "dear": hopeless})
    assert {explored(draw, world=world).best for draw in (0.0, 0.1, 0.29)} == {"middle"}


def test_the_dear_one_is_not_explored_for_more_than_there_is():
    assert {explored(draw, budget=NanoUsd(0)).best for draw in (0.0, 0.1, 0.2, 0.29)} == {"cheap", "middle"}


def test_the_budget_of_a_day_is_never_exceeded_by_what_was_foretold_and_begins_anew_the_next():
    explorer = Explorer(share=1.0, daily_budget=NanoUsd(100))
    spent = 0
    while (offer := explorer.offer(NOON)) is not None:
        surplus = min(30, offer.budget)
        explorer.spend(NanoUsd(surplus))
        spent += surplus
    assert spent == 100
    assert explorer.offer(NOON + DAY).budget == 100


def test_what_costs_less_gives_nothing_back():
    explorer = Explorer(share=1.0, daily_budget=NanoUsd(100))
    assert explorer.offer(NOON).budget == 100
    explorer.spend(NanoUsd(-50))
    assert explorer.offer(NOON).budget == 100
