"""When the choice is ours, only models that can answer are asked, and of each other one it is said why not."""

import pytest
from domain.deciding import a_card, allowed, asked, decided, left_out
from factories import PriceFactory, RanksFactory
from hypothesis import given
from hypothesis import strategies as st

from neuroroute.domain.eligibility import LEAST_ANSWER
from neuroroute.domain.errors import NoEligibleModel, NothingFits, PromptRejected
from neuroroute.domain.model import Ability, Dialect, ModelId
from neuroroute.domain.routing import Priority

TOOLS, IMAGES = frozenset({Ability.TOOLS}), frozenset({Ability.IMAGES})


def embedder(name, space, **fields):
    return a_card(name, embedding_space=space, **fields)


@pytest.mark.parametrize(
    ("lacking", "required", "reason"),
    [
        ({"abilities": TOOLS}, {"abilities": TOOLS | IMAGES}, "it is not known to take images"),
        ({"dialect": Dialect.ANTHROPIC}, {"dialect": Dialect.OPENAI}, "its provider speaks anthropic"),
        ({"avg_latency_ms": 901}, {"max_latency_ms": 900}, "it takes 901 ms, more than 900"),
        ({"price": None}, {"max_cost": 10**9, "most_tokens": 1}, "what it costs is not known"),
        ({"embedding_space": "s"}, {}, "it makes embeddings and nothing else"),
    ],
)
def test_a_model_that_cannot_answer_is_left_out_with_the_reason(lacking, required, reason):
    able = a_card("able", abilities=frozenset(Ability), avg_latency_ms=900)
    decision = decided(a_card("lacking", **({"abilities": frozenset(Ability)} | lacking)), able, **required)
    assert asked(decision) == ["able"]
    assert reason in left_out(decision)["lacking"]


@pytest.mark.parametrize(("window", "fits"), [(1099, False), (1100, True), (None, True)])
def test_prompt_and_answer_fit_into_a_window_that_is_known(window, fits):
    cards = (a_card("small", context_window=window), a_card("large", context_window=10**6))
    decision = decided(*cards, most_tokens=1000, max_tokens=100, count=lambda: 1000)
    assert ("small" in asked(decision)) == fits


def test_an_answer_of_any_length_has_some_room():
    with pytest.raises(NothingFits, match=f"and {LEAST_ANSWER} for the answer"):
        decided(a_card(context_window=1000 + LEAST_ANSWER - 1), most_tokens=1000, count=lambda: 1000)


def test_tokens_are_counted_once_and_only_when_their_bound_does_not_settle_it():
    counted = []

    def count():
        counted.append("")
        return 10

    cards = [a_card(name, context_window=1000) for name in "abc"]
    assert len(asked(decided(*cards, most_tokens=1000 - LEAST_ANSWER))) == 3
    assert len(asked(decided(*cards, most_tokens=5000, max_cost=10**12, count=count))) == 3
    assert len(counted) == 1


def test_a_model_is_not_counted_for_that_cannot_answer_anyhow():
    with pytest.raises(NothingFits):
        decided(a_card(context_window=10), most_tokens=5000, abilities=TOOLS)


@pytest.mark.parametrize(("most", "fits"), [(12_499_999, False), (12_500_000, True)])
def test_the_prompt_and_the_longest_answer_cost_no_more_than_the_caller_says(most, fits):
    card = a_card(price=PriceFactory.build(prompt=2_500_000_000, completion=10_000_000_000), max_tokens=1000)
    for max_tokens in (None, 1000, 9999):  # it writes no more than its card says
        required = {"most_tokens": 1000, "max_tokens": max_tokens, "max_cost": most, "count": lambda: 1000}
        if fits:
            assert asked(decided(card, **required)) == ["a"]
        else:
            with pytest.raises(NothingFits, match=r"up to 1000 tokens it may cost more than \$0.012499999"):
                decided(card, **required)


def test_nobody_left_is_the_callers_fault_and_says_why_of_each_that_it_may_ask():
    with pytest.raises(NothingFits) as caught:
        decided(a_card("a"), a_card("b"), a_card("secret"), caller=allowed("a", "b"), abilities=TOOLS)
    assert isinstance(caught.value, PromptRejected)
    assert not isinstance(caught.value, NoEligibleModel)
    assert set(caught.value.reasons) == {"a", "b"}
    assert "secret" not in str(caught.value)


def test_of_very_many_models_it_is_not_said_of_each():
    with pytest.raises(NothingFits, match="and 80 more") as caught:
        decided(*(a_card(f"m{at}") for at in range(100)), abilities=TOOLS)
    assert len(str(caught.value).splitlines()) == 22


def test_an_unfit_model_that_alone_is_able_is_asked_all_the_same():
    decision = decided(a_card("able", abilities=TOOLS), a_card("other"), abilities=TOOLS, unfit=["able"])
    assert asked(decision) == ["able"]


def test_embeddings_come_from_one_space_whatever_the_text():
    best, worse = RanksFactory.build(quality=1, cost=3), RanksFactory.build(quality=2, cost=1)
    cards = (a_card("chat"), embedder("y", "2", ranks=worse), embedder("x", "1", ranks=best), embedder("z", "1"))
    decision = decided(*cards, embeds=True)
    assert asked(decision) == ["x", "z"]
    assert set(left_out(decision)) == {"chat", "y"}
    assert asked(decided(*cards, embeds=True, priority=Priority.COST)) == ["y"]
    assert asked(decided(*cards, embeds=True, unfit=["x"])) == ["z"]


def test_a_text_too_long_for_one_space_is_not_given_to_another():
    best = RanksFactory.build(quality=1)
    with pytest.raises(NothingFits, match="cannot be compared with those of x"):
        decided(
            embedder("x", "1", ranks=best, context_window=10),
            embedder("y", "2", context_window=1000),
            embeds=True,
            most_tokens=100,
            count=lambda: 100,
        )


def test_nobody_who_makes_embeddings_says_so():
    with pytest.raises(NothingFits, match="a: it makes no embeddings"):
        decided(a_card(), embeds=True)


ABILITIES = st.frozensets(st.sampled_from(Ability), max_size=2)
CARDS = st.lists(
    st.builds(
        lambda abilities, window, space, dialect: {
            "abilities": abilities, "context_window": window, "embedding_space": space, "dialect": dialect,
        },
        ABILITIES, st.none() | st.integers(1, 2000), st.sampled_from([None, None, "s", "t"]), st.sampled_from(Dialect),
    ),
    min_size=1, max_size=6,
)  # fmt: skip


@given(CARDS, ABILITIES, st.integers(0, 2000), st.none() | st.integers(1, 500), st.booleans(), st.data())
def test_whatever_the_catalogue_who_is_asked_may_be_and_is_able(fields, abilities, tokens, max_tokens, embeds, data):
    cards = [a_card(f"m{at}", **each) for at, each in enumerate(fields)]
    names = [card.id for card in cards]
    dialect = data.draw(st.sampled_from([None, *Dialect]))
    required = {
        "abilities": abilities, "most_tokens": data.draw(st.integers(tokens, 4000)), "max_tokens": max_tokens,
        "embeds": embeds, "dialect": dialect, "unfit": data.draw(st.lists(st.sampled_from(names))),
        "caller": allowed(*data.draw(st.sets(st.sampled_from(names), min_size=1))), "count": lambda: tokens,
    }  # fmt: skip
    try:
        decision = decided(*cards, **required)
    except NothingFits:
        return
    assert decided(*cards, **required) == decision
    room = tokens + (0 if embeds else max_tokens or LEAST_ANSWER)
    for card in decision.candidates:
        assert required["caller"].may_ask(card.id)
        assert abilities <= card.abilities
        assert card.context_window is None or room <= card.context_window
        assert (card.embedding_space is not None) == embeds
        assert dialect in {None, card.dialect}
    assert len({card.embedding_space for card in decision.candidates}) == 1
    assert {out.model for out in decision.excluded}.isdisjoint(asked(decision))
    assert ModelId(decision.selection.model) in names
