"""Oblivious decision trees, all at once: one comparison for all questions, one look-up for two trees."""

from collections.abc import Sequence
from typing import Final, final

import numpy as np

from neuroroute.infrastructure.classifiers.weights import Trees

_GRID: Final = 2.0**30
"""Values are kept in steps of one in so many, so that they add up exactly in any order."""


@final
class Forest:
    """Four questions make half a byte, so a byte names the leaves of two trees."""

    def __init__(self, trees: Trees) -> None:
        count, _, models = trees.values.shape
        even = count + count % 2
        values = np.zeros((even, 16, models))
        values[:count] = np.rint(trees.values * _GRID) / _GRID
        self._features = np.zeros((even, 4), dtype=np.intp)
        self._features[:count] = trees.features
        self._features = self._features.ravel()
        self._thresholds = np.zeros((even, 4))
        self._thresholds[:count] = trees.thresholds
        self._thresholds = self._thresholds.ravel()
        self._values = (values[0::2, :, None] + values[1::2, None, :]).reshape(-1, models)
        self._starts = np.arange(0, len(self._values), 256)
        self._ones = np.ones(len(self._starts))

    def sums(self, shape: Sequence[float]) -> list[float]:
        """What the trees add up to for each model."""
        answers = np.array(shape, dtype=np.float64).take(self._features) > self._thresholds
        leaves = self._starts + np.packbits(answers)
        return (self._ones @ self._values.take(leaves, axis=0)).tolist()
