"""The figures of policies on the same prompts and the same draws of them, so that any two can be compared pairwise."""

from collections.abc import Mapping, Sequence
from math import nan
from typing import Final

import numpy as np
from msgspec import Struct

from neuroroute.infrastructure.evaluation.contenders import Contender
from neuroroute.infrastructure.evaluation.frontier import Numbers, Points, read_off, span
from neuroroute.infrastructure.evaluation.outcome_table import OutcomeTable
from neuroroute.infrastructure.evaluation.resamples import Figure, Resamples, figure
from neuroroute.infrastructure.evaluation.two_models import gap_figures

NAMES: Final = (
    "aiq", "quality_at_25", "quality_at_50", "quality_at_75", "saving", "top_quality", "apgr", "cpt50", "cpt80",
)  # fmt: skip
"""What is measured of a policy. The last three are of two models only."""
_GAP: Final = 3


class Measured(Struct, frozen=True):
    """A policy's figures, in the order of `NAMES`, on all prompts and on each draw of them."""

    policy: str
    points: Sequence[tuple[float, float]]
    """Dollars and quality by level, means of all prompts."""
    values: Numbers
    draws: Numbers
    """Draw by figure."""

    def figures(self) -> Mapping[str, Figure]:
        """Each with its interval."""
        return {name: figure(self.values[at], self.draws[:, at]) for at, name in enumerate(NAMES)}

    def less(self, other: "Measured") -> Mapping[str, Figure]:
        """By how much each figure is more than the other policy's, compared draw by draw."""
        values, draws = self.values - other.values, self.draws - other.draws
        return {name: figure(values[at], draws[:, at]) for at, name in enumerate(NAMES)}


def measured(
    table: OutcomeTable, contenders: Sequence[Contender], resamples: Resamples, *, strong: int | None = None
) -> Sequence[Measured]:
    """Each of the contenders, which all saw the prompts of `table`. `strong`: the better one of two models where that
    is not to be seen of these prompts alone.
    """
    better = span(*table.means())[1] if strong is None else strong
    singles = _points(table.cost, table.quality, resamples)
    found = list[Measured]()
    for one in contenders:
        points = _points(_of_choices(table.cost, one), _of_choices(table.quality, one), resamples)
        best = points.qualities.max(axis=1, keepdims=True)
        rows = np.concatenate([read_off(singles, points), best, _gap(table, one, resamples, better)], axis=1)
        levels = zip(points.costs[0].tolist(), points.qualities[0].tolist(), strict=True)
        found.append(Measured(one.name, list(levels), rows[0], rows[1:]))
    return found


def _of_choices(values: Numbers, contender: Contender) -> Numbers:
    """What was chosen: prompt by level."""
    return np.take_along_axis(values, contender.choices.T, axis=1)


def _points(costs: Numbers, qualities: Numbers, resamples: Resamples) -> Points:
    """On all prompts, and then on each draw."""
    return Points(_with_draws(costs, resamples), _with_draws(qualities, resamples))


def _with_draws(values: Numbers, resamples: Resamples) -> Numbers:
    return np.concatenate([values.mean(axis=0, keepdims=True), resamples.means(values)])


def _gap(table: OutcomeTable, contender: Contender, resamples: Resamples, strong: int) -> Numbers:
    """The figures of two models; without any, NaN."""
    if contender.ranking is None or len(table.models) != 2:
        return np.full((1 + resamples.number, _GAP), nan)
    gain = table.quality[:, strong] - table.quality[:, 1 - strong]
    draws = gap_figures(contender.ranking, gain, resamples.weights())
    return np.concatenate([gap_figures(contender.ranking, gain), draws])
