"""Boosted oblivious trees over the shape of prompts: every level of a tree asks one question of all its branches."""

from collections.abc import Sequence
from operator import itemgetter
from typing import Final, NamedTuple

import numpy as np

from neuroroute.infrastructure.training.sparse import Floats, Integers, columns_of, summed

DEPTH: Final = 4
_STEPS: Final = 16
"""Into how many a feature is cut."""
_ASKED: Final = 16
"""Features that a tree may ask about, drawn anew for each."""
_SHRINKAGE: Final = 60.0
"""Prompts' worth of doubt in each leaf."""
_RATE: Final = 0.12
_ROUNDS: Final = 50
_SEEDS: Final = (1, 2)
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
    bins: list[Integers] = [
        np.searchsorted(cuts, column, side="left") for cuts, column in zip(thresholds, columns, strict=True)
    ]
    return [tree for seed in _SEEDS for tree in _forest(thresholds, bins, residuals, np.random.default_rng(seed))]


def _cuts(column: Floats) -> Floats:
    """As many prompts lie between any two."""
    quantiles: Floats = np.quantile(column, np.linspace(0, 1, _STEPS + 1)[1:-1])
    return np.unique(np.round(quantiles, 4))


def _forest(
    thresholds: Sequence[Floats], bins: Sequence[Integers], residuals: Floats, random: np.random.Generator
) -> Sequence[Tree]:
    trees, left = list[Tree](), residuals
    for _ in range(_ROUNDS):
        order: list[int] = random.permutation(len(bins)).tolist()
        asked = [one for one in order[:_ASKED] if len(thresholds[one])]
        tree, leaves = _grown(thresholds, bins, _goals(left), asked)
        count = np.bincount(leaves, minlength=1 << len(tree))
        sums = [summed(leaves, column, 1 << len(tree)) / (count + _SHRINKAGE) for column in columns_of(left)]
        values = _RATE * np.stack(sums, axis=1)
        left = left - values[leaves]
        trees.append(Tree([feature for feature, _ in tree], [threshold for _, threshold in tree], values / len(_SEEDS)))
    return trees


def _goals(residuals: Floats) -> Floats:
    """What a split should explain: each model's distance from the mean of all, and that mean."""
    mean = residuals.mean(axis=1, keepdims=True)
    return np.concatenate([(residuals - mean) * np.sqrt(_DIFFERENCE), mean * np.sqrt(_MEAN)], axis=1)


def _grown(
    thresholds: Sequence[Floats], bins: Sequence[Integers], goals: Floats, asked: Sequence[int]
) -> tuple[Sequence[tuple[int, float]], Integers]:
    """The questions, and each prompt's leaf."""
    leaves, questions = np.zeros(len(goals), dtype=np.int64), list[tuple[int, float]]()
    for _ in range(DEPTH):
        if not asked:
            break
        splits = [(*_split(leaves, 1 << len(questions), bins[one], goals, len(thresholds[one])), one) for one in asked]
        best = max(splits, key=itemgetter(0))
        _, step, feature = best
        questions.append((feature, float(thresholds[feature][step])))
        leaves = leaves * 2 + (bins[feature] > step)
    return questions, leaves


def _split(leaves: Integers, count: int, binned: Integers, goals: Floats, steps: int) -> tuple[float, int]:
    """What the best threshold of a feature gains, and which it is."""
    place, size = leaves * (steps + 1) + binned, count * (steps + 1)
    below = np.bincount(place, minlength=size).reshape(count, -1).cumsum(axis=1)
    gain = np.zeros(steps + 1)
    for goal in columns_of(goals):
        sums = summed(place, goal, size).reshape(count, -1).cumsum(axis=1)
        above = sums[:, -1:] - sums
        gain += (sums**2 / (below + _SHRINKAGE) + above**2 / (below[:, -1:] - below + _SHRINKAGE)).sum(axis=0)
    told_apart = np.round(gain[:steps], _DIGITS)
    step = int(told_apart.argmax())
    return float(told_apart[step]), step


def sums(trees: Sequence[Tree], shapes: Floats) -> Floats:
    """What the trees add up to: prompt x model."""
    total = np.zeros((len(shapes), trees[0].values.shape[1]))
    for tree in trees:
        leaves = np.zeros(len(shapes), dtype=np.int64)
        for feature, threshold in zip(tree.features, tree.thresholds, strict=True):
            leaves = leaves * 2 + (shapes[:, feature] > threshold)
        total += tree.values[leaves]
    return total
