"""The weights that a command works with: those of a file, or those that come with this version."""

from pathlib import Path

from neuroroute.infrastructure.classifiers.weights import SHIPPED, Weights, read_weights


def weights_of(path: Path | None) -> Weights:
    """Of `path`, or the shipped ones.

    Raises:
        WeightsRefused: it is no file of weights.
    """
    return read_weights(SHIPPED if path is None else path)
