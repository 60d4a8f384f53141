"""The two pictures of a report: what money buys, and whether predictions come true."""

from collections.abc import Mapping, Sequence

import numpy as np

from neuroroute.infrastructure.evaluation.contenders import ZERO
from neuroroute.infrastructure.evaluation.frontier import Points, hull
from neuroroute.infrastructure.evaluation.report import PolicyFigures, Report
from neuroroute.infrastructure.evaluation.svg import Chart, Series, drawn

_THOUSAND = 1000
_FEW = 3
"""So many models have a line of their own."""


def pictures_of(report: Report) -> Mapping[str, str]:
    """SVG by file name."""
    pictures = {"cost-quality.svg": drawn(_cost_quality(report))}
    if report.calibration:
        pictures["calibration.svg"] = drawn(_calibration(report))
    return pictures


def _cost_quality(report: Report) -> Chart:
    told = "; ".join(
        f"{one.policy}: AIQ {one.figures['aiq'].value:.3f}"
        for one in report.policies
        if one.figures["aiq"].value is not None
    )
    singles = Series(
        "single models",
        [(_THOUSAND * one.cost_usd, one.quality) for one in report.models],
        labels=[one.model for one in report.models],
    )
    return Chart(
        title=f"Quality for money: {report.data} ({report.split})",
        description=f"Mean quality over dollars for 1,000 prompts, a line for each policy's mixes. {told}.",
        across="USD for 1,000 prompts",
        up="quality",
        series=[*(_line(one) for one in report.policies), singles],
    )


def _line(one: PolicyFigures) -> Series:
    points = [(_THOUSAND * cost, quality) for cost, quality in one.points]
    name = "zero router" if one.policy == ZERO else one.policy
    return Series(name, () if one.policy == ZERO else points, _hull(points))


def _hull(points: Sequence[tuple[float, float]]) -> Sequence[tuple[float, float]]:
    costs, qualities = np.array(points).T
    line = hull(Points(costs[None], qualities[None]))
    return list(zip(line.costs[0].tolist(), line.qualities[0].tolist(), strict=True))


def _calibration(report: Report) -> Chart:
    pooled = report.calibration[0]
    shown = report.calibration if len(report.models) <= _FEW else [pooled]
    curves = [
        Series("all models" if one.model is None else one.model, points, points)
        for one in shown
        for points in ([(each.predicted, each.observed) for each in one.curve],)
    ]
    return Chart(
        title=f"Predicted and observed: {report.data} ({report.split})",
        description=(
            "Mean observed quality over mean predicted quality, in ten bins. On the diagonal predictions come true. "
            f"Expected calibration error {pooled.ece.value or 0.0:.3f}."
        ),
        across="predicted quality",
        up="observed quality",
        series=[*curves, Series("comes true", (), [(0.0, 0.0), (1.0, 1.0)])],
    )
