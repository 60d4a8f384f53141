"""How the earlier service's rules rank models, and what they do with models it never had."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neuroroute.domain.classification import Classification, Features
from neuroroute.domain.forecast import Circumstances
from neuroroute.domain.model import Dialect, ModelCard, ModelId, ProviderName, Ranks
from neuroroute.domain.policies import EarlierRules
from neuroroute.domain.routing import Objective, Priority, Ranking, Requirements

ANYTHING = Requirements()
PLAIN = dict.fromkeys(Features.__struct_fields__, 0.0)


def card(model: str, *capabilities: str, rank: int = 2, max_tokens: int = 8192) -> ModelCard:
    return ModelCard(
        id=ModelId(model),
        name=model,
        provider=ProviderName("someone"),
        dialect=Dialect.OPENAI,
        upstream=None,
        capabilities=capabilities,
        max_tokens=max_tokens,
        avg_latency_ms=100,
        price=None,
        ranks=Ranks(speed=rank, cost=rank, quality=rank),
    )


def seen(keywords: dict[str, int] | None = None, **features: float) -> Classification:
    return Classification(source="rule_based", features=Features(**(PLAIN | features)), keyword_matches=keywords or {})


def rank(
    cards: list[ModelCard],
    classification: Classification,
    requirements: Requirements = ANYTHING,
    priority: Priority | None = None,
) -> Ranking:
    return EarlierRules().rank(
        cards,
        classification,
        allowed=cards,
        requirements=requirements,
        objective=Objective(priority=priority),
        circumstances=Circumstances(),
    )


def test_a_short_plain_prompt_stays_local():
    assert rank([card("openai"), card("local"), card("anthropic")], seen()).best == "local"


def test_code_goes_to_openai_and_length_to_anthropic():
    models = [card("local"), card("openai"), card("anthropic")]
    assert rank(models, seen(code_presence=1.0)).best == "openai"
    assert rank(models, seen(length=0.9)).best == "anthropic"


def test_a_model_without_rules_scores_by_its_capabilities():
    ranking = rank([card("local"), card("mistral", "reasoning")], seen(length=0.25, capability_reasoning=0.4))
    assert ranking.best == "mistral"
    assert ranking.reasoning.model_scores == {"local": 0.1, "mistral": 0.8}
    assert ranking.confidence == pytest.approx(0.889)


def test_a_model_that_nothing_speaks_for_keeps_the_floor():
    assert rank([card("mistral"), card("qwen")], seen()).reasoning.model_scores == {"mistral": 0.1, "qwen": 0.1}


def test_a_tie_goes_to_the_first_in_registry_order():
    assert rank([card("b"), card("a")], seen()).best == "b"


def test_keywords_of_a_model_that_is_not_there_are_not_shown():
    ranking = rank([card("openai"), card("mistral")], seen({"local": 3, "openai": 2}))
    assert ranking.reasoning.keyword_matches == {"openai": 2, "mistral": 0}


def test_the_wished_priority_favours_the_best_ranked():
    ranking = rank(
        [card("a", rank=1), card("b", rank=2), card("c", rank=3), card("d", rank=9)], seen(), priority=Priority.COST
    )
    assert list(ranking.reasoning.adjusted_scores.values()) == pytest.approx([0.3, 0.15, 0.07, 0.07])


def test_a_longer_answer_than_the_model_writes_halves_its_score():
    ranking = rank([card("a", max_tokens=100), card("b", max_tokens=101)], seen(), Requirements(max_tokens=101))
    assert ranking.reasoning.adjusted_scores == {"a": 0.05, "b": 0.1}


def test_each_missing_capability_takes_four_fifths():
    ranking = rank([card("a", "math"), card("b")], seen(), Requirements(capabilities=("math", "vision")))
    assert ranking.reasoning.adjusted_scores == pytest.approx({"a": 0.02, "b": 0.004})


def test_no_number_of_missing_capabilities_breaks_the_sum():
    ranking = rank([card("a"), card("b")], seen(), Requirements(capabilities=("none",) * 10_000))
    assert ranking.confidence == 0.5


_SHARES = st.floats(0.0, 1.0)
_MODELS = st.lists(
    st.sampled_from(["local", "openai", "anthropic", "mistral", "qwen", "llama", "gemma", "phi"]),
    min_size=1,
    max_size=8,
    unique=True,
)


@settings(deadline=None)
@given(
    models=_MODELS,
    features=st.fixed_dictionaries(dict.fromkeys(PLAIN, _SHARES)),
    keywords=st.dictionaries(st.sampled_from(["local", "openai", "anthropic"]), st.integers(0, 50_000)),
    priority=st.sampled_from([None, *Priority]),
    ranks=st.lists(st.integers(0, 9), min_size=8, max_size=8),
    max_tokens=st.none() | st.integers(1),
)
def test_the_winner_has_the_highest_score_whatever_the_models(
    models: list[str],
    features: dict[str, float],
    keywords: dict[str, int],
    priority: Priority | None,
    ranks: list[int],
    max_tokens: int | None,
):
    cards = [card(model, "reasoning", rank=place) for model, place in zip(models, ranks, strict=False)]
    ranking = rank(cards, seen(keywords, **features), Requirements(max_tokens=max_tokens), priority)
    adjusted = ranking.reasoning.adjusted_scores
    assert adjusted[ranking.best] == max(adjusted.values())
    assert list(adjusted) == models
    assert 1 / len(models) - 0.001 <= ranking.confidence <= 1.0
    assert all(score >= 0.1 for score in ranking.reasoning.model_scores.values())
