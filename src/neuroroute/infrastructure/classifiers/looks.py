"""How far the shape of a prompt is from what each skill was seen with: what tells a new task from a known one best."""

from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

_MOST: Final = 9.0
"""Squared widths that one number of a shape adds to a distance."""


class Looks(Struct, frozen=True):
    """Of one skills family, learned from the prompts that it was seen with: skill x number of a shape."""

    centres: NDArray[np.float64]
    """The mean of the skill's prompts."""
    nearness: NDArray[np.float64]
    """One over how far they usually are from it."""

    def distances(self, shapes: NDArray[np.float64]) -> NDArray[np.float64]:
        """Prompt x skill, or of one shape, skill: how far it is from the skill's prompts, 0..9."""
        away = (shapes[..., None, :] - self.centres) * self.nearness
        return np.add.reduce(np.minimum(away * away, _MOST), axis=-1) / self.centres.shape[1]
