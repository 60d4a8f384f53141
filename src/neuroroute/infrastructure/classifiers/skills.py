"""A family of models as abilities: which skill a prompt takes, and how good each model is in it.

A prompt unlike all that was seen falls back to the quality of each model over all tasks, so that routing does not lose
to not routing where nothing is known.
"""

from collections.abc import Sequence
from math import exp
from operator import mul
from typing import Final

from neuroroute.infrastructure.classifiers.weights import Detector, Looks, SkillsFamily

_FARTHEST: Final = 9.0
"""Squared widths that one number of a shape adds to a distance at most."""


def evidence(scores: Sequence[float], away: float, *, share: float) -> tuple[float, ...]:
    """What the detector goes by.

    Args:
        scores: of each skill.
        away: the distance of the prompt's shape to that of the skill with the highest score.
        share: of the words that are known.
    """
    ordered = sorted(scores)
    margin = ordered[-1] - (ordered[-2] if len(ordered) > 1 else 0.0)
    return (ordered[-1], margin, share, away)


def distance(shape: Sequence[float], looks: Looks) -> float:
    """How far a shape is from those of a skill's prompts, 0..9: what tells a new task from a known one best."""
    numbers = zip(shape, looks.middle, looks.near, strict=True)
    squares = [(away := (number - middle) * near) * away for number, middle, near in numbers]
    within = [square if square < _FARTHEST else _FARTHEST for square in squares]  # noqa: FURB136 - calls take longer
    return sum(within) / len(shape)


def familiarity(detector: Detector, seen: Sequence[float]) -> float:
    """How much a prompt is like those of the family, 0..1, by its `evidence`."""
    likely = sigmoid(detector.intercept + sum(map(mul, detector.slopes, seen)))
    return likely**detector.power if likely >= detector.threshold else 0.0


def shares_of(scores: Sequence[float], sharpness: float) -> list[float]:
    """The soft maximum: positive, and adding up to one."""
    top = max(scores)
    weights = [exp(sharpness * (score - top)) for score in scores]
    total = sum(weights)
    return [weight / total for weight in weights]


def qualities(
    family: SkillsFamily, shares: Sequence[float], residuals: Sequence[float], familiar: float
) -> list[float]:
    """Of each model: what it is typically, moved as far as the prompt is familiar to what it is in these skills."""
    return [
        typical + familiar * (sum(map(mul, shares, ability)) - typical + residual)
        for typical, ability, residual in zip(family.typical, family.ability, residuals, strict=True)
    ]


def sigmoid(logit: float) -> float:
    """A probability."""
    return 1 / (1 + exp(-logit)) if logit > -500 else 0.0
