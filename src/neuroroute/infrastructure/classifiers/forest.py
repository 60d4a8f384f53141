"""Oblivious decision trees, all at once: a number's place among its thresholds answers every question about it."""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate
from math import floor, log2
from operator import getitem
from typing import Final, final

import numpy as np

from neuroroute.infrastructure.classifiers.lanes import MOST, Lanes
from neuroroute.infrastructure.classifiers.weights import Trees

_SMALLEST: Final = 1e-9


@final
class Forest:
    """Four questions make half a byte, so a byte names the leaves of two trees."""

    def __init__(self, trees: Trees) -> None:
        count, _, models = trees.values.shape
        self._bytes = (count + 1) // 2
        steps = _steps(trees)
        values = np.zeros((2 * self._bytes, 16, models), dtype=np.int32)
        values[:count] = np.rint(trees.values * steps)
        self._lanes = Lanes([1 / steps] * models)
        leaves = values[0::2, :, None] + values[1::2, None, :]
        self._leaves = [self._lanes.packed(pair.reshape(-1, models)) for pair in leaves]
        features, thresholds = trees.features.ravel().tolist(), trees.thresholds.ravel().tolist()
        asked = sorted(zip(features, thresholds, range(len(features)), strict=True))
        self._questions = list[tuple[int, Sequence[float], Sequence[int]]]()
        """Of each number that is asked about: its place, its thresholds, and the answers below and above each."""
        for feature in sorted(set(features)):
            ours = [(threshold, 1 << (self._highest - place)) for one, threshold, place in asked if one == feature]
            bits = accumulate((bit for _, bit in ours), initial=0)
            self._questions.append((feature, [threshold for threshold, _ in ours], list(bits)))

    @property
    def _highest(self) -> int:
        """The place of the first question's bit."""
        return 8 * self._bytes - 1

    def sums(self, shape: Sequence[float]) -> list[float]:
        """What the trees add up to for each model."""
        answers = sum([bits[bisect_left(cuts, shape[number])] for number, cuts, bits in self._questions])
        return self._lanes.unpacked(sum(map(getitem, self._leaves, answers.to_bytes(self._bytes, "big"))))


def _steps(trees: Trees) -> float:
    """Into how many 1 is cut, a power of two: as many as fit into a lane, however the leaves fall."""
    most = np.abs(trees.values).max(axis=(1, 2), initial=_SMALLEST).sum()
    return 2.0 ** floor(log2((MOST - len(trees.values)) / most))
