"""Classifier and policy together decide as the earlier service did: 257 recorded decisions."""

import gzip
from pathlib import Path

import msgspec
import pytest

from neuroroute.domain.forecast import Circumstances
from neuroroute.domain.model import Dialect, ModelCard, ModelId, ProviderName, Ranks
from neuroroute.domain.policies import EarlierRules
from neuroroute.domain.prompt import Message, Prompt, Role
from neuroroute.domain.routing import Objective, Priority, Requirements
from neuroroute.infrastructure.classifiers.rules import RulesClassifier

RECORDING = Path(__file__).parents[2] / "data" / "routing_vectors.json.gz"


class Metadata(msgspec.Struct, forbid_unknown_fields=True):
    priority: Priority | None = None
    max_tokens: int | None = None
    required_capabilities: tuple[str, ...] = ()


class Decision(msgspec.Struct, forbid_unknown_fields=True):
    prompt: str
    metadata: Metadata
    selected_model: str
    confidence: float
    keyword_matches: dict[str, int]
    model_scores: dict[str, float]
    adjusted_scores: dict[str, float]
    features: dict[str, float] | None = None


class Recording(msgspec.Struct):
    vectors: list[Decision]


def _card(model: str, ranks: Ranks, max_tokens: int, capabilities: str) -> ModelCard:
    return ModelCard(
        id=ModelId(model),
        name=model,
        provider=ProviderName(model),
        dialect=Dialect.OPENAI,
        upstream=None,
        capabilities=tuple(capabilities.split()),
        max_tokens=max_tokens,
        avg_latency_ms=1,
        price=None,
        ranks=ranks,
    )


# The earlier registry, in its order (CONTRACT.md 3); capabilities that no rule reads are left out.
CARDS = (
    _card("local", Ranks(speed=1, cost=1, quality=3), 4096, "basic_chat math"),
    _card(
        "openai", Ranks(speed=2, cost=2, quality=1), 128_000,
        "basic_chat code_generation reasoning summarization data_analysis function_calling",
    ),
    _card(
        "anthropic", Ranks(speed=3, cost=3, quality=1), 200_000,
        "basic_chat long_context legal_analysis reasoning creative_writing scientific_knowledge",
    ),
)  # fmt: skip
DECISIONS = msgspec.json.decode(gzip.decompress(RECORDING.read_bytes()), type=Recording).vectors


def _shown(numbers: dict[str, float]) -> dict[str, float]:
    """As the recording rounds them."""
    return {name: round(number, 6) for name, number in numbers.items()}


@pytest.mark.parametrize("recorded", DECISIONS)
def test_decides_as_recorded(recorded: Decision):
    classification = RulesClassifier().classify(Prompt((Message(Role.USER, recorded.prompt),)))
    ranking = EarlierRules().rank(
        CARDS,
        classification,
        allowed=CARDS,
        circumstances=Circumstances(),
        requirements=Requirements(
            capabilities=recorded.metadata.required_capabilities, max_tokens=recorded.metadata.max_tokens
        ),
        objective=Objective(priority=recorded.metadata.priority),
    )
    assert ranking.best == recorded.selected_model
    assert ranking.confidence == recorded.confidence
    assert ranking.source == "rule_based"
    assert ranking.reasoning.keyword_matches == recorded.keyword_matches
    assert _shown(dict(ranking.reasoning.model_scores)) == recorded.model_scores
    assert _shown(dict(ranking.reasoning.adjusted_scores)) == recorded.adjusted_scores
    if recorded.features is not None:
        assert _shown(msgspec.structs.asdict(classification.features)) == recorded.features


def test_the_recording_is_whole():
    assert len(DECISIONS) == 257
