"""A weak model and a strong one: how much of the gap between them which share of the calls closes.

Sources: PGR, APGR and CPT are RouteLLM's (arXiv 2406.18665).
"""

from collections.abc import Iterable
from math import nan

import numpy as np
from numpy.typing import NDArray

from neuroroute.infrastructure.evaluation.frontier import Numbers

_ROUNDING = 1e-9


def gap_figures(score: Numbers, gain: Numbers, draws: Iterable[Numbers] | None = None) -> Numbers:
    """What asking the strong model first where `score` is highest comes to. Prompts of one score take turns by chance.

    Args:
        score: one for each prompt.
        gain: quality of the strong model's answer less that of the weak one's, likewise.
        draws: how often each prompt counts, draw by prompt (`Resamples.weights`); once each when not given.

    Returns:
        By draw: APGR, the area of the share of the gap that is closed over the share of calls to the strong model;
        CPT(50) and CPT(80), the smallest shares of calls that close so much of it. NaN where the strong model is not
        the better one.
    """
    order = np.argsort(-score, kind="stable")
    ranked = score[order]
    firsts = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]])
    return np.concatenate(
        [
            _of_draws(weights[:, order], gain[order], firsts)
            for weights in ([np.ones((1, len(score)))] if draws is None else draws)
        ]
    )


def _of_draws(weights: Numbers, gain: Numbers, firsts: NDArray[np.intp]) -> Numbers:
    calls = np.add.reduceat(weights, firsts, axis=1)
    closed = np.add.reduceat(weights * gain, firsts, axis=1).cumsum(axis=1)
    whole = closed[:, -1]
    before = np.concatenate([np.zeros((len(closed), 1)), closed[:, :-1]], axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        area = (calls * (before + closed) / 2).sum(axis=1) / calls.sum(axis=1) / whole
    area[whole <= 0] = nan
    return np.stack([area, *(_share(calls, before, closed, part) for part in (0.5, 0.8))], axis=1)


def _share(calls: Numbers, before: Numbers, closed: Numbers, part: float) -> Numbers:
    """The smallest share of calls that closes `part` of the gap, in whole calls."""
    wanted = part * closed[:, -1]
    place = (closed >= wanted[:, None] - _ROUNDING).argmax(axis=1)[:, None]
    there, step = (np.take_along_axis(each, place, axis=1)[:, 0] for each in (before, closed - before))
    many = np.take_along_axis(calls, place, axis=1)[:, 0]
    within = np.divide(many * (wanted - there), step, out=np.zeros_like(step), where=step > 0)
    asked = np.take_along_axis(calls.cumsum(axis=1), place, axis=1)[:, 0] - many + within
    return np.where(closed[:, -1] > 0, np.ceil(asked - _ROUNDING) / calls.sum(axis=1), nan)
