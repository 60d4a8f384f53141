"""The bootstrap: the same prompts drawn again and again, so that each figure has an interval."""

from collections.abc import Iterator
from typing import Final, final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from neuroroute.infrastructure.evaluation.frontier import Numbers

RESAMPLES: Final = 1000
SEED: Final = 5
"""Fixed, so that the same data have the same intervals."""
_AT_ONCE: Final = 100
_INTERVAL: Final = (2.5, 97.5)
"""Percentiles: 95 of a hundred."""


class Figure(Struct, frozen=True):
    """A measured number and its 95 % interval; `None` where the data do not have it."""

    value: float | None
    low: float | None = None
    high: float | None = None


@final
class Resamples:
    """Draws of as many prompts as there are, with replacement: how often each prompt is in each draw."""

    def __init__(self, prompts: int, *, number: int = RESAMPLES, seed: int = SEED) -> None:
        self.number = number
        draw = np.random.default_rng(seed)
        self._counts: NDArray[np.uint16] = np.empty((number, prompts), np.uint16)
        for row in range(number):
            self._counts[row] = np.bincount(draw.integers(0, prompts, prompts), minlength=prompts)

    def weights(self) -> Iterator[Numbers]:
        """How often each prompt is in each of some draws, draw by prompt, until all draws had their turn."""
        for first in range(0, self.number, _AT_ONCE):
            yield self._counts[first : first + _AT_ONCE].astype(np.float64)

    def means(self, values: Numbers) -> Numbers:
        """Of `values`, prompt by column, in each draw: draw by column."""
        return np.concatenate([weights @ values / len(values) for weights in self.weights()])


def figure(value: float, draws: Numbers) -> Figure:
    """`value`, and the interval of what it was in each draw; draws without it (NaN) do not count."""
    if np.isnan(value):
        return Figure(None)
    known = draws[~np.isnan(draws)]
    if not len(known):
        return Figure(float(value))
    low, high = np.percentile(known, _INTERVAL)
    return Figure(float(value), float(low), float(high))
