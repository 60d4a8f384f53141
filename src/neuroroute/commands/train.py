"""`neuroroute train`: weights from outcomes, and a model card beside them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from neuroroute.domain.errors import NeuroRouteError
from neuroroute.infrastructure.classifiers.learned import LearnedClassifier, LearnedPredictor
from neuroroute.infrastructure.classifiers.weights import Weights, write_weights
from neuroroute.infrastructure.evaluation.contenders import learned
from neuroroute.infrastructure.evaluation.json_lines import DataRefused, shown
from neuroroute.infrastructure.evaluation.outcome_table import outcome_table
from neuroroute.infrastructure.evaluation.outcomes import Example, data_files, only, read_outcomes
from neuroroute.infrastructure.evaluation.priced_models import priced_by_data
from neuroroute.infrastructure.evaluation.report import Report, reported
from neuroroute.infrastructure.evaluation.scoring import scored
from neuroroute.infrastructure.training.learning import learn, steps_of
from neuroroute.infrastructure.training.model_card import Source, model_card
from neuroroute.infrastructure.whole_file import whole_file


class OutputRefused(NeuroRouteError):
    """The weights cannot be written where they should be."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path} cannot be written ({reason}). Name another file with --output. Nothing was written.")


def train(
    data: Path, output: Path, *, excluded: Sequence[str], begun: Callable[[int], None], said: Callable[[int], None]
) -> str:
    """Trains on the split `train` of a file or a folder, measures on `dev` if there is any, and writes both files.

    Args:
        data: outcomes (docs/evaluation.md).
        output: the weights; the model card is called the same with `.md` for its ending.
        excluded: names of tasks that are left out of everything.
        begun: is told how many steps there are.
        said: is told of steps as they are done.

    Returns:
        What was done, in words.

    Raises:
        DataRefused: the data do not hold, or have no task that is called so.
        OutputRefused: the files cannot be written. In both cases nothing was.
    """
    files = data_files(data)
    every = _without({name: read_outcomes(path) for name, path in files.items()}, excluded, data)
    training = {name: only(examples, "train", files[name]) for name, examples in every.items()}
    for name, examples in training.items():
        if len(examples[0].outcomes) < 2:
            raise DataRefused(files[name], "has one model. To choose takes two or more.", field="outcomes")
    beside = _beside(output)
    try:
        with whole_file(beside) as file:  # opened first: training takes minutes
            begun(steps_of(training))
            weights = learn(training, said=said)
            sources = [Source(path=files[name], examples=examples) for name, examples in training.items()]
            kept_back = {name: [one for one in examples if one.split == "dev"] for name, examples in every.items()}
            reports = [_measured(weights, name, examples) for name, examples in kept_back.items() if examples]
            file.write(model_card(weights, sources, excluded=excluded, reports=reports).encode())
            write_weights(output, weights)
    except OSError as error:
        raise OutputRefused(output, error.strerror or "it is no file") from error
    return f"Weights {weights.version} in {output}, {output.stat().st_size:,} bytes. What they are: {beside}."


def _beside(output: Path) -> Path:
    """Where the model card goes."""
    if output.is_dir():
        raise OutputRefused(output, "it is a folder")
    beside = output.with_suffix(".md")
    if beside == output:
        raise OutputRefused(output, "the model card beside the weights is called so")
    return beside


def _without(
    data: Mapping[str, Sequence[Example]], excluded: Iterable[str], path: Path
) -> Mapping[str, Sequence[Example]]:
    """What is left of the data sets, at least one."""
    tasks = sorted({example.dataset for examples in data.values() for example in examples})
    unknown = [name for name in excluded if name not in tasks]
    if unknown:
        problem = f"there is no task {shown(unknown[0])}. Tasks that can be excluded: {', '.join(map(shown, tasks))}."
        raise DataRefused(path, problem, field="dataset")
    left = {name: [one for one in examples if one.dataset not in excluded] for name, examples in data.items()}
    if not any(left.values()):
        raise DataRefused(path, "every task is excluded. Leave one to train on.", field="dataset")
    return {name: examples for name, examples in left.items() if examples}


def _measured(weights: Weights, name: str, examples: Sequence[Example]) -> Report:
    """As `neuroroute evaluate` measures the learned policy."""
    table, cards = outcome_table(examples), priced_by_data(examples)
    readings = LearnedClassifier(weights).read_many([example.prompt for example in examples])
    predictor = LearnedPredictor(weights)
    contender = learned(scored(readings, cards, predictor), table)
    return reported(table, [contender], cards, data=name, split="dev", predictor=predictor.version)
