"""The same task by task, beside two zero routers: one that knows the task's results, and one that is blind to them."""

from collections.abc import Mapping, Sequence
from math import isnan, nan
from typing import Final

import numpy as np
from msgspec import Struct

from neuroroute.infrastructure.evaluation.contenders import ZERO, Contender, zero
from neuroroute.infrastructure.evaluation.figures import NAMES, Measured, measured
from neuroroute.infrastructure.evaluation.frontier import Numbers, span, zero_router
from neuroroute.infrastructure.evaluation.outcome_table import OutcomeTable, Places
from neuroroute.infrastructure.evaluation.resamples import Figure, Resamples, figure

BLIND: Final = "blind zero"
"""The mixes of single models that are best on all other tasks, as an operator without labels would choose them."""
_AIQ: Final = NAMES.index("aiq")


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


def task_figures(table: OutcomeTable, contenders: Sequence[Contender]) -> tuple[Sequence[TaskFigures], TaskMeans]:
    """Of each task of `table`, which has at least two; the hindsight zero router is measured anew on each."""
    tasks = np.array(table.tasks)
    rows = dict[str, Sequence[Measured]]()
    told = list[TaskFigures]()
    for task in dict.fromkeys(table.tasks):
        here, elsewhere = np.flatnonzero(tasks == task), np.flatnonzero(tasks != task)
        part = table.rows(here)
        blind = zero(part, zero_router(*table.rows(elsewhere).means()))
        rivals = [Contender(ZERO, zero(part).choices), Contender(BLIND, blind.choices)]
        found = measured(part, [*(_rows(one, here) for one in contenders), *rivals], Resamples(len(here)))
        rows[task] = found
        told.append(_told(task, part, found))
    return told, _means({task: found for task, found in rows.items() if not isnan(found[0].values[_AIQ])}, rows)


def _rows(contender: Contender, places: Places) -> Contender:
    """The choices of some prompts. Only AIQ is told of a task: the ranking is left out."""
    return Contender(contender.name, contender.choices[:, places])


def _told(task: str, part: OutcomeTable, found: Sequence[Measured]) -> TaskFigures:
    cheapest, best = span(*part.means())
    return TaskFigures(
        task,
        len(part.tasks),
        part.models[cheapest],
        part.models[best],
        {one.policy: figure(one.values[_AIQ], one.draws[:, _AIQ]) for one in found},
        {one.policy: one.less(found[-1])["aiq"] for one in found[:-2]},
    )


def _means(having: Mapping[str, Sequence[Measured]], rows: Mapping[str, Sequence[Measured]]) -> TaskMeans:
    without = [task for task in rows if task not in having]
    if not having:
        return TaskMeans(0, without, {}, {}, {})
    policies = [one.policy for one in next(iter(having.values()))]
    values = np.array([[one.values[_AIQ] for one in found] for found in having.values()])
    draws = np.array([[one.draws[:, _AIQ] for one in found] for found in having.values()])
    hindsight, blind = policies.index(ZERO), policies.index(BLIND)
    return TaskMeans(
        len(having),
        without,
        {policy: _mean(values[:, at], draws[:, at]) for at, policy in enumerate(policies)},
        {
            policy: _mean(values[:, at] - values[:, blind], draws[:, at] - draws[:, blind])
            for at, policy in enumerate(policies)
            if at != blind
        },
        {
            policy: _mean(values[:, at] - values[:, hindsight], draws[:, at] - draws[:, hindsight])
            for at, policy in enumerate(policies)
            if at != hindsight
        },
    )


def _mean(values: Numbers, draws: Numbers) -> Figure:
    """Over tasks. A draw in which a task has no AIQ is the mean of the others."""
    known = ~np.isnan(draws)
    number = known.sum(axis=0)
    sums = np.where(known, draws, 0.0).sum(axis=0)
    return figure(float(values.mean()), np.where(number > 0, sums / np.maximum(number, 1), nan))
