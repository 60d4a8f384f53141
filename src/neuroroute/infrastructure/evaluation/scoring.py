"""Many prompts against many models: what is predicted of each answer, and who is chosen at each level."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from msgspec import Struct

from neuroroute.domain.forecast import expected_usage
from neuroroute.domain.learned_policy import TYPICAL_PROMPT
from neuroroute.domain.model import ModelCard
from neuroroute.domain.objective import Option, choices, exchange_at, slope
from neuroroute.domain.quality import Estimate, PromptReading, QualityPredictor
from neuroroute.infrastructure.evaluation.priced_models import CHARACTERS_A_TOKEN

LEVELS: Final = tuple(range(11))
"""From the cheapest to the best."""
_BILLION: Final = 10**9


class Scored(Struct, frozen=True):
    """One prompt: by model, in the order of the cards, and by level."""

    estimates: Sequence[Estimate]
    costs: Sequence[float]
    """Dollars."""
    chosen: Sequence[int]
    """Places among the cards."""


def scored(
    readings: Iterable[PromptReading], cards: Sequence[ModelCard], predictor: QualityPredictor
) -> Iterator[Scored]:
    """As the learned policy chooses where nothing is forbidden and nobody was asked before. All `cards` are priced."""
    usual = costs_of(TYPICAL_PROMPT, cards)
    typical = [
        Option(model=card.id, quality=quality, spend=cost, most=cost)
        for card, quality, cost in zip(cards, predictor.typical(cards), usual, strict=True)
    ]
    exchanges = [exchange_at(level, slope(typical)) for level in LEVELS]
    places = {str(card.id): place for place, card in enumerate(cards)}
    for reading in readings:
        estimates = predictor.estimate(reading, cards)
        costs = costs_of(-(-reading.characters // CHARACTERS_A_TOKEN), cards)
        options = [
            Option(model=card.id, quality=estimate.quality, spend=cost, most=cost)
            for card, estimate, cost in zip(cards, estimates, costs, strict=True)
        ]
        yield Scored(estimates, costs, [places[one.model] for one in choices(options, exchanges)])


def costs_of(prompt_tokens: int, cards: Sequence[ModelCard]) -> Sequence[float]:
    """Dollars of a usual answer."""
    usage = expected_usage(prompt_tokens, longest=None)
    return [0.0 if card.price is None else card.price.of(usage) / _BILLION for card in cards]
