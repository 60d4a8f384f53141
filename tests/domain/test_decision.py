"""A decision is made again, bit for bit, from what was kept of it."""

import msgspec
import pytest
from domain.worlds import (
    A_CARD,
    EXPLORATIONS,
    LEVELS,
    NAMES,
    NONE,
    PRICES,
    READING,
    SHARES,
    WARM,
    a_world,
    decided,
    worlds,
)
from factories import ClassificationFactory, RanksFactory
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from neuroroute.domain.access import Caller
from neuroroute.domain.deciding import decide
from neuroroute.domain.decision import DecisionRecord, Grounds, NotRemade, plan_of, remade
from neuroroute.domain.errors import ModelNotAllowed, NeuroRouteError
from neuroroute.domain.model import Ability, Dialect, ModelId
from neuroroute.domain.policies import EarlierRules
from neuroroute.domain.routing import Objective, Pin, Priority, Requirements

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(DecisionRecord).decode

MODELS = st.sampled_from(NAMES)
CAPABILITIES = st.sampled_from(["basic_chat", "reasoning"])
CARDS = st.fixed_dictionaries(
    {
        "price": NONE | PRICES,
        "max_tokens": st.sampled_from([200, 4096]),
        "avg_latency_ms": st.sampled_from([0, 300, 20_000]),
        "capabilities": st.lists(CAPABILITIES, unique=True).map(tuple),
        "abilities": st.frozensets(st.sampled_from(Ability)),
        "dialect": st.sampled_from(Dialect),
        "embedding_space": st.sampled_from([None, None, "space"]),
        "context_window": st.sampled_from([None, 1000, 200_000]),
        "ranks": st.builds(RanksFactory.build, quality=st.integers(1, 3)),
    }
)
REQUIREMENTS = st.builds(
    Requirements,
    model=NONE | MODELS | st.just("nobody"),
    pin=st.sampled_from(Pin),
    capabilities=st.lists(CAPABILITIES, max_size=2).map(tuple),
    fallbacks=st.lists(MODELS, max_size=3).map(tuple),
    max_tokens=st.sampled_from([None, 1, 5000]),
    abilities=st.frozensets(st.sampled_from(Ability), max_size=1),
    most_tokens=st.sampled_from([None, 5000]),
    max_cost=NONE | st.integers(0, 10**10),
    max_latency_ms=st.sampled_from([None, 500]),
    min_quality=NONE | SHARES,
    dialect=st.sampled_from([None, None, Dialect.OPENAI]),
    embeds=st.sampled_from([False, False, True]),
)
OBJECTIVES = st.builds(Objective, priority=NONE | st.sampled_from(Priority), level=NONE | LEVELS)
UNFIT = st.dictionaries(MODELS, st.sampled_from(["it is away", "its last health probe failed"]), max_size=2)
CLASSIFIED = st.builds(ClassificationFactory.build, keyword_matches=st.dictionaries(MODELS, st.integers(0, 3)))


@st.composite
def decisions(draw, requirements=REQUIREMENTS):
    """A record, and the cards of its catalogue."""
    world = draw(worlds(explores=NONE | EXPLORATIONS, warm=NONE | WARM))
    cards = [replace(card, **draw(CARDS)) for card in world.cards]
    rules = draw(CLASSIFIED) if draw(st.booleans()) else None
    told_all = draw(NONE | st.lists(st.sampled_from([card.id for card in cards]), min_size=1, unique=True).map(tuple))
    grounds = Grounds(
        caller_models=draw(NONE | st.frozensets(MODELS, min_size=1)),
        unfit=draw(UNFIT),
        requirements=draw(requirements),
        objective=draw(OBJECTIVES),
        circumstances=world.circumstances,
        reading=rules or READING,
        tokens=world.tokens,
        told_all=told_all,
    )
    asked = list[str]()
    try:
        decision = decide(
            [card for card in cards if told_all is None or card.id in told_all],
            caller=Caller("a key", models=grounds.caller_models),
            unfit=grounds.unfit,
            requirements=grounds.requirements,
            objective=grounds.objective,
            policy=world.policy if rules is None else EarlierRules(),
            classify=lambda: asked.append("reading") or grounds.reading,
            count=lambda: asked.append("tokens") or world.tokens,
            circumstances=grounds.circumstances,
        )
    except NeuroRouteError:
        reject()
    unasked = {name: None for name in ("reading", "tokens") if name not in asked}
    grounds = replace(grounds, **unasked)
    plan = plan_of(decision, grounds, "3f7a")
    return DecisionRecord(id="1" * 32, at=1.8e9, caller="a key", plan=plan, grounds=grounds), cards


@given(decisions())
def test_a_decision_is_made_again_bit_for_bit_from_what_was_kept(made):
    record, cards = made
    kept = _decode(_encode(record))
    assert kept == record
    assert _encode(remade(kept, cards)) == _encode(record.plan)


@settings(max_examples=25)
@given(decisions(requirements=st.just(Requirements())))
def test_the_same_grounds_come_to_the_same_decision(made):
    record, cards = made
    assert remade(record, cards) == remade(record, cards) == record.plan


def a_record(*, rules=False, **grounds):
    world = a_world(("cheap", 0.6, 1), ("dear", 0.9, 60))
    reading = ClassificationFactory.build() if rules else READING
    known = {
        "caller_models": None, "unfit": {}, "requirements": Requirements(), "objective": Objective(level=10.0),
        "circumstances": world.circumstances, "reading": reading, "tokens": None,
    }  # fmt: skip
    plan = plan_of(decided(world, level=10.0), Grounds(**known), "3f7a")
    return DecisionRecord(id="1" * 32, at=1.8e9, caller="a", plan=plan, grounds=Grounds(**(known | grounds))), world


def test_what_was_not_kept_is_named():
    record, world = a_record(reading=None)
    with pytest.raises(NotRemade, match="what was read of the prompt was not kept"):
        remade(record, world.cards)


def test_of_a_model_that_came_later_nothing_was_foretold():
    record, world = a_record()
    with pytest.raises(NotRemade, match="what was foretold of new was not kept"):
        remade(record, [*world.cards, replace(A_CARD, id=ModelId("new"))])


def test_what_the_caller_may_ask_is_kept():
    record, world = a_record(
        caller_models=frozenset({ModelId("cheap")}), requirements=Requirements(model="dear", pin=Pin.ONLY)
    )
    with pytest.raises(ModelNotAllowed):
        remade(record, world.cards)


def test_a_candidate_has_what_is_foretold_of_it():
    record, _ = a_record()
    dear = record.plan.candidates[0]
    assert (dear.model, dear.quality, dear.low, dear.high) == ("dear", 0.9, 0.0, 1.0)
    assert dear.cost_usd == pytest.approx((150 * 15 + 200 * 60) / 1e6)


def test_nobody_foretells_quality_by_rules():
    world = a_world(("cheap", 0.6, 1), ("dear", 0.9, 60))
    decision = decide(
        world.cards, caller=Caller("a key"), unfit={}, requirements=Requirements(), objective=Objective(),
        policy=EarlierRules(), classify=ClassificationFactory.build, count=lambda: 1, circumstances=world.circumstances,
    )  # fmt: skip
    record, _ = a_record()
    plan = plan_of(decision, record.grounds, "3f7a")
    assert [(one.model, one.quality) for one in plan.candidates] == [("cheap", None), ("dear", None)]
    assert (plan.predictor, plan.foresight) == (None, None)
    assert plan.reasoning is not None
