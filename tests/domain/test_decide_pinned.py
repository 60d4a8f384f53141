"""A pinned model is asked first whatever is known of it, and only who is named for it takes its place."""

import pytest
from domain.deciding import a_card, allowed, asked, decided
from hypothesis import given
from hypothesis import strategies as st

from neuroroute.domain.errors import LanguageNotSpoken, ModelNotAllowed, OtherEmbeddingSpace, UnknownModel
from neuroroute.domain.model import Ability, Dialect
from neuroroute.domain.routing import MAX_FALLBACKS, Pin

CARDS = [a_card(name) for name in "abcd"]


def pinned(model, *fallbacks, cards=CARDS, **required):
    return decided(*cards, model=model, pin=Pin.ONLY, fallbacks=fallbacks, **required)


def test_those_that_are_named_follow_in_their_order():
    assert asked(pinned("b", "d", "a")) == ["b", "d", "a"]


def test_an_unfit_one_comes_last_and_the_pinned_one_first_all_the_same():
    assert asked(pinned("b", "d", "a", unfit=["b", "d"])) == ["b", "a", "d"]


def test_nobody_is_asked_twice():
    assert asked(pinned("b", "b", "a", "a")) == ["b", "a"]


def test_who_is_one_too_many_is_left_out_and_told():
    decision = pinned("a", "b", "c", "d")
    assert asked(decision) == ["a", "b", "c"]
    assert [(out.model, out.reason) for out in decision.excluded] == [("d", "no more than 2 others are asked")]


def test_it_is_asked_whatever_its_card_says():
    limits = {"abilities": frozenset(Ability), "most_tokens": 10**9, "max_cost": 0, "max_latency_ms": 0}
    cards = [a_card("a", context_window=1, price=None), a_card("b", embedding_space="s")]
    assert asked(pinned("a", "b", cards=cards, **limits)) == ["a", "b"]


def test_a_name_that_is_nowhere_is_refused_also_of_one_to_take_its_place():
    with pytest.raises(UnknownModel, match="zzz"):
        pinned("a", "zzz")


def test_one_that_the_caller_may_not_ask_is_refused_also_to_take_its_place():
    with pytest.raises(ModelNotAllowed, match="b"):
        pinned("a", "b", caller=allowed("a"))


def test_one_whose_language_has_no_word_for_it_is_refused_with_those_that_have():
    cards = [a_card("a", dialect=Dialect.ANTHROPIC), a_card("b"), a_card("c"), a_card("e", embedding_space="s")]
    with pytest.raises(LanguageNotSpoken, match=r"Models that can: b$"):
        pinned("a", cards=cards, dialect=Dialect.OPENAI, caller=allowed("a", "b", "e"))
    with pytest.raises(LanguageNotSpoken, match="Model a "):
        pinned("b", "a", cards=cards, dialect=Dialect.OPENAI)
    with pytest.raises(LanguageNotSpoken, match="No model"):
        pinned("a", cards=cards[:1], dialect=Dialect.OPENAI)


EMBEDDERS = [a_card("x1", embedding_space="x"), a_card("x2", embedding_space="x"), a_card("y", embedding_space="y")]


def test_others_of_its_embedding_space_follow_by_themselves():
    assert asked(pinned("x1", cards=[*CARDS, *EMBEDDERS], embeds=True)) == ["x1", "x2"]
    assert asked(pinned("y", cards=[*CARDS, *EMBEDDERS], embeds=True)) == ["y"]
    assert asked(pinned("x1", cards=EMBEDDERS, embeds=True, caller=allowed("x1", "y"))) == ["x1"]


def test_one_of_no_known_space_is_asked_alone():
    assert asked(pinned("a", cards=[*CARDS, *EMBEDDERS], embeds=True)) == ["a"]


@pytest.mark.parametrize(("model", "other"), [("x1", "y"), ("x1", "a"), ("a", "b")])
def test_one_of_another_space_cannot_be_named_to_take_its_place(model, other):
    with pytest.raises(OtherEmbeddingSpace, match=f"Model {other} cannot stand in for {model}"):
        pinned(model, other, cards=[*CARDS, *EMBEDDERS], embeds=True)


NAMES = st.sampled_from("abcd")


@given(NAMES, st.lists(NAMES), st.sets(NAMES))
def test_whatever_is_named_the_pinned_one_comes_first_and_nobody_else_than_those(model, fallbacks, unfit):
    order = asked(pinned(model, *fallbacks, unfit=unfit))
    others = [name for name in dict.fromkeys(fallbacks) if name != model]
    assert order[0] == model
    assert len(order) == 1 + min(len(others), MAX_FALLBACKS)
    assert set(order[1:]) <= set(others)
    assert order[1:] == sorted(order[1:], key=lambda name: (name in unfit, others.index(name)))
