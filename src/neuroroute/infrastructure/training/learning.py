"""From outcomes to weights: each data set's models are one family, and what holds for all is learned from all."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np

from neuroroute.infrastructure.classifiers.shape import NAMES
from neuroroute.infrastructure.classifiers.weights import LARGEST, DirectFamily, Head, SkillsFamily, Trees, Weights
from neuroroute.infrastructure.evaluation.outcomes import Example
from neuroroute.infrastructure.training import direct, skills
from neuroroute.infrastructure.training.difficulty import difficulty_of
from neuroroute.infrastructure.training.family import Family, family_of
from neuroroute.infrastructure.training.prior import prior_of
from neuroroute.infrastructure.training.sparse import Floats, Integers

Data = Mapping[str, Sequence[Example]]
"""By name, each with at least one example and two models."""

_SMALLEST: Final = 1e-12
_MANY: Final = 3
"""From so many tasks and models on they are told apart by skills. Of two models, what one gains over the other is
learned better by itself."""


def steps_of(data: Data) -> int:
    """How many steps `learn` tells of."""
    return sum(
        skills.steps_with(len(_tasks(examples))) if _has_skills(examples) else direct.STEPS
        for examples in data.values()
    )


def learn(data: Data, *, said: Callable[[int], None]) -> Weights:
    """The same weights from the same data always. `said`: is told of steps as they are done."""
    families = [family_of(name, examples) for name, examples in data.items()]
    difficulty, harder = difficulty_of(families)
    blocks, lane = list[tuple[Family, Integers, Floats]](), 0
    learned, trees = list[SkillsFamily | DirectFamily](), dict[str, Trees]()
    for family, examples in zip(families, data.values(), strict=True):
        if _has_skills(examples):
            found = skills.learn_skills(family, lane=lane, said=said)
        else:
            found = direct.learn_direct(family, lane=lane, harder=harder, said=said)
            trees[family.name] = found.trees
        learned.append(found.family)
        known = np.ones((len(found.grams), 1))
        blocks.append((family, found.grams, np.concatenate([found.lanes, known], axis=1)))
        lane += found.lanes.shape[1] + 1
    grams, table = _joined(blocks)
    largest = np.maximum(np.abs(table).max(axis=0, initial=0.0), _SMALLEST)
    scales = 2.0 ** np.ceil(np.log2(largest / LARGEST))
    head = Head(
        shape=NAMES,
        families=tuple(learned),
        difficulty=difficulty,
        prior=prior_of(families, harder=harder),
        data=tuple(data),
    )
    steps = np.rint(table / scales).astype(np.int16)
    return Weights(head=head, words=grams, table=steps, scales=scales, trees=trees)


def _has_skills(examples: Sequence[Example]) -> bool:
    return len(_tasks(examples)) >= _MANY and len(examples[0].outcomes) >= _MANY


def _tasks(examples: Sequence[Example]) -> set[str]:
    return {example.dataset for example in examples}


def _joined(blocks: Sequence[tuple[Family, Integers, Floats]]) -> tuple[tuple[bytes, ...], Floats]:
    """The grams of all families in order, and their lanes side by side: 0 where a family does not know a gram."""
    named = [[family.grams[int(gram)] for gram in grams.tolist()] for family, grams, _ in blocks]
    every = tuple(sorted({gram for names in named for gram in names}))
    place = {gram: row for row, gram in enumerate(every)}
    table, lane = np.zeros((len(every), sum(lanes.shape[1] for _, _, lanes in blocks))), 0
    for names, (_, _, lanes) in zip(named, blocks, strict=True):
        rows = np.array([place[name] for name in names], dtype=np.int64)
        table[rows, lane : lane + lanes.shape[1]] = lanes
        lane += lanes.shape[1]
    return every, table
