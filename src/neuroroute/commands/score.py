"""`neuroroute score`: what is predicted of prompts and models, for others to judge with their own code."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from neuroroute.domain.model import ModelCard
from neuroroute.infrastructure.classifiers.learned import LearnedClassifier, LearnedPredictor
from neuroroute.infrastructure.classifiers.weights import SHIPPED, read_weights
from neuroroute.infrastructure.evaluation.priced_models import read_models
from neuroroute.infrastructure.evaluation.prompts import PromptLine, read_prompts
from neuroroute.infrastructure.evaluation.scoring import scored

_AT_ONCE: Final = 1000


class Prediction(Struct, frozen=True):
    """Of one model's answer."""

    quality: float
    low: float
    high: float
    cost_usd: float


class ScoredPrompt(Struct, frozen=True):
    """A line of the output."""

    id: str
    predictions: Mapping[str, Prediction]
    choices: Sequence[str]
    """The model that is chosen at 0, 1 … 10."""


def score(prompts: Path, models: Path, weights: Path | None) -> Iterator[bytes]:
    """A line for each prompt, in their order. Everything is read before the first line.

    Raises:
        NeuroRouteError: a file does not hold, before the first line.
    """
    cards = read_models(models)
    lines = read_prompts(prompts)
    known = read_weights(weights or SHIPPED)
    return _lines(lines, cards, LearnedClassifier(known), LearnedPredictor(known))


def _lines(
    lines: Sequence[PromptLine], cards: Sequence[ModelCard], classifier: LearnedClassifier, predictor: LearnedPredictor
) -> Iterator[bytes]:
    names = [str(card.id) for card in cards]
    encode = msgspec.json.Encoder().encode
    for first in range(0, len(lines), _AT_ONCE):
        some = lines[first : first + _AT_ONCE]
        readings = classifier.read_many([line.prompt for line in some])
        for line, found in zip(some, scored(readings, cards, predictor), strict=True):
            predictions = {
                name: Prediction(estimate.quality, estimate.low, estimate.high, cost)
                for name, estimate, cost in zip(names, found.estimates, found.costs, strict=True)
            }
            yield encode(ScoredPrompt(line.id, predictions, [names[place] for place in found.chosen])) + b"\n"
