"""What callers say of answers, and what that teaches: a correction of a model's predicted quality."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import Struct

from neuroroute.domain.model import ModelId
from neuroroute.domain.quality import Estimate

MOST_PER_CALLER: Final = 100
"""Words of one caller on one model; more of them count no more than so many."""
DOUBT: Final = 50
"""As many words that find the prediction right stand against all that come in."""


class Feedback(Struct, frozen=True, kw_only=True):
    """A caller's word on the answer that followed a decision."""

    decision: str
    caller: str
    score: float
    """From useless, 0, to good, 1."""
    at: float
    """Epoch seconds."""
    model: ModelId
    """Who had answered."""
    counted: bool
    """Whether it teaches: only what was predicted can be corrected."""


class FeedbackTotal(Struct, frozen=True, kw_only=True):
    """All words of one caller on one model."""

    caller: str
    model: ModelId
    count: int
    surplus: float
    """The sum of what they gave more than was predicted; negative: less."""


class Correction(Struct, frozen=True, kw_only=True):
    """By how much a model answers better than predicted, -1..1."""

    shift: float
    words: int
    """How many words it rests on."""


def corrections(totals: Iterable[FeedbackTotal]) -> Mapping[ModelId, Correction]:
    """Each caller's mean counts as often as it spoke, `MOST_PER_CALLER` times at most, against `DOUBT`."""
    weight, surplus, words = (
        defaultdict[ModelId, int](int),
        defaultdict[ModelId, float](float),
        defaultdict[ModelId, int](int),
    )
    for total in totals:
        if total.count > 0:
            counts = min(total.count, MOST_PER_CALLER)
            weight[total.model] += counts
            surplus[total.model] += counts * total.surplus / total.count
            words[total.model] += total.count
    return {model: Correction(shift=surplus[model] / (weight[model] + DOUBT), words=words[model]) for model in weight}


def corrected(estimate: Estimate, correction: Correction | None) -> Estimate:
    """`estimate` in the light of what feedback taught; still 0..1."""
    if correction is None:
        return estimate
    return Estimate(
        quality=_within(estimate.quality + correction.shift),
        low=_within(estimate.low + correction.shift),
        high=_within(estimate.high + correction.shift),
    )


def _within(quality: float) -> float:
    return min(1.0, max(0.0, quality))
