"""A family of models as abilities: which skill a prompt takes, and how good each model is in it.

A prompt unlike all that was seen falls back to the quality of each model over all tasks, so that routing does not lose
to not routing where nothing is known.
"""

from collections.abc import Sequence
from math import exp, log1p
from operator import mul

from neuroroute.infrastructure.classifiers.weights import Detector, SkillsFamily


def evidence(
    scores: Sequence[float], closeness: Sequence[float], distances: Sequence[float], *, share: float, grams: int
) -> tuple[float, ...]:
    """What the detector goes by.

    Args:
        scores: of each skill.
        closeness: cosine to the mean prompt of each skill.
        distances: of the prompt's shape to that of each skill (`Looks`).
        share: of the n-grams that are known.
        grams: n-grams of the prompt.
    """
    ordered = sorted(scores)
    top = ordered[-1]
    margin = top - (ordered[-2] if len(ordered) > 1 else 0.0)
    skill = scores.index(top)
    close, away = closeness[skill], distances[skill]
    squares = sum(map(mul, scores, scores))
    products = (top * close, share * share, top * top, away * top)
    return (top, margin, share, close, away, min(distances), log1p(grams), squares, *products)


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
