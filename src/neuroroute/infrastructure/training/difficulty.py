"""What makes a prompt hard whatever it is about: slopes within tasks, so that no task's own level is learned."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from neuroroute.domain.quality import Form
from neuroroute.infrastructure.classifiers.shape import NAMES
from neuroroute.infrastructure.classifiers.weights import Difficulty
from neuroroute.infrastructure.training.family import Family
from neuroroute.infrastructure.training.sparse import Floats, Integers, solved

_FEATURES: Final = ("words", "numbers", "operators", "commas", "cues")
"""A longer prompt, with more numbers, signs, clauses and steps, is never easier: other slopes are not believed."""
_DOUBT: Final = 50.0
"""Prompts' worth of doubt in each slope."""
_ENOUGH: Final = 100
"""Prompts without options, for a family to count."""
_LEVEL: Final = 0.01
_SMALL: Final = 1e-9


class _Asked(NamedTuple):
    """Prompts of one family."""

    shapes: Floats
    quality: Floats
    """The mean of all models."""
    task_of: Integers

    def within(self, columns: Floats) -> Floats:
        """Less the mean of each prompt's task."""
        centred = columns.copy()
        for task in np.unique(self.task_of):
            inside = self.task_of == task
            centred[inside] -= columns[inside].mean(axis=0)
        return centred


def difficulty_of(families: Sequence[Family]) -> tuple[Difficulty, float]:
    """From how often the models of each family are wrong; each family counts the same.

    Where nothing shows, all features count the same.

    Returns:
        The difficulty, and by how much the logit of a quality falls within a task when a prompt looks one deviation
        harder: at least 0.
    """
    asked = _without_options(families)
    places = [NAMES.index(name) for name in _FEATURES]
    shapes = [one.shapes[:, places] for one in asked]
    means = np.mean([shape.mean(axis=0) for shape in shapes], axis=0)
    deviations = np.sqrt(np.mean([((shape - means) ** 2).mean(axis=0) for shape in shapes], axis=0)) + _SMALL
    curvature, pull = np.zeros((len(places), len(places))), np.zeros(len(places))
    for one, shape in zip(asked, shapes, strict=True):
        looks, quality = one.within((shape - means) / deviations), one.within(one.quality)
        curvature += (looks.T @ looks + _DOUBT * np.eye(len(places))) / (len(quality) + _DOUBT)
        pull -= looks.T @ quality / (len(quality) + _DOUBT)
    slopes = _positive(curvature, pull)
    away = (slopes / slopes.sum() if slopes.any() else np.full(len(places), 1 / len(places))) / deviations
    every = np.zeros(len(NAMES))
    every[places] = away
    difficulty = Difficulty(slopes=tuple(every.tolist()), intercept=-float((away * means).sum()))
    return difficulty, float(np.mean([_fall(difficulty, one) for one in asked]))


def _without_options(families: Sequence[Family]) -> Sequence[_Asked]:
    """Prompts without answers to choose from, which make a prompt longer and not harder; all, where there are few."""
    every = [_Asked(family.shapes, family.qualities.mean(axis=1), family.task_of) for family in families]
    free = [np.array([form is not Form.CHOICE for form in family.forms]) for family in families]
    some = [
        _Asked(one.shapes[kept], one.quality[kept], one.task_of[kept]) for one, kept in zip(every, free, strict=True)
    ]
    return [one for one in some if len(one.quality) >= _ENOUGH] or every


def _fall(difficulty: Difficulty, asked: _Asked) -> float:
    looks = asked.within(np.array([difficulty.of(shape) for shape in asked.shapes.tolist()]))
    slope = float((looks * asked.within(asked.quality)).sum()) / (float((looks**2).sum()) + _DOUBT)
    level = float(asked.quality.mean())
    return max(0.0, -slope / max(_LEVEL, level * (1 - level)))


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
