"""Boosted oblivious trees over the shape of prompts: every level of a tree asks one question of all its branches."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from neuroroute.infrastructure.training.sparse import Floats, Integers, columns_of, summed

DEPTH: Final = 4
_STEPS: Final = 16
"""Into how many a feature is cut."""
_SHRINKAGE: Final = 60.0
"""Prompts' worth of doubt in each leaf."""
_RATE: Final = 0.12
_ROUNDS: Final = 50
_DIGITS: Final = 9
"""Gains that differ by less are the same on one machine and not on another: the first wins."""
_DIFFERENCE: Final = 2.0
_MEAN: Final = 0.3
"""How much a split is worth that tells models apart, and one that tells hard prompts from easy ones."""


class Tree(NamedTuple):
    """Leaves are numbered by the answers, the first the highest bit; yes is `> threshold`."""

    features: Sequence[int]
    thresholds: Sequence[float]
    values: Floats
    """Leaf x model."""


def boosted(shapes: Floats, residuals: Floats) -> Sequence[Tree]:
    """Trees whose sum is near `residuals`, prompt x model."""
    columns = columns_of(shapes)
    thresholds = [_cuts(column) for column in columns]
    sides = [np.searchsorted(cuts, column, side="left") for cuts, column in zip(thresholds, columns, strict=True)]
    bins = np.stack(sides, axis=1)
    trees, left = list[Tree](), residuals
    for _ in range(_ROUNDS):
        tree, leaves = _grown(thresholds, bins, _goals(left))
        count = np.bincount(leaves, minlength=1 << DEPTH)
        sums = [summed(leaves, column, 1 << DEPTH) / (count + _SHRINKAGE) for column in columns_of(left)]
        values = _RATE * np.stack(sums, axis=1)
        left = left - values[leaves]
        trees.append(Tree([feature for feature, _ in tree], [threshold for _, threshold in tree], values))
    return trees


def _cuts(column: Floats) -> Floats:
    """As many prompts lie between any two."""
    quantiles: Floats = np.quantile(column, np.linspace(0, 1, _STEPS + 1)[1:-1])
    return np.unique(np.round(quantiles, 4))


def _goals(residuals: Floats) -> Floats:
    """What a split should explain: each model's distance from the mean of all, and that mean."""
    mean = residuals.mean(axis=1, keepdims=True)
    return np.concatenate([(residuals - mean) * np.sqrt(_DIFFERENCE), mean * np.sqrt(_MEAN)], axis=1)


def _grown(thresholds: Sequence[Floats], bins: Integers, goals: Floats) -> tuple[Sequence[tuple[int, float]], Integers]:
    """The questions, and each prompt's leaf."""
    leaves, questions = np.zeros(len(goals), dtype=np.int64), list[tuple[int, float]]()
    cuts = np.array([len(steps) for steps in thresholds], dtype=np.int64)
    for _ in range(DEPTH):
        feature, step = _best_split(leaves, 1 << len(questions), bins, cuts, goals)
        questions.append((feature, float(thresholds[feature][step])))
        leaves = leaves * 2 + (bins[:, feature] > step)
    return questions, leaves


def _best_split(leaves: Integers, count: int, seen: Integers, cuts: Integers, goals: Floats) -> tuple[int, int]:
    """The feature and the threshold that gain most.

    Args:
        leaves: of each prompt, before the split.
        count: of leaves.
        seen: prompt x feature: how many of its thresholds are below.
        cuts: how many thresholds each feature has.
        goals: prompt x goal.
    """
    features, steps = len(cuts), int(cuts.max()) + 1
    places = ((np.arange(features) * count + leaves[:, None]) * steps + seen).ravel()
    size = (features, count, steps)
    below = np.bincount(places, minlength=features * count * steps).reshape(size).cumsum(axis=2)
    gain = np.zeros((features, steps))
    for goal in columns_of(goals):
        sums = summed(places, np.repeat(goal, features), features * count * steps).reshape(size).cumsum(axis=2)
        above = sums[:, :, -1:] - sums
        gain += (sums**2 / (below + _SHRINKAGE) + above**2 / (below[:, :, -1:] - below + _SHRINKAGE)).sum(axis=1)
    told_apart = np.where(np.arange(steps) < cuts[:, None], np.round(gain, _DIGITS), -np.inf)
    return divmod(int(told_apart.argmax()), steps)


def sums(trees: Sequence[Tree], shapes: Floats) -> Floats:
    """What the trees add up to: prompt x model."""
    total = np.zeros((len(shapes), trees[0].values.shape[1]))
    for tree in trees:
        leaves = np.zeros(len(shapes), dtype=np.int64)
        for feature, threshold in zip(tree.features, tree.thresholds, strict=True):
            leaves = leaves * 2 + (shapes[:, feature] > threshold)
        total += tree.values[leaves]
    return total
