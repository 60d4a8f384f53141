"""How far the shape of a prompt is from what each skill was seen with: what tells a new task from a known one best."""

from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

_FARTHEST: Final = 3.0
"""Deviations that a number of a shape may be away."""
_MOST: Final = 9.0
"""Squared widths that one number adds to a distance."""


class Looks(Struct, frozen=True):
    """Of one skills family, learned from the prompts that it was seen with."""

    means: NDArray[np.float64]
    """Of each number of a shape."""
    deviations: NDArray[np.float64]
    """Likewise."""
    centres: NDArray[np.float64]
    """Skill x number of a shape: the mean of its prompts, standardised."""
    widths: NDArray[np.float64]
    """Likewise: how far its prompts usually are from it."""

    def distances(self, shapes: NDArray[np.float64]) -> NDArray[np.float64]:
        """Prompt x skill, or of one shape, skill: how far it is from the skill's prompts, 0..9."""
        away = (self.standardised(shapes)[..., None, :] - self.centres) / self.widths
        return np.add.reduce(np.minimum(away * away, _MOST), axis=-1) / len(self.means)

    def standardised(self, shapes: NDArray[np.float64]) -> NDArray[np.float64]:
        """Shapes, or one, as deviations from what is usual."""
        return np.minimum(np.maximum((shapes - self.means) / self.deviations, -_FARTHEST), _FARTHEST)
