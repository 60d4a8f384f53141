"""What decisions of the past would have cost and scored under another policy, from what was kept of them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from neuroroute.infrastructure.evaluation.resamples import RESAMPLES, SEED, Figure, Resamples, figure

_MOST_DRAWN: Final = 20_000_000
"""Decisions in all draws together: of many decisions fewer draws are as sure, and the memory stays under 50 MB."""
_FEWEST: Final = 100
"""Draws."""


class Word(Struct, frozen=True, kw_only=True):
    """A caller's word on an answer."""

    score: float
    """0..1."""
    agrees: bool
    """Whether the other policy would have asked who answered."""
    propensity: float
    """How probable it was that this model was asked; 1 where nothing was explored."""
    predicted_kept: float
    """Of the model that answered, 0..1."""
    predicted_other: float
    """Of the model that the other policy would have asked."""


class Retried(Struct, frozen=True, kw_only=True):
    """One decision, made under another policy. Money is in dollars; `None` is unpriced, or not predicted."""

    kept: str
    """Who was asked first."""
    other: str
    """Who would have been."""
    cost_kept: float | None
    cost_other: float | None
    """Both as reckoned before the answer."""
    paid: float | None
    """What was really paid, where the other policy would have asked who answered."""
    quality_kept: float | None
    quality_other: float | None
    """Both as predicted, 0..1."""
    word: Word | None


class Change(Struct, frozen=True, kw_only=True):
    """A figure under both policies, over those decisions that have it."""

    decisions: int
    kept: Figure
    other: Figure
    difference: Figure


class Paid(Struct, frozen=True, kw_only=True):
    """Of the decisions that would have gone to the model that answered: how good the reckoning is."""

    decisions: int
    usd: float
    reckoned_usd: float


class Heard(Struct, frozen=True, kw_only=True):
    """What callers' words say of both policies."""

    words: int
    agreeing: int
    """Words on models that the other policy would have asked, too: all that it is really known by."""
    explored: int
    """Words on answers that were not sure to be asked of this model."""
    kept: Figure
    """The mean score."""
    direct: Figure
    """The mean score of the agreeing words; biased, where a policy agrees more on easy prompts."""
    weighted: Figure
    """As `direct`, each word counting as often as it was improbable (self-normalised inverse propensities)."""
    doubly_robust: Figure
    """What is predicted of the other policy's models, set right by the agreeing words (Dudík et al. 2011)."""


class Backtest(Struct, frozen=True, kw_only=True):
    """What came of it. Intervals are of 95 %."""

    policy: str
    objective: float | None
    """0..10; `None` is each decision's own."""
    predictor: str | None
    decisions: int
    replayed: int
    not_replayed: Mapping[str, int]
    """How many, by reason."""
    models: Mapping[str, tuple[int, int]]
    """How many decisions asked each first: then, and under the other policy."""
    moved: Figure
    """The share that would have gone to another model."""
    cost: Change
    """Dollars of all decisions together."""
    paid: Paid
    quality: Change
    """The mean."""
    heard: Heard | None
    """`None` without a word."""
    draws: int
    seed: int


def backtested(
    retried: Sequence[Retried],
    *,
    policy: str,
    objective: float | None,
    predictor: str | None,
    not_replayed: Mapping[str, int],
) -> Backtest:
    """The figures of what was made again."""
    then, now = Counter(one.kept for one in retried), Counter(one.other for one in retried)
    moved, shares = _means([(float(one.kept != one.other),) for one in retried])
    same = [(one.paid, one.cost_other) for one in retried if one.paid is not None and one.cost_other is not None]
    return Backtest(
        policy=policy,
        objective=objective,
        predictor=predictor,
        decisions=len(retried) + sum(not_replayed.values()),
        replayed=len(retried),
        not_replayed=not_replayed,
        models={model: (then[model], now[model]) for model in sorted({*then, *now})},
        moved=figure(moved[0], shares[:, 0]),
        cost=_change([(one.cost_kept, one.cost_other) for one in retried], in_all=True),
        paid=Paid(decisions=len(same), usd=sum(paid for paid, _ in same), reckoned_usd=sum(cost for _, cost in same)),
        quality=_change([(one.quality_kept, one.quality_other) for one in retried], in_all=False),
        heard=_heard([one.word for one in retried if one.word is not None]),
        draws=_draws(len(retried)),
        seed=SEED,
    )


def _draws(decisions: int) -> int:
    return min(RESAMPLES, max(_FEWEST, _MOST_DRAWN // max(1, decisions)))


def _means(rows: Sequence[Sequence[float]]) -> tuple[Sequence[float], NDArray[np.float64]]:
    """Of each column, and in each draw: draw by column. NaN of no rows."""
    if not rows:
        return [np.nan] * 4, np.full((1, 4), np.nan)
    values = np.array(rows, np.float64)
    return values.mean(axis=0).tolist(), Resamples(len(rows), number=_draws(len(rows))).means(values)


def _change(pairs: Sequence[tuple[float | None, float | None]], *, in_all: bool) -> Change:
    known = [(kept, other, other - kept) for kept, other in pairs if kept is not None and other is not None]
    means, drawn = _means(known)
    times = len(known) if in_all else 1
    kept, other, difference = [figure(means[place] * times, drawn[:, place] * times) for place in range(3)]
    return Change(decisions=len(known), kept=kept, other=other, difference=difference)


def _heard(words: Sequence[Word]) -> Heard | None:
    if not words:
        return None
    means, drawn = _means([_row(word) for word in words])
    return Heard(
        words=len(words),
        agreeing=sum(word.agrees for word in words),
        explored=sum(word.propensity < 1 for word in words),
        kept=figure(means[0], drawn[:, 0]),
        direct=_ratio(means, drawn, 1, 2),
        weighted=_ratio(means, drawn, 3, 4),
        doubly_robust=figure(means[5], drawn[:, 5]),
    )


def _row(word: Word) -> tuple[float, ...]:
    """Score; score and number where they agree, plain and weighted; doubly robust value."""
    agrees = float(word.agrees)
    weight = agrees / word.propensity
    robust = word.predicted_other + weight * (word.score - word.predicted_kept)
    return word.score, agrees * word.score, agrees, weight * word.score, weight, robust


def _ratio(means: Sequence[float], drawn: NDArray[np.float64], above: int, below: int) -> Figure:
    """NaN in draws where nobody agrees, which do not count."""
    if not means[below]:
        return Figure(None)
    with np.errstate(invalid="ignore"):
        return figure(means[above] / means[below], drawn[:, above] / drawn[:, below])
