"""How far from what is foretold the quality lies four times out of five, measured on groups of prompts."""

from typing import Final

import numpy as np

from neuroroute.infrastructure.classifiers.weights import Spread
from neuroroute.infrastructure.training.family import Family
from neuroroute.infrastructure.training.sparse import Floats

FOUR_OF_FIVE: Final = 1.2816
"""Deviations of a normal distribution on either side."""
_GROUPS: Final = 5
"""Of each task, from the prompts that are foretold the worst answer to those that are foretold the best."""
_UNKNOWN: Final = 0.3
"""Of prompts unlike all others, where only one task was seen."""
_LEAST: Final = 0.02


def spread_of(family: Family, predicted: Floats) -> Spread:
    """By predictions, prompt x model, that were made without the prompt's stem.

    The quality of one prompt is not seen, but that of a group is: the mean of what was scored, which lies around the
    true one by chance that is known and taken away. For strange prompts a group is a task, foretold from the others.
    """
    inside, alone = list[tuple[float, float]](), list[tuple[float, float]]()
    for task in range(len(family.tasks)):
        prompts = family.task_of == task
        for model in range(len(family.models)):
            scored, foretold = family.qualities[prompts, model], predicted[prompts, model]
            for group in np.array_split(np.argsort(foretold, kind="stable"), _GROUPS):
                if len(group) > 1:
                    inside.append(_off(scored[group], float(foretold[group].mean())))
            others = family.qualities[~prompts, model]
            if len(others) and len(scored) > 1:
                alone.append(_off(scored, float(others.mean())))
    return Spread(familiar=_width(inside), strange=_width(alone) if alone else _UNKNOWN)


def _off(scored: Floats, foretold: float) -> tuple[float, float]:
    """The squared distance of a group from what it was foretold, and how much of that is chance."""
    return (float(scored.mean()) - foretold) ** 2, float(scored.var(ddof=1)) / len(scored)


def _width(groups: list[tuple[float, float]]) -> float:
    beyond = float(np.mean([distance - chance for distance, chance in groups])) if groups else 0.0
    return max(_LEAST, FOUR_OF_FIVE * max(0.0, beyond) ** 0.5)


def task_qualities(family: Family) -> Floats:
    """The mean of each task: task x model."""
    return np.stack([family.qualities[family.task_of == task].mean(axis=0) for task in range(len(family.tasks))])
