"""`neuroroute score`: what is predicted of prompts and models, for others to judge with their own code."""

import os
import signal
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from multiprocessing import parent_process
from pathlib import Path
from threading import Thread
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


def score(prompts: Path, models: Path, weights: Path | None) -> Generator[bytes]:
    """A line for each prompt, in their order. Everything is read before the first line.

    Many prompts are scored on all cores. To close it ends the work.

    Raises:
        NeuroRouteError: a file does not hold, before the first line.
    """
    cards = read_models(models)
    lines = read_prompts(prompts)
    known = weights or SHIPPED
    _scorer(known)
    some = [lines[first : first + _AT_ONCE] for first in range(0, len(lines), _AT_ONCE)]
    return _mapped(partial(_lines, cards, known), some)


def _mapped(
    work: Callable[[Sequence[PromptLine]], Sequence[bytes]], some: Sequence[Sequence[PromptLine]]
) -> Generator[bytes]:
    if len(some) < _WORTH_PROCESSES:
        for lines in map(work, some):
            yield from lines
        return
    pool = ProcessPoolExecutor(initializer=_end_with_the_first)
    try:
        for lines in _begun(pool, work, some):
            yield from lines
    finally:
        pool.shutdown(cancel_futures=True)


def _begun(
    pool: ProcessPoolExecutor,
    work: Callable[[Sequence[PromptLine]], Sequence[bytes]],
    some: Sequence[Sequence[PromptLine]],
) -> Iterator[Sequence[bytes]]:
    """An interrupt from the terminal reaches every process; those of the pool leave it to ours, and never see it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        return pool.map(work, some)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end_with_the_first() -> None:
    """A process of the pool that outlives the one that began it, however that was ended, would wait for ever."""
    if (first := parent_process()) is not None:
        Thread(target=lambda: (first.join(), os._exit(1)), daemon=True).start()


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
