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
    exchanges = exchanges_of(predictor.typical(cards), costs_of(TYPICAL_PROMPT, cards))
    for reading in readings:
        estimates = predictor.estimate(reading, cards)
        costs = costs_of(-(-reading.characters // CHARACTERS_A_TOKEN), cards)
        yield Scored(estimates, costs, chosen_of([one.quality for one in estimates], costs, exchanges))


def exchanges_of(qualities: Sequence[float], costs: Sequence[float]) -> Sequence[float]:
    """What a dollar is worth of quality at each of `LEVELS`, where models are of no prompt in particular."""
    unit = slope(_options(qualities, costs))
    return [exchange_at(level, unit) for level in LEVELS]


def chosen_of(qualities: Sequence[float], costs: Sequence[float], exchanges: Sequence[float]) -> Sequence[int]:
    """The place of the model that is chosen of a prompt, at each of `exchanges`."""
    options = _options(qualities, costs)
    places = {id(option): place for place, option in enumerate(options)}
    return [places[id(one)] for one in choices(options, exchanges)]


def _options(qualities: Sequence[float], costs: Sequence[float]) -> Sequence[Option]:
    return [
        Option(model="", quality=quality, spend=cost, most=cost) for quality, cost in zip(qualities, costs, strict=True)
    ]


def costs_of(prompt_tokens: int, cards: Sequence[ModelCard]) -> Sequence[float]:
    """Dollars of a usual answer."""
    usage = expected_usage(prompt_tokens, longest=None)
    return [0.0 if card.price is None else card.price.of(usage) / _BILLION for card in cards]
