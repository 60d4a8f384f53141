"""What money buys: the hull of what a policy costs and is worth, and the figures that are read off it.

Sources: AIQ and the zero router are RouterBench's (arXiv 2403.12031).
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import nan
from typing import Final, TypeAlias

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

Numbers: TypeAlias = NDArray[np.float64]
Point: TypeAlias = tuple[float, float]
"""Mean cost of a prompt in dollars, and mean quality."""

SHARES: Final = (0.25, 0.5, 0.75)
"""Of the best model's dollars, at which quality is told."""


class FrontierFigures(Struct, frozen=True):
    """NaN is a figure that the data do not have."""

    aiq: float
    """Mean quality between the cheapest model's cost and the best one's; NaN where the cheapest is the best."""
    quality_at: tuple[float, ...]
    """At each of `SHARES`; NaN where that is less than the cheapest model costs."""
    saving: float
    """Share of the best model's dollars that is not needed for its quality; 0 where only that model has it."""


def hull(points: Iterable[Point]) -> Sequence[Point]:
    """The non-decreasing concave hull from the cheapest point on: what mixing the points by chance comes to."""
    found = list[Point]()
    for cost, quality in sorted(points):
        if found and quality <= found[-1][1]:
            continue
        if found and found[-1][0] == cost:
            found.pop()
        while len(found) > 1 and _flattens(found[-2], found[-1], (cost, quality)):
            found.pop()
        found.append((cost, quality))
    return found


def span(models: Sequence[Point]) -> tuple[int, int]:
    """Which is the cheapest of at least one model, and which the best; of equals the better, and the cheaper."""
    cheapest = min(range(len(models)), key=lambda one: (models[one][0], -models[one][1]))
    best = max(range(len(models)), key=lambda one: (models[one][1], -models[one][0]))
    return cheapest, best


def zero_router(models: Sequence[Point]) -> Sequence[int]:
    """The models on the hull of the single models: what never routing comes to (hindsight, when measured on itself)."""
    corners = set(hull(models))
    return [place for place, point in enumerate(models) if point in corners]


def read_off(models: Sequence[Point], policy: Sequence[Point]) -> FrontierFigures:
    """The figures of a policy's `policy` points, one for each level, where the single models are `models`.

    Any policy can be mixed with always asking the cheapest model: that one's point is a point of each.
    """
    cheapest, best = span(models)
    least, most = models[cheapest][0], models[best][0]
    line = hull([*policy, models[cheapest]])
    reached = _cost_of(line, models[best][1])
    return FrontierFigures(
        aiq=_area(line, least, most) / (most - least) if most > least else nan,
        quality_at=tuple([_quality_at(line, share * most) for share in SHARES]),
        saving=max(0.0, 1 - reached / most) if reached is not None and most > 0 else 0.0,
    )


def _flattens(before: Point, middle: Point, after: Point) -> bool:
    """Whether `middle` does not stand above the line from `before` to `after`."""
    return (middle[1] - before[1]) * (after[0] - before[0]) <= (after[1] - before[1]) * (middle[0] - before[0])


def _quality_at(line: Sequence[Point], cost: float) -> float:
    if cost < line[0][0]:
        return nan
    for (left, low), (right, high) in pairwise(line):
        if cost <= right:
            return low + (high - low) * (cost - left) / (right - left)
    return line[-1][1]


def _cost_of(line: Sequence[Point], quality: float) -> float | None:
    if line[0][1] >= quality:
        return line[0][0]
    for (left, low), (right, high) in pairwise(line):
        if high >= quality:
            return left + (right - left) * (quality - low) / (high - low)
    return None


def _area(line: Sequence[Point], least: float, most: float) -> float:
    """Under the line; beyond its last point it goes on level."""
    inner = [cost for cost, _ in line if least < cost < most]
    stops = [least, *inner, most]
    heights = [_quality_at(line, stop) for stop in stops]
    return sum(
        [
            (right - left) * (low + high) / 2
            for left, right, low, high in zip(stops, stops[1:], heights, heights[1:], strict=False)
        ]
    )
