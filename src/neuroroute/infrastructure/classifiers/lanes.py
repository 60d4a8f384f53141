"""Rows of whole numbers, each row kept as one number: adding two of these adds all that is in them, lane by lane.

A prompt has some dozens of words and each adds a row. For so few, additions of long integers are quicker than the calls
of NumPy. They are exact, so the order does not matter.
"""

from collections.abc import Sequence
from operator import mul
from struct import Struct
from typing import Final, final

import numpy as np
from numpy.typing import NDArray

MOST: Final = 2**31 - 1
"""What sums stay below in every lane, on either side of 0."""
_BYTES: Final = 4
_SIGN: Final = 1 << 31


@final
class Lanes:
    """How rows of one width are packed."""

    def __init__(self, scales: Sequence[float]) -> None:
        """`scales`: what a step of each lane is."""
        self._scales = tuple(scales)
        self._size = _BYTES * len(self._scales)
        self._fields = Struct(f"<{len(self._scales)}i")
        self._signs = sum([_SIGN << (8 * _BYTES * lane) for lane in range(len(self._scales))])

    def packed(self, rows: NDArray[np.int32]) -> list[int]:
        """Each of `rows`."""
        raw = rows.astype("<i4").tobytes()
        starts = range(0, len(raw), self._size)
        wholes = [int.from_bytes(raw[start : start + self._size], "little") for start in starts]
        return [(whole ^ self._signs) - self._signs for whole in wholes]

    def unpacked(self, total: int) -> list[float]:
        """What each lane of a sum of packed rows comes to."""
        # No lane is negative on the way: none borrows from the next.
        whole = (total + self._signs) ^ self._signs
        return list(map(mul, self._fields.unpack(whole.to_bytes(self._size, "little")), self._scales))
