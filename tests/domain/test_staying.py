"""A conversation stays with its model while that has it in its cache, unless leaving is worth it."""

import pytest
from domain.worlds import a_world, decided

from neuroroute.domain.forecast import Exploration, Warm
from neuroroute.domain.model import ModelId, NanoUsd

WARM = Warm(model=ModelId("there"), tokens=3000)


def decided_among(*models, level=5.0, warm=WARM, **wish):
    world = a_world(*models, tokens=3000, warm=warm, **wish)
    decision = decided(world, level=level)
    return decision.selection.model, decision.selection.ranking.foresight.stay


def test_a_little_better_is_not_worth_leaving():
    model, stay = decided_among(("there", 0.80, 2), ("other", 0.81, 4), level=10.0)
    assert model == "there"
    assert stay.stays
    assert (stay.model, stay.margin) == ("there", 0.02)
    assert stay.gain == pytest.approx(0.01)


def test_much_better_is():
    model, stay = decided_among(("there", 0.6, 2), ("other", 0.9, 4), level=9.5)
    assert (model, stay.stays) == ("other", False)


def test_what_the_cache_saves_is_the_cost_of_leaving():
    """The other is cheaper for whoever comes anew, and dearer for whoever is there."""
    _, stay = decided_among(("there", 0.8, 2), ("other", 0.8, 1), level=1.0)
    assert stay.stays
    assert stay.saves_usd == pytest.approx(3000 * 2 * (0.25 - 0.025) / 1e6)


def test_as_good_for_less_than_half_is_worth_leaving():
    model, _ = decided_among(("there", 0.8, 40), ("other", 0.8, 1))
    assert model == "other"


def test_a_worse_model_is_worth_leaving_for_only_when_it_saves_much():
    models = ("there", 0.80, 10), ("other", 0.795, 1)
    assert decided_among(*models, ("poor", 0.1, 1), level=0.0)[0] == "other"
    assert decided_among(*models, ("poor", 0.1, 1), level=10.0)[0] == "there"


def test_who_is_not_in_the_choice_is_not_stayed_with():
    assert decided_among(("other", 0.8, 1))[1] is None


def test_without_a_conversation_nobody_stays():
    assert decided_among(("there", 0.8, 1), warm=None)[1] is None


def test_in_a_conversation_nobody_is_explored():
    exploring = Exploration(share=1.0, budget=NanoUsd(10**12), draw=0.99)
    model, stay = decided_among(("there", 0.8, 1), ("other", 0.1, 1), exploration=exploring)
    assert (model, stay.stays) == ("there", True)


def test_a_model_without_a_price_saves_nothing():
    assert decided_among(("there", 0.8, None))[1].saves_usd == 0
