"""`neuroroute score`: what is predicted of prompts and models, for others to judge with their own code."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from itertools import chain
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

_AT_ONCE: Final = 500
_WORTH_PROCESSES: Final = 8
"""So many times as many prompts: fewer are scored before other processes have begun."""


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

    Many prompts are scored on all cores.

    Raises:
        NeuroRouteError: a file does not hold, before the first line.
    """
    cards = read_models(models)
    lines = read_prompts(prompts)
    known = weights or SHIPPED
    _scorer(known)
    some = [lines[first : first + _AT_ONCE] for first in range(0, len(lines), _AT_ONCE)]
    return chain.from_iterable(_mapped(partial(_lines, cards, known), some))


def _mapped(
    work: Callable[[Sequence[PromptLine]], Sequence[bytes]], some: Sequence[Sequence[PromptLine]]
) -> Iterator[Sequence[bytes]]:
    if len(some) < _WORTH_PROCESSES:
        yield from map(work, some)
        return
    with ProcessPoolExecutor() as pool:
        yield from pool.map(work, some)


@cache
def _scorer(weights: Path) -> tuple[LearnedClassifier, LearnedPredictor]:
    """Read once in each process."""
    known = read_weights(weights)
    return LearnedClassifier(known), LearnedPredictor(known)


def _lines(cards: Sequence[ModelCard], weights: Path, some: Sequence[PromptLine]) -> Sequence[bytes]:
    classifier, predictor = _scorer(weights)
    names = [str(card.id) for card in cards]
    encode = msgspec.json.Encoder().encode
    readings = classifier.read_many([line.prompt for line in some])
    told = list[bytes]()
    for line, found in zip(some, scored(readings, cards, predictor), strict=True):
        predictions = {
            name: Prediction(estimate.quality, estimate.low, estimate.high, cost)
            for name, estimate, cost in zip(names, found.estimates, found.costs, strict=True)
        }
        told.append(encode(ScoredPrompt(line.id, predictions, [names[place] for place in found.chosen])) + b"\n")
    return told
