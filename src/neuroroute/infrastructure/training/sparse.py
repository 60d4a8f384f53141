"""Ridge and logistic regression over sparse rows, by conjugate gradients from zero: the same numbers on every run."""

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_RIDGE_STEPS: Final = 40
_NEWTON_STEPS: Final = 5
_STEPS_EACH: Final = 20
_SMOOTHING: Final = 0.005
"""Of what was scored towards one half, so that a model that is always right has a finite logit."""


class SparseRows(NamedTuple):
    """A matrix by its entries that are not zero."""

    rows: Integers
    columns: Integers
    values: Floats
    height: int
    width: int

    def times(self, weights: Floats) -> Floats:
        """The matrix times one number for each column."""
        return summed(self.rows, self.values * weights[self.columns], self.height)

    def turned_times(self, amounts: Floats) -> Floats:
        """The transposed matrix times one number for each row."""
        return summed(self.columns, self.values * amounts[self.rows], self.width)

    def chosen(self, rows: Integers) -> "SparseRows":
        """These rows, in the order given."""
        place = np.full(self.height, -1)
        place[rows] = np.arange(len(rows))
        kept = place[self.rows] >= 0
        return SparseRows(place[self.rows[kept]], self.columns[kept], self.values[kept], len(rows), self.width)


def ridge(matrix: SparseRows, targets: Floats, *, penalty: float) -> Floats:
    """A column of weights for each of `targets`: least in squared error + `penalty` x their squared size."""

    def curved(weights: Floats) -> Floats:
        return matrix.turned_times(matrix.times(weights)) + penalty * weights

    found = [
        _solved(curved, matrix.turned_times(target), steps=_RIDGE_STEPS, precision=1e-9)
        for target in columns_of(targets)
    ]
    return np.stack(found, axis=1)


def logistic(matrix: SparseRows, targets: Floats, *, penalty: float) -> tuple[Floats, Floats]:
    """Weights as of `ridge`, of the logit of `targets` in 0..1, and an intercept for each column, which is free."""
    fitted = [_logistic(matrix, target, penalty) for target in columns_of(targets)]
    return np.stack([weights for weights, _ in fitted], axis=1), np.array([intercept for _, intercept in fitted])


def columns_of(matrix: Floats) -> list[Floats]:
    """Each by itself."""
    return [np.ascontiguousarray(matrix[:, column]) for column in range(matrix.shape[1])]


def summed(places: Integers, amounts: Floats, count: int) -> Floats:
    """What the amounts of each of `count` places add up to, in the order given."""
    return np.asarray(np.bincount(places, amounts, count), dtype=np.float64)


def solved(curvature: Floats, wanted: Floats) -> Floats:
    """The x of curvature @ x = wanted, of few unknowns."""
    return np.asarray(np.linalg.solve(curvature, wanted), dtype=np.float64)


def sigmoid(logits: Floats) -> Floats:
    """Probabilities."""
    return 1 / (1 + np.exp(-np.clip(logits, -60, 60)))


def _logistic(matrix: SparseRows, scored: Floats, penalty: float) -> tuple[Floats, float]:
    """Newton's steps; the intercept takes one of its own before each."""
    target = scored + _SMOOTHING * (1 - 2 * scored)
    mean = float(target.mean())
    intercept = float(np.log(mean / (1 - mean)))
    weights, logits = np.zeros(matrix.width), np.zeros(matrix.height)
    for _ in range(_NEWTON_STEPS):
        probability = sigmoid(logits + intercept)
        intercept += float((target - probability).sum() / (probability * (1 - probability)).sum())
        probability = sigmoid(logits + intercept)
        curvature = probability * (1 - probability)

        def curved(step: Floats, curvature: Floats = curvature) -> Floats:
            return matrix.turned_times(curvature * matrix.times(step)) + penalty * step

        downhill = matrix.turned_times(target - probability) - penalty * weights
        weights = weights + _solved(curved, downhill, steps=_STEPS_EACH, precision=1e-8)
        logits = matrix.times(weights)
    return weights, intercept


def _solved(curved: Callable[[Floats], Floats], wanted: Floats, *, steps: int, precision: float) -> Floats:
    """Conjugate gradients: x with curved(x) = wanted (Hestenes and Stiefel, 1952)."""
    found, rest = np.zeros_like(wanted), wanted
    direction, size = rest, _inner(rest, rest)
    enough = size * precision
    for _ in range(steps):
        if size <= enough:
            break
        bent = curved(direction)
        stride = size / _inner(direction, bent)
        found = found + stride * direction
        rest = rest - stride * bent
        before, size = size, _inner(rest, rest)
        direction = rest + size / before * direction
    return found


def _inner(one: Floats, other: Floats) -> float:
    """Added up by NumPy and not by a BLAS, whose order is another on each kind of processor."""
    return float((one * other).sum())
