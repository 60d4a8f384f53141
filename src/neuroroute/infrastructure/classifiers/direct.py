"""A family of models as logits: what words and shape say of each model, on prompts of a form that was seen."""

from collections.abc import Sequence
from math import log
from operator import add
from typing import Final

from neuroroute.infrastructure.classifiers.skills import sigmoid
from neuroroute.infrastructure.classifiers.weights import DirectFamily

_LOWEST: Final = 0.001
_HIGHEST: Final = 0.999


def familiarity(family: DirectFamily, *, share: float) -> float:
    """How much a prompt of a form that was seen is like those of the family, 0..1: by the `share` of known words."""
    return min(1.0, max(0.0, (share - family.strange) / (family.usual - family.strange)))


def qualities(family: DirectFamily, lanes: Sequence[float], trees: Sequence[float]) -> Sequence[float]:
    """Of each model on a familiar prompt, whose words add up to `lanes`, and the trees over its shape to `trees`."""
    return [
        intercept + slope * (family.lexical * (sigmoid(logit) - typical) + family.formal * tree)
        for intercept, slope, logit, typical, tree in zip(
            family.intercepts, family.slopes, map(add, family.base, lanes), family.typical, trees, strict=True
        )
    ]


def strange_qualities(family: DirectFamily, difficulty: float) -> Sequence[float]:
    """Of each model on a prompt of which no more is known than how hard it looks."""
    return [sigmoid(_logit(typical) - family.harder * difficulty) for typical in family.typical]


def _logit(quality: float) -> float:
    """One that was always right, or never, is not so for ever."""
    bounded = min(_HIGHEST, max(_LOWEST, quality))
    return log(bounded / (1 - bounded))
