"""An evaluation's result as data: what `--json` prints and `report.json` holds."""

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Struct

from neuroroute.domain.model import ModelCard
from neuroroute.infrastructure.evaluation.calibration import Calibration, calibration
from neuroroute.infrastructure.evaluation.contenders import ZERO, Contender, zero
from neuroroute.infrastructure.evaluation.figures import Measured, measured
from neuroroute.infrastructure.evaluation.outcome_table import OutcomeTable
from neuroroute.infrastructure.evaluation.resamples import RESAMPLES, SEED, Figure, Resamples
from neuroroute.infrastructure.evaluation.task_figures import TaskFigures, TaskMeans, task_figures

_NANO = 10**9


class ModelFigures(Struct, frozen=True):
    """A single model, asked for everything."""

    model: str
    quality: float
    cost_usd: float
    """Mean of a prompt."""
    input_usd_per_million: float | None
    output_usd_per_million: float | None
    """`None` where no price is known."""


class PolicyFigures(Struct, frozen=True):
    """A policy: the points of its levels, from cheapest to best, and its figures by name."""

    policy: str
    points: Sequence[tuple[float, float]]
    """Dollars and quality, means of a prompt."""
    figures: Mapping[str, Figure]
    over_zero: Mapping[str, Figure]
    """How much more than never routing (hindsight), draw by draw."""


class Comparison(Struct, frozen=True):
    """By how much each figure of `policy` is more than that of `rival`, draw by draw."""

    policy: str
    rival: str
    difference: Mapping[str, Figure]


class Report(Struct, frozen=True, kw_only=True):
    """Everything that was measured on one data set."""

    data: str
    """Its name."""
    split: str
    prompts: int
    predictor: str | None
    """Its version, where a policy predicts."""
    resamples: int = RESAMPLES
    seed: int = SEED
    models: Sequence[ModelFigures]
    policies: Sequence[PolicyFigures]
    """The zero router is the last."""
    comparisons: Sequence[Comparison]
    """The first policy against each other."""
    tasks: Sequence[TaskFigures]
    """Of data with at least two."""
    means: TaskMeans | None
    calibration: Sequence[Calibration]
    """Of the policy that predicts: all models together, and each."""
    notes: Sequence[str]


def reported(
    table: OutcomeTable,
    contenders: Sequence[Contender],
    cards: Sequence[ModelCard],
    *,
    data: str,
    split: str,
    predictor: str | None,
) -> Report:
    """What at least one of `contenders` did on `table`."""
    resamples = Resamples(len(table.tasks))
    found = measured(table, [*contenders, zero(table)], resamples)
    tasks, means = task_figures(table, contenders) if len(set(table.tasks)) > 1 else ((), None)
    return Report(
        data=data,
        split=split,
        prompts=len(table.tasks),
        predictor=predictor,
        models=_models(table, cards),
        policies=[PolicyFigures(one.policy, one.points, one.figures(), one.less(found[-1])) for one in found],
        comparisons=[_compared(found[0], other) for other in found[1:] if other.policy != ZERO],
        tasks=tasks,
        means=means,
        calibration=[each for one in contenders for each in _calibrated(table, one, resamples)],
        notes=[one.note for one in contenders if one.note is not None],
    )


def as_json(report: Report) -> str:
    """One line. Numbers have six digits, and nine decimals at most: the rest differs from machine to machine."""
    return msgspec.json.encode(_rounded(msgspec.to_builtins(report))).decode()


def _rounded(value: object) -> object:
    match value:
        case float():
            return round(float(f"{value:.6g}"), 9)
        case dict():
            return {name: _rounded(inner) for name, inner in msgspec.convert(value, dict[str, object]).items()}
        case list() | tuple():
            return [_rounded(inner) for inner in msgspec.convert(value, list[object])]
        case _:
            return value


def _models(table: OutcomeTable, cards: Sequence[ModelCard]) -> Sequence[ModelFigures]:
    prices = {str(card.id): card.price for card in cards}
    return [
        ModelFigures(
            model,
            quality,
            cost,
            None if (price := prices.get(model)) is None else price.prompt / _NANO,
            None if price is None else price.completion / _NANO,
        )
        for model, cost, quality in zip(table.models, *(each.tolist() for each in table.means()), strict=True)
    ]


def _compared(first: Measured, other: Measured) -> Comparison:
    return Comparison(first.policy, other.policy, first.less(other))


def _calibrated(table: OutcomeTable, contender: Contender, resamples: Resamples) -> Sequence[Calibration]:
    predicted = contender.predicted
    if predicted is None:
        return ()
    each = [
        calibration(model, predicted[:, [at]], table.quality[:, [at]], resamples)
        for at, model in enumerate(table.models)
    ]
    return [calibration(None, predicted, table.quality, resamples), *each]
