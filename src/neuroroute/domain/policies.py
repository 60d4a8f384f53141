"""How a classified prompt's models are ranked: one class a policy."""

from collections.abc import Sequence
from typing import Final, final

from neuroroute.domain.classification import Classification, Features, Reading
from neuroroute.domain.forecast import Circumstances
from neuroroute.domain.model import ModelCard
from neuroroute.domain.routing import (
    Objective,
    Priority,
    Ranking,
    Reasoning,
    Requirements,
    RoutingPolicy,
    rank_of,
)

_FLOOR: Final = 0.1
"""No model's score is less, so that each keeps a chance under a priority."""
_MOST_LACKED: Final = 100
"""More missing capabilities change nothing: a score never underflows to zero, whatever is asked for."""
_FACTORS: Final = {1: 3.0, 2: 1.5}
"""What a model's rank under the wished priority makes of its score; any worse rank 0.7."""


@final
class EarlierRules(RoutingPolicy):
    """The earlier service's scores (CONTRACT.md 5, steps 3 to 9).

    Its three models have rules of their own, by id. Any other model is scored by its capabilities and the floor.
    """

    name = "rules"

    def rank(
        self,
        cards: Sequence[ModelCard],
        reading: Reading,
        *,
        allowed: Sequence[ModelCard],
        requirements: Requirements,
        objective: Objective,
        circumstances: Circumstances,
    ) -> Ranking:
        del allowed, circumstances
        if not isinstance(reading, Classification):
            raise TypeError("the rules rank what the rules have read")
        features = reading.features
        asked = _asked(features)
        matches: dict[str, int] = {}
        scores: dict[str, float] = {}
        adjusted: dict[str, float] = {}
        best, highest = cards[0].id, 0.0
        for card in cards:
            matches[card.id] = keywords = reading.keyword_matches.get(card.id, 0)
            score = 0.5 * keywords + 2.0 * sum(share for name, share in asked if name in card.capabilities)
            score = max(_FLOOR, _by_own_rules(card.id, score, features))
            scores[card.id] = score
            score *= _factor(card, objective.priority)
            if requirements.max_tokens is not None and requirements.max_tokens > card.max_tokens:
                score *= 0.5
            score *= 0.2 ** min(card.lacks(requirements.capabilities), _MOST_LACKED)
            adjusted[card.id] = score
            if score > highest:
                best, highest = card.id, score
        return Ranking(
            best=best,
            confidence=round(highest / sum(adjusted.values()), 3),
            source=reading.source,
            reasoning=Reasoning(
                keyword_matches=matches, features=features, model_scores=scores, adjusted_scores=adjusted
            ),
        )


def _asked(features: Features) -> list[tuple[str, float]]:
    """The capabilities that the prompt asks for, and how much."""
    shares = (
        ("code_generation", features.capability_code_generation),
        ("reasoning", features.capability_reasoning),
        ("summarization", features.capability_summarization),
        ("creative_writing", features.capability_creative_writing),
        ("data_analysis", features.capability_data_analysis),
        ("system_design", features.capability_system_design),
        ("long_context", features.capability_long_context),
        ("function_calling", features.capability_function_calling),
        ("legal_analysis", features.capability_legal_analysis),
        ("scientific_knowledge", features.capability_scientific_knowledge),
    )
    return [asked for asked in shares if asked[1]]


def _factor(card: ModelCard, priority: Priority | None) -> float:
    return 1.0 if priority is None else _FACTORS.get(rank_of(card, priority), 0.7)


def _by_own_rules(model: str, score: float, features: Features) -> float:
    match model:
        case "local":
            return _local(score, features)
        case "openai":
            return _openai(score, features)
        case "anthropic":
            return _anthropic(score, features)
        case _:
            return score


def _local(score: float, features: Features) -> float:
    """Short and simple, or sums: its own. Long, complex or code: not."""
    length, complexity = features.length, features.complexity_terms
    if length < 0.2 and complexity < 0.3:
        score += 2.0
    if features.math_presence and not features.code_presence:
        score += 1.5
    if length > 0.3 or complexity > 0.4:
        score *= max(0.1, 1.0 - length - complexity)
    return score * 0.3 if features.code_presence else score


def _openai(score: float, features: Features) -> float:
    """Code, analysis and what is fairly complex; not the longest."""
    score += 3.0 * features.code_presence + 2.0 * features.is_analysis
    if 0.3 < features.complexity_terms < 0.7:
        score += 1.5 * features.complexity_terms
    return score * 0.9 if features.length > 0.8 else score


def _anthropic(score: float, features: Features) -> float:
    """What is long, most complex, analysed in long words or asked again and again; less so code."""
    if features.length > 0.5:
        score += 2.0 * features.length
    if features.complexity_terms > 0.6:
        score += 2.5 * features.complexity_terms
    if features.is_analysis and features.avg_word_length > 0.6:
        score += 2.0
    if features.question_count > 0.5:
        score += features.question_count
    return score * 0.9 if features.code_presence else score
