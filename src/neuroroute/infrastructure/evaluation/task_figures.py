"""The same task by task, beside two zero routers: one that knows the task's results, and one that is blind to them."""

from collections.abc import Mapping, Sequence
from math import nan
from typing import Final

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from neuroroute.infrastructure.evaluation.contenders import ZERO, Contender, zero
from neuroroute.infrastructure.evaluation.figures import NAMES, Measured, measured
from neuroroute.infrastructure.evaluation.frontier import Numbers, span, zero_router
from neuroroute.infrastructure.evaluation.outcome_table import OutcomeTable, Places
from neuroroute.infrastructure.evaluation.resamples import Figure, Resamples, figure

BLIND: Final = "blind zero"
"""The mixes of single models that are best on all other tasks, as an operator without labels would choose them."""
LEAST_GAP: Final = 0.02
"""In quality: shares of a smaller gap between two models are no figure."""
_AIQ: Final = NAMES.index("aiq")
_APGR: Final = NAMES.index("apgr")


class TaskFigures(Struct, frozen=True):
    """One task. AIQ by policy, among them `zero` (hindsight) and `blind zero`."""

    task: str
    prompts: int
    cheapest: str
    best: str
    aiq: Mapping[str, Figure]
    """Without a value where the cheapest model is the best: no money buys anything then."""
    gain: Mapping[str, Figure]
    """By policy, AIQ over the blind zero router's, draw by draw."""
    apgr: Mapping[str, Figure]
    """Of two models. Without a value where the one that is better over all tasks is not better by `LEAST_GAP`."""


class TaskMeans(Struct, frozen=True):
    """Over the tasks that have an AIQ, each counting the same; the interval is pooled."""

    tasks: int
    without_aiq: Sequence[str]
    """Left out: the cheapest model is the best there."""
    aiq: Mapping[str, Figure]
    over_blind: Mapping[str, Figure]
    """Gain in AIQ over never routing without labels."""
    over_hindsight: Mapping[str, Figure]
    """…and over the best mix that the task's own labels show."""
    apgr: Mapping[str, Figure]
    """Of two models, over the tasks that have one."""


def task_figures(table: OutcomeTable, contenders: Sequence[Contender]) -> tuple[Sequence[TaskFigures], TaskMeans]:
    """Of each task of `table`, which has at least two; the hindsight zero router is measured anew on each."""
    tasks = np.array(table.tasks)
    _, strong = span(*table.means())
    rows = dict[str, Sequence[Measured]]()
    told = list[TaskFigures]()
    for task in dict.fromkeys(table.tasks):
        here, elsewhere = np.flatnonzero(tasks == task), np.flatnonzero(tasks != task)
        part = table.rows(here)
        blind = zero(part, zero_router(*table.rows(elsewhere).means()))
        told_apart = len(table.models) == 2 and _gap(part, strong) >= LEAST_GAP
        ours = [_rows(one, here, ranked=told_apart) for one in contenders]
        every = [*ours, zero(part), replace(blind, name=BLIND)]
        found = measured(part, every, Resamples(len(here)), strong=strong)
        rows[task] = found
        told.append(_told(task, part, found))
    return told, _means(rows)


def _gap(part: OutcomeTable, strong: int) -> float:
    quality = part.quality.mean(axis=0)
    return float(quality[strong] - quality[1 - strong])


def _rows(contender: Contender, places: Places, *, ranked: bool) -> Contender:
    """What was chosen for some prompts."""
    ranking = contender.ranking if ranked else None
    return Contender(contender.name, contender.choices[:, places], None if ranking is None else ranking[places])


def _told(task: str, part: OutcomeTable, found: Sequence[Measured]) -> TaskFigures:
    cheapest, best = span(*part.means())
    return TaskFigures(
        task,
        len(part.tasks),
        part.models[cheapest],
        part.models[best],
        {one.policy: figure(one.values[_AIQ], one.draws[:, _AIQ]) for one in found},
        {one.policy: one.less(found[-1])["aiq"] for one in found[:-2]},
        {one.policy: figure(one.values[_APGR], one.draws[:, _APGR]) for one in found[:-2]},
    )


def _means(rows: Mapping[str, Sequence[Measured]]) -> TaskMeans:
    policies = [one.policy for one in next(iter(rows.values()))]
    values = np.array([[one.values for one in found] for found in rows.values()])
    draws = np.array([[one.draws for one in found] for found in rows.values()])
    having = ~np.isnan(values[:, 0, _AIQ])
    aiq, drawn = values[having, :, _AIQ], draws[having, :, :, _AIQ]

    def over(rival: str) -> Mapping[str, Figure]:
        at = policies.index(rival)
        gains, gains_drawn = aiq - aiq[:, [at]], drawn - drawn[:, [at]]
        return {one: _mean(gains[:, by], gains_drawn[:, by]) for by, one in enumerate(policies) if by != at}

    return TaskMeans(
        int(having.sum()),
        [task for task, has in zip(rows, having, strict=True) if not has],
        {one: _mean(aiq[:, by], drawn[:, by]) for by, one in enumerate(policies)},
        over(BLIND),
        over(ZERO),
        {one: _mean(values[:, by, _APGR], draws[:, by, :, _APGR]) for by, one in enumerate(policies[:-2])},
    )


def _mean(values: Numbers, draws: Numbers) -> Figure:
    """Over the tasks that have it. A draw in which one of them does not is the mean of the others."""
    having = ~np.isnan(values)
    if not having.any():
        return Figure(None)
    known = ~np.isnan(draws[having])
    number = known.sum(axis=0)
    sums = np.where(known, draws[having], 0.0).sum(axis=0)
    return figure(float(values[having].mean()), np.where(number > 0, sums / np.maximum(number, 1), nan))
