"""A report in words and tables: Markdown that reads well in a terminal, too."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from neuroroute.infrastructure.evaluation.calibration import Calibration
from neuroroute.infrastructure.evaluation.contenders import ZERO
from neuroroute.infrastructure.evaluation.report import Report
from neuroroute.infrastructure.evaluation.resamples import Figure
from neuroroute.infrastructure.evaluation.task_figures import BLIND, TaskMeans

_TITLES: Final = {
    "aiq": "AIQ",
    "quality_at_25": "quality at 25 % cost",
    "quality_at_50": "at 50 %",
    "quality_at_75": "at 75 %",
    "top_quality": "best quality",
    "saving": "saving at best single",
    "apgr": "APGR",
    "cpt50": "CPT 50",
    "cpt80": "CPT 80",
}
_NONE: Final = "none"
_NOT: Final = Figure(None)
_APGR_OF: Final = "APGR of {}".format


def words_of(report: Report) -> str:
    """The whole report; pictures are not in it."""
    return "\n".join(_lines(report))


def _lines(report: Report) -> Iterable[str]:
    models, tasks = _number(len(report.models), "model"), _number(len(report.tasks) or 1, "task")
    yield f"# {report.data}: {_number(report.prompts, 'prompt')} ({report.split}), {models}, {tasks}"
    yield ""
    yield (
        f"In brackets: 95 % intervals of {report.resamples} bootstrap draws of the prompts (seed {report.seed}). "
        "Differences are taken draw by draw."
    )
    if report.predictor is not None:
        yield f"Weights: {report.predictor}."
    yield from ("", "## Policies", "")
    shown = [name for name in _TITLES if any(one.figures[name].value is not None for one in report.policies)]
    yield from _table(
        ["policy", *(_TITLES[name] for name in shown)],
        [[one.policy, *_cells(one.figures, shown)] for one in report.policies],
    )
    yield from ("", "## More than the zero router (hindsight)", "")
    yield from _table(
        ["policy", *(_TITLES[name] for name in shown)],
        [[one.policy, *_cells(one.over_zero, shown, signed=True)] for one in report.policies if one.policy != ZERO],
    )
    if report.comparisons:
        yield from ("", "## Policies compared", "")
        yield from _table(
            ["policies", *(_TITLES[name] for name in shown)],
            [
                [f"{one.policy} - {one.rival}", *_cells(one.difference, shown, signed=True)]
                for one in report.comparisons
            ],
        )
    yield from _of_tasks(report)
    yield from _of_calibration(report.calibration)
    yield from ("", "## Single models", "")
    yield from _table(
        ["model", "quality", "USD per 1,000 prompts", "USD per million tokens in", "out"],
        [
            [one.model, f"{one.quality:.3f}", f"{1000 * one.cost_usd:.4f}", _price(one.input_usd_per_million),
             _price(one.output_usd_per_million)]
            for one in report.models
        ],
    )  # fmt: skip
    if report.notes:
        yield from ("", "## Notes", "")
        yield from (f"- {note}" for note in report.notes)


def _price(usd: float | None) -> str:
    return _NONE if usd is None else f"{usd:.4g}"


def _number(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _of_tasks(report: Report) -> Iterable[str]:
    if report.means is None:
        return
    policies = [one.policy for one in report.policies if one.policy != ZERO]
    of_two = [policies[0]] if len(report.models) == 2 else []
    yield from ("", "## Tasks (AIQ)", "")
    yield from _table(
        ["task", "prompts", *policies, "zero (hindsight)", BLIND, f"{policies[0]} - {BLIND}", *map(_APGR_OF, of_two)],
        [
            [one.task, str(one.prompts), *_cells(one.aiq, [*policies, ZERO, BLIND], bare=True),
             _cell(one.gain[policies[0]], signed=True), *_cells(one.apgr, of_two)]
            for one in report.tasks
            if one.aiq[BLIND].value is not None
        ],
    )  # fmt: skip
    yield ""
    yield from _of_means(report.means, policies, of_two=bool(of_two))


def _of_means(means: TaskMeans, policies: Sequence[str], *, of_two: bool) -> Iterable[str]:
    if means.tasks:
        yield f"Mean over {means.tasks} tasks, pooled intervals:"
        yield ""
        yield from _table(
            ["policy", "AIQ", f"more than {BLIND}", "more than zero (hindsight)", *(["APGR"] * of_two)],
            [
                [
                    policy,
                    _cell(means.aiq[policy]),
                    _cell(means.over_blind.get(policy, _NOT), signed=True),
                    _cell(means.over_hindsight.get(policy, _NOT), signed=True),
                    *([_cell(means.apgr.get(policy, _NOT))] * of_two),
                ]
                for policy in [*policies, ZERO, BLIND]
            ],
        )
    if means.without_aiq:
        yield ""
        yield f"Without AIQ, for the cheapest model is the best there: {', '.join(means.without_aiq)}."


def _of_calibration(calibrations: Sequence[Calibration]) -> Iterable[str]:
    if not calibrations:
        return
    yield from ("", "## Calibration", "")
    yield from _table(
        ["model", "expected calibration error"],
        [["all" if one.model is None else one.model, _cell(one.ece)] for one in calibrations],
    )
    yield ""
    yield from _table(
        ["predicted", "observed", "answers"],
        [[f"{one.predicted:.3f}", f"{one.observed:.3f}", str(one.answers)] for one in calibrations[0].curve],
    )


def _cells(
    figures: Mapping[str, Figure], names: Iterable[str], *, signed: bool = False, bare: bool = False
) -> Sequence[str]:
    return [_cell(figures[name], signed=signed, bare=bare) for name in names]


def _cell(one: Figure, *, signed: bool = False, bare: bool = False) -> str:
    if one.value is None:
        return _NONE
    style = "+.4f" if signed else ".4f"
    told = [format(round(each, 4) or 0.0, style) for each in (one.value, one.low, one.high) if each is not None]
    return f"{told[0]} [{', '.join(told[1:])}]" if told[1:] and not bare else told[0]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterable[str]:
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    for row in (head, ["-" * width for width in widths], *rows):
        yield "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
