"""Whether what is predicted of nine in ten comes true of nine in ten."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from msgspec import Struct

from neuroroute.infrastructure.evaluation.frontier import Numbers
from neuroroute.infrastructure.evaluation.resamples import Figure, Resamples, figure

BINS: Final = 10
"""Of equal width."""


class ReliabilityBin(Struct, frozen=True):
    """Predictions that are alike, and what came true."""

    predicted: float
    """Their mean."""
    observed: float
    """Mean quality of the answers."""
    answers: int


class Calibration(Struct, frozen=True):
    """How far predictions are from what came true: of one model, or of all together."""

    model: str | None
    """`None` is all."""
    ece: Figure
    """Expected calibration error: the mean distance in each bin, by its answers."""
    curve: Sequence[ReliabilityBin]
    """Bins that hold an answer."""


def calibration(model: str | None, predicted: Numbers, quality: Numbers, resamples: Resamples) -> Calibration:
    """Of `predicted` against `quality`: prompt by model, or one model's prompts in one column."""
    bins = np.minimum((predicted * BINS).astype(np.int64), BINS - 1)
    distance = np.stack([((predicted - quality) * (bins == one)).sum(axis=1) for one in range(BINS)], axis=1)
    columns = predicted.shape[1]
    curve = [
        ReliabilityBin(float(predicted[here].mean()), float(quality[here].mean()), int(here.sum()))
        for here in (bins == one for one in range(BINS))
        if here.any()
    ]
    drawn = np.abs(resamples.means(distance)).sum(axis=1) / columns
    return Calibration(model, figure(float(np.abs(distance.mean(axis=0)).sum() / columns), drawn), curve)
