"""Prompts by weights that never saw their like: how the learned policy does on what nobody trained it for."""

from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from typing import TypeAlias

from neuroroute.domain.model import ModelCard
from neuroroute.infrastructure.classifiers.learned import LearnedClassifier, LearnedPredictor
from neuroroute.infrastructure.evaluation.outcomes import Example
from neuroroute.infrastructure.evaluation.scoring import Scored, scored
from neuroroute.infrastructure.training.learning import learn, steps_of

Data: TypeAlias = Mapping[str, Sequence[Example]]
Part: TypeAlias = Callable[[Example], str]
"""What an example belongs to that is left out together."""


def task_of(example: Example) -> str:
    """Its whole task is left out."""
    return example.dataset


def fold_of(folds: int) -> Part:
    """One of so many folds, which hold about as many stems each: other prompts of the same tasks are trained on."""

    def part(example: Example) -> str:
        return str(int.from_bytes(blake2b(example.stem.encode(), digest_size=8).digest()) % folds)

    return part


def parts_of(examples: Sequence[Example], part: Part) -> Sequence[str]:
    """In the order of the data."""
    return list(dict.fromkeys(map(part, examples)))


def steps_of_leaving_out(data: Data, name: str, part: Part) -> int:
    """How many steps `scored_unseen` tells of."""
    return sum(steps_of(_without(data, name, one, part)) for one in parts_of(data[name], part))


def scored_unseen(
    data: Data,
    name: str,
    examples: Sequence[Example],
    cards: Sequence[ModelCard],
    part: Part,
    *,
    said: Callable[[int], None],
) -> Sequence[Scored]:
    """`examples` of the set `name`, each scored by weights from all other parts of that set and from the other sets.

    A set needs two parts or more. `said` is told of steps as they are done.
    """
    found = dict[str, Scored]()
    for left_out in parts_of(examples, part):
        weights = learn(_without(data, name, left_out, part), said=said)
        some = [one for one in examples if part(one) == left_out]
        readings = LearnedClassifier(weights).read_many([one.prompt for one in some])
        scores = scored(readings, cards, LearnedPredictor(weights))
        found |= {one.id: score for one, score in zip(some, scores, strict=True)}
    return [found[one.id] for one in examples]


def _without(data: Data, name: str, left_out: str, part: Part) -> Data:
    return {each: [one for one in examples if each != name or part(one) != left_out] for each, examples in data.items()}
