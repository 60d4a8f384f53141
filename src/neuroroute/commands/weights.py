"""The weights that a command works with: those of a file, or those that come with this version."""

from pathlib import Path
from typing import Final

from neuroroute.infrastructure.classifiers import weights as shipped_beside
from neuroroute.infrastructure.classifiers.weights import Weights, read_weights

SHIPPED: Final = Path(shipped_beside.__file__).with_name("weights.npz")


def weights_of(path: Path | None) -> Weights:
    """Of `path`, or the shipped ones.

    Raises:
        WeightsRefused: it is no file of weights.
    """
    return read_weights(SHIPPED if path is None else path)
