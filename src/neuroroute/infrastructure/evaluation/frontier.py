"""What money buys: the hull of what a policy costs and is worth, and the figures that are read off it.

Sources: AIQ and the zero router are RouterBench's (arXiv 2403.12031). All is of many draws of the prompts at once.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import inf, nan
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Numbers: TypeAlias = NDArray[np.float64]

SHARES: Final = (0.25, 0.5, 0.75)
"""Of the best model's dollars, at which quality is told."""


class Points(NamedTuple):
    """Draw by point: what a prompt costs in dollars and how good its answer is, in the mean."""

    costs: Numbers
    qualities: Numbers

    def joined(self, other: "Points") -> "Points":
        """The points of both."""
        both = zip(self, other, strict=True)
        return Points(*(np.concatenate(each, axis=1) for each in both))


def hull(points: Points) -> Points:
    """The non-decreasing concave hull from the cheapest point on: what mixing the points by chance comes to.

    Corners by cost; where a draw has fewer than others, its last one again and again.
    """
    costs, qualities = points
    corners = [_cheapest(points)]
    for _ in range(costs.shape[1] - 1):
        dearer, better = (every - at for every, at in zip(points, corners[-1], strict=True))
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            steep = np.where((dearer > 0) & (better > 0), better / dearer, -inf)
        steepest = steep.max(axis=1, keepdims=True)
        on = steepest[:, 0] > -inf
        if not on.any():
            break
        place = np.where(steep == steepest, dearer, -inf).argmax(axis=1)[:, None]
        step = Points(np.take_along_axis(costs, place, axis=1), np.take_along_axis(qualities, place, axis=1))
        corners.append(Points(*(np.where(on[:, None], *each) for each in zip(step, corners[-1], strict=True))))
    return Points(*(np.concatenate(each, axis=1) for each in zip(*corners, strict=True)))


def span(costs: Numbers, qualities: Numbers) -> tuple[int, int]:
    """Which is the cheapest of at least one model, and which the best; of equals the better, and the cheaper."""
    return int(np.lexsort((-qualities, costs))[0]), int(np.lexsort((costs, -qualities))[0])


def zero_router(costs: Numbers, qualities: Numbers) -> Sequence[int]:
    """The models on the hull of the single models: what never routing comes to (hindsight, when measured on itself)."""
    line = hull(Points(costs[None], qualities[None]))
    corners = set(zip(line.costs[0].tolist(), line.qualities[0].tolist(), strict=True))
    return [at for at, one in enumerate(zip(costs.tolist(), qualities.tolist(), strict=True)) if one in corners]


def read_off(models: Points, policy: Points) -> Numbers:
    """The figures of a policy, whose `policy` has a point for each level, where the single models are `models`.

    Any policy can be mixed with always asking the cheapest model: that one's point is a point of each.

    Returns:
        By draw: AIQ, which is the mean quality between the cheapest model's cost and the best one's, NaN where the
        cheapest is the best; quality at each of `SHARES`, NaN where that is less than the cheapest model costs; the
        share of the best model's dollars that is not needed for its quality, 0 where only that model has it.
    """
    cheapest = _cheapest(models)
    quality = models.qualities.max(axis=1)
    least, most = cheapest.costs[:, 0], np.where(models.qualities == quality[:, None], models.costs, inf).min(axis=1)
    line = hull(policy.joined(cheapest))
    with np.errstate(divide="ignore", invalid="ignore"):
        aiq = np.where(most > least, _area(line, least, most) / (most - least), nan)
        saving = np.where(most > 0, 1 - _cost_of(line, quality) / most, 0.0)
    at_shares = [_quality_at(line, share * most) for share in SHARES]
    return np.stack([aiq, *at_shares, np.maximum(0.0, np.nan_to_num(saving))], axis=1)


def _cheapest(points: Points) -> Points:
    """Of each draw; of equals the best."""
    costs = points.costs.min(axis=1, keepdims=True)
    return Points(costs, np.where(points.costs == costs, points.qualities, -inf).max(axis=1, keepdims=True))


def _sides(line: Points) -> Sequence[tuple[Numbers, Numbers, Numbers, Numbers]]:
    """Each side's cost and quality at its beginning, and at its end, by draw."""
    corners = list(zip(line.costs.T, line.qualities.T, strict=True))
    return [(*begin, *end) for begin, end in pairwise(corners)]


def _along(side: tuple[Numbers, Numbers, Numbers, Numbers], cost: Numbers) -> Numbers:
    left, low, right, high = side
    width = right - left
    share = np.divide(cost - left, width, out=np.zeros_like(width), where=width > 0)
    return low + (high - low) * np.clip(share, 0.0, 1.0)


def _quality_at(line: Points, cost: Numbers) -> Numbers:
    found = np.where(cost >= line.costs[:, 0], line.qualities[:, 0], nan)
    for side in _sides(line):
        found = np.where(cost > side[0], _along(side, cost), found)
    return found


def _cost_of(line: Points, quality: Numbers) -> Numbers:
    """NaN where it is not reached."""
    found = np.full_like(quality, nan)
    for left, low, right, high in reversed(_sides(line)):
        height = high - low
        share = np.divide(quality - low, height, out=np.zeros_like(height), where=height > 0)
        found = np.where(high >= quality, left + share * (right - left), found)
    return np.where(line.qualities[:, 0] >= quality, line.costs[:, 0], found)


def _area(line: Points, least: Numbers, most: Numbers) -> Numbers:
    """Under the line; beyond its last corner it goes on level."""
    last = line.costs[:, -1]
    area = np.maximum(0.0, most - np.maximum(last, least)) * line.qualities[:, -1]
    for side in _sides(line):
        begin, end = np.maximum(side[0], least), np.minimum(side[2], most)
        area += np.maximum(0.0, end - begin) * (_along(side, begin) + _along(side, end)) / 2
    return area
