"""What makes a prompt hard whatever it is about: slopes within tasks, so that no task's own level is learned."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from neuroroute.infrastructure.classifiers.shape import NAMES
from neuroroute.infrastructure.classifiers.weights import Difficulty
from neuroroute.infrastructure.training.family import Family
from neuroroute.infrastructure.training.sparse import Floats, solved

_FEATURES: Final = ("words", "numbers", "operators", "commas", "cues")
"""A longer prompt, with more numbers, signs, clauses and steps, is never easier: other slopes are not believed."""
_DOUBT: Final = 50.0
"""Prompts' worth of doubt in each slope."""


def difficulty_of(families: Sequence[Family]) -> Difficulty:
    """From how often the models of each family are wrong; each family counts the same.

    Where nothing shows, all features count the same.
    """
    places = [NAMES.index(name) for name in _FEATURES]
    shapes = [family.shapes[:, places] for family in families]
    means = np.mean([shape.mean(axis=0) for shape in shapes], axis=0)
    deviations = np.sqrt(np.mean([((shape - means) ** 2).mean(axis=0) for shape in shapes], axis=0)) + 1e-9
    curvature, pull = np.zeros((len(places), len(places))), np.zeros(len(places))
    for family, shape in zip(families, shapes, strict=True):
        hard = _within(family, 1 - family.qualities.mean(axis=1, keepdims=True))
        looks = _within(family, (shape - means) / deviations)
        prompts = len(hard) + _DOUBT
        curvature += (looks.T @ looks + _DOUBT * np.eye(len(places))) / prompts
        pull += (looks.T @ hard)[:, 0] / prompts
    slopes = _positive(curvature, pull)
    shares = slopes / slopes.sum() if slopes.any() else np.full(len(places), 1 / len(places))
    away = shares / deviations
    return Difficulty(features=tuple(places), slopes=tuple(away.tolist()), intercept=-float((away * means).sum()))


def harder_by(difficulty: Difficulty, families: Sequence[Family]) -> float:
    """By how much the logit of a quality falls, within a task, when a prompt looks one deviation harder; at least 0."""
    falls = list[float]()
    for family in families:
        looks = _within(family, np.array([[difficulty.of(shape)] for shape in family.shapes.tolist()]))
        quality = _within(family, family.qualities.mean(axis=1, keepdims=True))
        level = float(family.qualities.mean())
        slope = float((looks * quality).sum()) / (float((looks**2).sum()) + _DOUBT)
        falls.append(max(0.0, -slope / max(0.01, level * (1 - level))))
    return float(np.mean(falls))


def _within(family: Family, columns: Floats) -> Floats:
    """Less the mean of each prompt's task."""
    centred = columns.copy()
    for task in range(len(family.tasks)):
        centred[family.task_of == task] -= columns[family.task_of == task].mean(axis=0)
    return centred


def _positive(curvature: Floats, pull: Floats) -> Floats:
    """The least squares of which no slope is negative: negative ones are left out until none is."""
    kept = np.arange(len(pull))
    slopes = np.zeros(len(pull))
    while len(kept):
        found = solved(curvature[np.ix_(kept, kept)], pull[kept])
        if (found >= 0).all():
            slopes[kept] = found
            break
        kept = kept[found > 0]
    return slopes
