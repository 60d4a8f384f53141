"""Each task by weights that never saw it: how the learned policy does on what nobody trained it for."""

from collections.abc import Callable, Mapping, Sequence

from neuroroute.domain.model import ModelCard
from neuroroute.infrastructure.classifiers.learned import LearnedClassifier, LearnedPredictor
from neuroroute.infrastructure.evaluation.outcomes import Example
from neuroroute.infrastructure.evaluation.scoring import Scored, scored
from neuroroute.infrastructure.training.learning import learn, steps_of

Data = Mapping[str, Sequence[Example]]


def tasks_of(examples: Sequence[Example]) -> Sequence[str]:
    """In the order of the data."""
    return list(dict.fromkeys(one.dataset for one in examples))


def steps_of_leaving_out(data: Data, name: str) -> int:
    """How many steps `scored_unseen` tells of."""
    return sum(steps_of(_without(data, name, task)) for task in tasks_of(data[name]))


def scored_unseen(
    data: Data, name: str, examples: Sequence[Example], cards: Sequence[ModelCard], *, said: Callable[[int], None]
) -> Sequence[Scored]:
    """`examples` of the set `name`, each scored by weights from all other tasks of that set and from the other sets.

    A set needs two tasks or more. `said` is told of steps as they are done.
    """
    found = dict[str, Scored]()
    for task in tasks_of(examples):
        weights = learn(_without(data, name, task), said=said)
        some = [one for one in examples if one.dataset == task]
        readings = LearnedClassifier(weights).read_many([one.prompt for one in some])
        scores = scored(readings, cards, LearnedPredictor(weights))
        found |= {one.id: score for one, score in zip(some, scores, strict=True)}
    return [found[one.id] for one in examples]


def _without(data: Data, name: str, task: str) -> Data:
    return {each: [one for one in examples if each != name or one.dataset != task] for each, examples in data.items()}
