"""A skills family is learned: which task a prompt is of, how good each model is there, and when to believe it."""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import numpy as np
from msgspec import structs

from neuroroute.infrastructure.classifiers.skills import distance, evidence, familiarity, qualities, shares_of
from neuroroute.infrastructure.classifiers.weights import Detector, Looks, SkillsFamily, Spread
from neuroroute.infrastructure.training.detector import detector_of
from neuroroute.infrastructure.training.family import Family, folds_of, split_by
from neuroroute.infrastructure.training.sparse import Floats, Integers, columns_of, ridge
from neuroroute.infrastructure.training.spread import spread_of

_LEAST: Final = 2
"""Prompts that have a gram, for it to count."""
_FOLDS: Final = 5
_GROUPS: Final = 10
"""Of tasks that are left out together: each by itself, of ten or fewer."""
_SKILL_PENALTY: Final = 1.0
_RESIDUAL_PENALTY: Final = 20.0
_SHARPNESS: Final = 10.0
_THRESHOLD: Final = 0.55
_POWER: Final = 0.5
"""Of the guard: lower ones gain more on known tasks and lose more on strange ones (docs/evaluation.md)."""
_WIDTH: Final = 0.1
"""So much of the variance of a number is added to that within a skill, so that one that never changes is no proof."""
_SMALL: Final = 1e-9


class SkillsLearned(NamedTuple):
    """A family, with what of it is kept in arrays."""

    family: SkillsFamily
    grams: Integers
    lanes: Floats
    """Gram x (skills, models): scores and residuals."""


class _Told(NamedTuple):
    """What is told of prompts that were left out: a row for each."""

    prompts: Integers
    evidence: Sequence[Sequence[float]]
    shares: Sequence[Sequence[float]]
    residuals: Floats


def steps_with(tasks: int) -> int:
    """How many steps it takes to learn so many."""
    return 1 + _FOLDS + min(_GROUPS, tasks)


def learn_skills(family: Family, *, lane: int, said: Callable[[int], None]) -> SkillsLearned:
    """`lane`: where its lanes begin. `said`: is told of each of `steps_with` its tasks."""
    fit = _fitted(family, family.all, lane)
    said(1)
    predicted, strange = list[tuple[_Told, SkillsLearned]](), list[_Told]()
    folds, groups = folds_of(family.stems, _FOLDS, purpose="known"), family.task_of % _GROUPS
    for inside, outside in split_by(folds):
        learned = _fitted(family, outside, lane)
        predicted.append((_told(family, inside, learned), learned))
        said(1)
    for inside, outside in split_by(groups):
        strange.append(_told(family, inside, _fitted(family, outside, lane)))
        said(1)
    detector = detector_of(
        [row for told, _ in predicted for row in told.evidence],
        [row for told in strange for row in told.evidence],
        threshold=_THRESHOLD,
        power=_POWER,
    )
    foretold = np.zeros_like(family.qualities)
    for told, learned in predicted:
        foretold[told.prompts] = _qualities(structs.replace(learned.family, detector=detector), told)
    whole = structs.replace(fit.family, detector=detector, spread=spread_of(family, foretold))
    return fit._replace(family=whole)


def _fitted(family: Family, prompts: Integers, lane: int) -> SkillsLearned:
    """All but when to believe it, from some prompts."""
    tasks, task_of = np.unique(family.task_of[prompts], return_inverse=True)
    scored = family.qualities[prompts]
    of_skill = np.eye(len(tasks))[task_of]
    count = of_skill.sum(axis=0)
    base, ability = of_skill.mean(axis=0), (of_skill.T @ scored) / count[:, None]
    grams = family.frequent(prompts, least=_LEAST)
    words = family.counted(grams).chosen(prompts)
    scores = ridge(words, of_skill - base, penalty=_SKILL_PENALTY)
    residuals = ridge(words, scored - ability[task_of], penalty=_RESIDUAL_PENALTY)
    return SkillsLearned(
        SkillsFamily(
            name=family.name,
            lane=lane,
            models=tuple(family.models),
            typical=tuple(scored.mean(axis=0).tolist()),
            spread=Spread(0.0, 0.0),
            forms=family.usual_forms(prompts),
            skills=tuple(family.tasks[int(task)] for task in tasks.tolist()),
            base=tuple(base.tolist()),
            looks=_looks(family.shapes[prompts], of_skill / count),
            sharpness=_SHARPNESS,
            ability=tuple(map(tuple, ability.T.tolist())),
            detector=Detector(intercept=0.0, slopes=(), threshold=0.0, power=1.0),
        ),
        grams,
        np.concatenate([scores, residuals], axis=1),
    )


def _looks(shapes: Floats, shares: Floats) -> tuple[Looks, ...]:
    """`shares`: prompt x skill, what each prompt counts for in the means of each skill."""
    middles = shares.T @ shapes
    variances = shares.T @ shapes**2 - middles**2 + _WIDTH * shapes.var(axis=0) + _SMALL
    near = 1 / np.sqrt(variances)
    return tuple(Looks(tuple(one), tuple(other)) for one, other in zip(middles.tolist(), near.tolist(), strict=True))


def _told(family: Family, prompts: Integers, learned: SkillsLearned) -> _Told:
    words = family.counted(learned.grams).chosen(prompts)
    skills = len(learned.family.skills)
    lanes = np.stack([words.times(lane) for lane in columns_of(learned.lanes)], axis=1)
    scores = (lanes[:, :skills] + np.array(learned.family.base)).tolist()
    shares = family.known_share(learned.grams)[prompts].tolist()
    columns = zip(scores, family.shapes[prompts].tolist(), shares, strict=True)
    return _Told(
        prompts,
        [_evidence(learned.family, *column) for column in columns],
        [shares_of(score, learned.family.sharpness) for score in scores],
        lanes[:, skills:],
    )


def _evidence(family: SkillsFamily, scores: Sequence[float], shape: Sequence[float], share: float) -> Sequence[float]:
    away = distance(shape, family.looks[scores.index(max(scores))])
    return evidence(scores, away, share=share)


def _qualities(family: SkillsFamily, told: _Told) -> Floats:
    rows = zip(told.evidence, told.shares, told.residuals.tolist(), strict=True)
    return np.array(
        [qualities(family, shares, residuals, familiarity(family.detector, seen)) for seen, shares, residuals in rows]
    )
