"""Which model is chosen, which are asked after it, and why (CONTRACT.md 5 and 6)."""

from itertools import permutations

import pytest
from catalogs import default_entries
from factories import ClassificationFactory, FeaturesFactory, ModelCardFactory, RanksFactory
from hypothesis import given
from hypothesis import strategies as st

from neuroroute.domain.access import ANYONE, Caller
from neuroroute.domain.deciding import decide
from neuroroute.domain.errors import ModelNotAllowed, NoEligibleModel, PromptRejected, UnknownModel
from neuroroute.domain.forecast import Circumstances
from neuroroute.domain.model import ModelId
from neuroroute.domain.policies import EarlierRules
from neuroroute.domain.routing import (
    MAX_FALLBACKS,
    Exclusion,
    Objective,
    Pin,
    Priority,
    Requirements,
    SelectionMethod,
)

CARDS = default_entries().cards
"""The three that come out of the box."""
CODE = ClassificationFactory.build(features=FeaturesFactory.build(code_presence=1.0))
PLAIN = ClassificationFactory.build()


def uncounted():
    raise AssertionError("nobody was to count")


def decided(cards=CARDS, *, caller=ANYONE, unfit=(), seen=PLAIN, priority=None, count=uncounted, **required):
    return decide(
        cards,
        caller=caller,
        unfit={ModelId(model): f"{model} is away" for model in unfit},
        requirements=Requirements(**required),
        objective=Objective(priority=priority),
        policy=EarlierRules(),
        classify=lambda: seen,
        count=count,
        circumstances=Circumstances(),
    )


def asked(decision):
    return [card.id for card in decision.candidates]


def unasked():
    raise AssertionError("nobody was to classify")


def test_the_classifier_decides_where_the_caller_says_nothing():
    decision = decided(seen=CODE)
    assert (decision.selection.method, decision.selection.model) == (SelectionMethod.CLASSIFIER, "openai")
    assert decision.selection.ranking.source == "rule_based"
    assert decision.policy == "rules"


@pytest.mark.parametrize("model", ["local", "openai", "anthropic"])
def test_the_model_that_the_caller_names_beats_the_classifier_and_saves_its_work(model):
    decision = decide(
        CARDS, caller=ANYONE, unfit={}, requirements=Requirements(model=model), objective=Objective(),
        policy=EarlierRules(), classify=unasked, count=uncounted,
        circumstances=Circumstances(),
    )  # fmt: skip
    assert (decision.selection.method, decision.selection.model) == (SelectionMethod.CALLER, model)
    assert decision.selection.ranking is None


@pytest.mark.parametrize("model", ["auto", "gpt-4o", "OPENAI", " "])
def test_the_classifier_decides_when_the_named_model_is_not_there(model):
    selection = decided(model=model).selection
    assert (selection.method, selection.model) == (SelectionMethod.CLASSIFIER_INSTEAD, "local")


def test_an_empty_name_names_no_model():
    assert decided(model="").selection.method is SelectionMethod.CLASSIFIER


@pytest.mark.parametrize(
    ("capabilities", "priority", "model"),
    [
        (("code_generation",), None, "openai"),
        (("math",), None, "local"),
        (("long_context",), Priority.SPEED, "anthropic"),
        (("basic_chat",), None, "openai"),  # quality, openai before anthropic
        (("basic_chat",), Priority.QUALITY, "openai"),
        (("basic_chat",), Priority.SPEED, "local"),
        (("basic_chat",), Priority.COST, "local"),
        (("reasoning", "multilingual"), None, "openai"),
        (("math", "legal_analysis"), None, "anthropic"),  # nobody has both, each has one: quality
        (("math", "nobody_has_this"), Priority.QUALITY, "local"),
    ],
)
def test_required_capabilities_beat_the_named_model(capabilities, priority, model):
    selection = decided(capabilities=capabilities, priority=priority, model="anthropic").selection
    assert (selection.method, selection.model) == (SelectionMethod.CAPABILITIES, model)
    assert selection.required == capabilities


def test_the_classifier_decides_when_nobody_has_any_required_capability():
    selection = decided(capabilities=("telepathy",), seen=CODE, model="anthropic").selection
    assert (selection.method, selection.model) == (SelectionMethod.CAPABILITIES, "openai")
    assert selection.ranking is not None


@pytest.mark.parametrize(
    "order", [("local", "openai", "anthropic"), ("openai", "anthropic", "local"), ("anthropic", "openai", "local")]
)
def test_the_fallback_order_of_the_default_models(order):
    assert tuple(asked(decided(model=order[0]))) == order


@pytest.mark.parametrize(("chosen", "first", "second"), list(permutations(["local", "openai", "anthropic"])))
def test_an_unfit_chosen_model_is_passed_over_with_its_reason(chosen, first, second):
    decision = decided(model=chosen, unfit=[chosen])
    assert set(asked(decision)) == {first, second}
    assert decision.selection.model == chosen
    assert decision.switched == Exclusion(ModelId(chosen), f"{chosen} is away")
    assert decided(model=chosen, unfit=[chosen, first]).candidates[0].id == second


def test_an_unfit_fallback_is_left_out_and_told_but_is_no_switch():
    decision = decided(model="local", unfit=["openai"])
    assert asked(decision) == ["local", "anthropic"]
    assert decision.switched is None
    assert decision.excluded == (Exclusion(ModelId("openai"), "openai is away"),)


@pytest.mark.parametrize("model", ["local", "openai", "anthropic"])
def test_when_nobody_is_left_the_chosen_one_is_asked_all_the_same(model):
    decision = decided(model=model, unfit=["local", "openai", "anthropic"])
    assert asked(decision) == [model]
    assert decision.switched is None
    assert {out.model for out in decision.excluded} == {"local", "openai", "anthropic"} - {model}


@pytest.mark.parametrize("unfit", [(), ("openai",)])
def test_a_pinned_model_is_asked_alone_whatever_its_health(unfit):
    decision = decided(model="openai", pin=Pin.ONLY, unfit=unfit)
    assert asked(decision) == ["openai"]
    assert decision.selection.method is SelectionMethod.CALLER


@pytest.mark.parametrize("model", ["gpt-5", "", None])
def test_a_pinned_model_that_is_not_there_is_the_callers_fault(model):
    with pytest.raises(UnknownModel) as caught:
        decided(model=model, pin=Pin.ONLY)
    assert isinstance(caught.value, PromptRejected)


def test_no_model_at_all_says_what_to_do():
    with pytest.raises(NoEligibleModel, match="neuroroute doctor"):
        decided(())


def allowed(*models):
    return Caller("a key", models=frozenset(map(ModelId, models)))


def test_only_models_that_the_caller_may_ask_are_asked():
    for seen in (CODE, PLAIN):
        assert asked(decided(caller=allowed("anthropic"), seen=seen)) == ["anthropic"]
        assert set(asked(decided(caller=allowed("anthropic", "local"), seen=seen))) == {"anthropic", "local"}


def test_a_model_that_the_caller_may_not_ask_is_refused_and_never_replaced():
    for pin in Pin:
        with pytest.raises(ModelNotAllowed, match="may not use model openai"):
            decided(caller=allowed("anthropic"), model="openai", pin=pin)
    with pytest.raises(ModelNotAllowed):
        decided(caller=allowed("anthropic"), model="openai", capabilities=("code",))


def test_a_model_that_nobody_has_is_as_unknown_with_a_list_as_without():
    assert asked(decided(caller=allowed("anthropic"), model="gpt-9")) == ["anthropic"]
    with pytest.raises(UnknownModel):
        decided(caller=allowed("anthropic"), model="gpt-9", pin=Pin.ONLY)


def test_a_list_of_models_that_are_not_enabled_leaves_none():
    with pytest.raises(NoEligibleModel, match="this key"):
        decided(caller=allowed("gone"))


def test_an_unfit_model_of_the_list_is_asked_before_a_fit_one_outside_it():
    assert asked(decided(caller=allowed("anthropic"), unfit=("anthropic",))) == ["anthropic"]


NAMES = st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=8, unique=True)
CAPABILITIES = st.lists(st.sampled_from(["math", "vision", "code"]), max_size=3, unique=True).map(tuple)


@given(st.data())
def test_whatever_the_catalogue_the_chosen_comes_first_and_two_more_at_most(data):
    cards = [
        ModelCardFactory.build(
            id=ModelId(name),
            capabilities=data.draw(CAPABILITIES),
            ranks=RanksFactory.build(**dict.fromkeys(("speed", "cost", "quality"), data.draw(st.integers(1, 4)))),
        )
        for name in data.draw(NAMES)
    ]
    names = [card.id for card in cards]
    unfit = data.draw(st.lists(st.sampled_from(names), unique=True))
    decision = decided(
        cards,
        unfit=unfit,
        capabilities=data.draw(CAPABILITIES),
        model=data.draw(st.none() | st.sampled_from([*names, "zzz"])),
        priority=data.draw(st.none() | st.sampled_from(Priority)),
    )
    order, chosen = asked(decision), decision.selection.model
    assert 1 <= len(order) <= MAX_FALLBACKS + 1
    assert len(set(order)) == len(order)
    assert chosen in names
    if len(unfit) == len(names):
        assert order == [chosen]
        assert {out.model for out in decision.excluded} == set(unfit) - {chosen}
        return
    assert not set(order) & set(unfit)
    assert len(order) == min(MAX_FALLBACKS + 1, len(names) - len(unfit))
    assert (order[0] == chosen) == (chosen not in unfit)
    assert {out.model for out in decision.excluded} == set(unfit)
    assert (decision.switched is not None) == (chosen in unfit)


@given(st.data())
def test_whatever_is_asked_for_nobody_outside_the_list_answers(data):
    models = data.draw(st.sets(st.sampled_from(["local", "openai", "anthropic"]), min_size=1))
    try:
        decision = decided(
            caller=allowed(*models),
            unfit=data.draw(st.sets(st.sampled_from(["local", "openai", "anthropic"]))),
            seen=data.draw(st.sampled_from([CODE, PLAIN])),
            model=data.draw(st.sampled_from([None, "local", "openai", "anthropic", "zzz"])),
            pin=data.draw(st.sampled_from(Pin)),
            capabilities=data.draw(CAPABILITIES),
            priority=data.draw(st.none() | st.sampled_from(Priority)),
        )
    except (ModelNotAllowed, UnknownModel):
        return
    assert {*asked(decision), decision.selection.model} <= models
    barred = {out.model for out in decision.excluded if out.reason == "this key may not use it"}
    assert not barred & models
    assert {out.model for out in decision.excluded} - barred <= models
