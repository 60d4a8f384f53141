"""A wish is kept: more quality and more money never make an answer that is predicted worse."""

import pytest
from domain.worlds import LEVELS, SHARES, WARM, WISHES, a_world, chosen_quality, decided, what_fits, worlds
from factories import ClassificationFactory
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from neuroroute.domain.access import Caller
from neuroroute.domain.errors import NothingFits
from neuroroute.domain.forecast import Circumstances
from neuroroute.domain.model import ModelId
from neuroroute.domain.routing import Objective, Priority, Requirements

LIMITS = st.one_of(st.none(), st.integers(0, 10**8), st.integers(0, 10**10))
ANY_WORLD = worlds(warm=st.none() | WARM)
LONGEST = st.sampled_from([None, 1, 100, 10_000])


THREE = a_world(("cheap", 0.6, 1), ("middle", 0.8, 4), ("dear", 0.9, 60))


def chosen(world, **wish):
    return decided(world, **wish).selection.model


@settings(max_examples=150)
@given(ANY_WORLD, LEVELS, LEVELS, WISHES, LONGEST, LIMITS)
def test_wishing_for_more_quality_never_gets_less(world, level, other, priority, longest, limit):
    asked = {"priority": priority, "max_tokens": longest, "max_cost": limit}
    with what_fits():
        less, more = (chosen_quality(decided(world, level=at, **asked)) for at in sorted([level, other]))
    assert less <= more


@settings(max_examples=150)
@given(ANY_WORLD, LEVELS, WISHES, LONGEST, LIMITS, LIMITS)
def test_allowing_more_cost_never_gets_less(world, level, priority, longest, limit, other):
    lower, higher = sorted([limit, other], key=lambda most: (most is None, most))
    asked = {"level": level, "priority": priority, "max_tokens": longest}
    with what_fits():
        less = chosen_quality(decided(world, max_cost=lower, **asked))
    assert less <= chosen_quality(decided(world, max_cost=higher, **asked))


@given(ANY_WORLD, LEVELS, WISHES, SHARES, SHARES, LIMITS)
def test_demanding_more_quality_never_gets_less_and_keeps_to_it(world, level, priority, least, other, limit):
    least, more = sorted([least, other])
    asked = {"level": level, "priority": priority, "max_cost": limit}
    with what_fits():
        better = chosen_quality(decided(world, min_quality=more, **asked))
    assert max(more, chosen_quality(decided(world, min_quality=least, **asked))) <= better


@given(worlds(warm=st.none() | WARM), LEVELS, WISHES)
def test_all_that_is_foretold_is_a_share_and_finite(world, level, priority):
    ranking = decided(world, level=level, priority=priority).selection.ranking
    assert 0 <= ranking.confidence <= 1
    for forecast in ranking.foresight.forecasts:
        estimate = forecast.quality
        assert 0 <= estimate.low <= estimate.quality <= estimate.high <= 1
    assert ranking.foresight.exchange >= -1


@given(ANY_WORLD, st.sets(st.sampled_from("abcde"), min_size=1), LEVELS, LIMITS, LONGEST)
def test_nobody_is_asked_who_may_not_be_or_is_beyond_a_limit(world, models, level, limit, longest):
    """Whatever is foretold of it: a prompt can change that, and nothing else."""
    allowed = Caller("a key", models=frozenset(map(ModelId, models)))
    assume(any(allowed.may_ask(card.id) for card in world.cards))
    with what_fits():
        decision = decided(world, caller=allowed, level=level, max_cost=limit, max_tokens=longest)
    for card in decision.candidates:
        assert card.id in models
        if limit is not None:
            written = min(longest or card.max_tokens, card.max_tokens)
            read = card.price.prompt * world.tokens + card.price.completion * written
            assert read <= (limit + 0.5) * 10**6


@pytest.mark.parametrize(("level", "model"), [(0, "cheap"), (5, "middle"), (10, "dear")])
def test_the_wish_goes_from_the_cheapest_to_the_best(level, model):
    assert chosen(THREE, level=float(level)) == model


@pytest.mark.parametrize(("priority", "level"), [("cost", 1), ("quality", 9), ("speed", 5), (None, 5)])
def test_a_priority_comes_to_a_level(priority, level):
    decision = decided(THREE, priority=priority and Priority(priority))
    assert decision.selection.ranking.foresight.level == level


def test_speed_spends_seconds():
    world = a_world(("cheap", 0.8, 1), ("dear", 0.8, 60), latency_ms={ModelId("cheap"): 9000, ModelId("dear"): 200})
    decision = decided(world, priority=Priority.SPEED)
    assert decision.selection.model == "dear"
    assert decision.selection.ranking.foresight.spends == "seconds"


def test_a_model_without_a_price_is_as_dear_as_the_dearest():
    assert chosen(a_world(("cheap", 0.6, 1), ("unpriced", 0.61, None), ("dear", 0.9, 60)), level=1.0) == "cheap"


def test_of_what_is_equal_the_first_is_chosen():
    assert chosen(a_world(("one", 0.5, 2), ("two", 0.5, 2)), level=5.0) == "one"


def test_the_best_choice_is_told_first_then_those_that_are_worth_more():
    decision = decided(THREE, level=5.0)
    foresight = decision.selection.ranking.foresight
    assert [one.model for one in foresight.forecasts] == ["middle", "cheap", "dear"]
    assert [card.id for card in decision.candidates] == ["middle", "cheap", "dear"]


def test_who_is_not_good_enough_is_left_out_with_its_number():
    decision = decided(THREE, level=0.0, min_quality=0.7)
    assert decision.selection.model == "middle"
    (out,) = decision.excluded
    assert (out.model, out.reason) == ("cheap", "its answer is predicted to be good with 0.600, less than 0.7")


def test_when_nobody_is_good_enough_everybody_is_told():
    with pytest.raises(NothingFits) as refused:
        decided(THREE, min_quality=0.95)
    assert set(refused.value.reasons) == {"cheap", "middle", "dear"}


def test_what_the_rules_have_read_is_not_ranked_by_predictions():
    with pytest.raises(TypeError):
        THREE.policy.rank(
            THREE.cards, ClassificationFactory.build(), allowed=THREE.cards, requirements=Requirements(),
            objective=Objective(), circumstances=Circumstances(),
        )  # fmt: skip
