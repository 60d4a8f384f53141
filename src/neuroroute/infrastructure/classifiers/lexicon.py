"""What the words of a prompt add up to: a table from each known one to a row of whole numbers."""

from collections.abc import Collection
from itertools import repeat
from typing import Final, final

import numpy as np

from neuroroute.infrastructure.classifiers.weights import Weights

_MOST: Final = 2048
"""Words of a prompt: so many of the largest weight add up exactly in single precision, in any order."""


@final
class Lexicon:
    """Rows of words, to be added up: in single precision, which is exact here, for scales are powers of two."""

    def __init__(self, weights: Weights) -> None:
        self._rows = dict(zip(weights.words, range(1, len(weights.words) + 1), strict=True))
        self._table = np.zeros((len(weights.words) + 1, len(weights.scales)), dtype=np.float32)
        self._table[1:] = weights.table * weights.scales
        self._ones = np.ones(_MOST, dtype=np.float32)

    def sums(self, words: Collection[bytes]) -> list[float]:
        """Of each lane, over those of at most 2,048 `words` that are known: the same numbers in any order.

        Divided by the square root of how many words there are, so that long prompts are as loud as short ones.
        """
        rows = np.fromiter(map(self._rows.get, words, repeat(0)), np.intp, len(words))
        return (self._ones[: len(rows)] @ self._table.take(rows, axis=0) * weight_of(len(rows))).tolist()


def weight_of(words: int) -> float:
    """What each of so many words counts for: together they make a vector of length 1."""
    return 1 / (words or 1) ** 0.5
