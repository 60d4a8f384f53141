"""What the words of a prompt add up to: a table from each known one to a row of whole numbers."""

from collections.abc import Collection
from itertools import repeat
from typing import final

import numpy as np

from neuroroute.infrastructure.classifiers.lanes import Lanes
from neuroroute.infrastructure.classifiers.weights import Weights


@final
class Lexicon:
    """The words that one family of models knows."""

    def __init__(self, weights: Weights, lane: int, lanes: int) -> None:
        """So many `lanes` from `lane` on; the next one says which words are known."""
        ours = slice(lane, lane + lanes + 1)
        table = weights.table[:, ours].astype(np.int32)
        self._lanes = Lanes(weights.scales[ours].tolist())
        rows = zip(weights.words, self._lanes.packed(table), table[:, lanes].tolist(), strict=True)
        self._rows = {word: row for word, row, known in rows if known}

    def sums(self, words: Collection[bytes]) -> tuple[list[float], float]:
        """Of each lane, over those of `words` that are known, and what share of them is: the same in any order.

        Divided by the square root of how many words there are, so that long prompts are as loud as short ones.
        """
        weight = weight_of(len(words))
        *sums, known = self._lanes.unpacked(sum(map(self._rows.get, words, repeat(0))))
        return [lane * weight for lane in sums], known * weight * weight


def weight_of(words: int) -> float:
    """What each of so many words counts for: together they make a vector of length 1."""
    return 1 / (words or 1) ** 0.5
