"""`neuroroute evaluate`: what policies cost and are worth on data whose outcomes are known."""

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from neuroroute.commands.weights import weights_of
from neuroroute.domain.errors import NeuroRouteError
from neuroroute.domain.learned_policy import TYPICAL_PROMPT
from neuroroute.domain.model import ModelCard
from neuroroute.infrastructure.classifiers.learned import LearnedClassifier, LearnedPredictor
from neuroroute.infrastructure.evaluation import contenders
from neuroroute.infrastructure.evaluation.contenders import LEARNED, Contender, by_chance, learned, longest, rules
from neuroroute.infrastructure.evaluation.outcome_table import OutcomeTable, outcome_table
from neuroroute.infrastructure.evaluation.outcomes import Example, Split, data_files, only, read_outcomes
from neuroroute.infrastructure.evaluation.pictures import pictures_of
from neuroroute.infrastructure.evaluation.priced_models import priced_by_catalog, priced_by_data
from neuroroute.infrastructure.evaluation.report import Report, as_json, reported
from neuroroute.infrastructure.evaluation.report_text import words_of
from neuroroute.infrastructure.evaluation.scoring import costs_of, scored


class NotWritten(NeuroRouteError):
    """The report has no place."""


class Evaluated(Struct, frozen=True):
    """The report of each data set."""

    reports: Sequence[Report]
    in_folders: bool
    """Whether each has a folder of its own: the data were a folder, too."""

    def text(self, *, as_json_lines: bool) -> str:
        """In words, or a JSON object a line."""
        return ("\n" if as_json_lines else "\n\n").join(map(as_json if as_json_lines else words_of, self.reports))

    def write(self, directory: Path) -> None:
        """`report.md`, `report.json` and the pictures.

        Raises:
            NotWritten: it cannot be written there.
        """
        for report in self.reports:
            place = directory / report.data if self.in_folders else directory
            pictures = pictures_of(report)
            shown = "".join(f"\n![{Path(name).stem}]({name})" for name in pictures)
            files = {"report.md": f"{words_of(report)}\n{shown}\n", "report.json": f"{as_json(report)}\n", **pictures}
            try:
                place.mkdir(parents=True, exist_ok=True)
                for name, text in files.items():
                    (place / name).write_text(text, encoding="utf-8")
            except OSError as exc:
                raise NotWritten(f"The report cannot be written to {place}: {exc.strerror}. Name another.") from None


class _DataSet(Struct, frozen=True):
    name: str
    split: str
    examples: Sequence[Example]
    cards: Sequence[ModelCard]


class _Learner(Struct, frozen=True):
    classifier: LearnedClassifier
    predictor: LearnedPredictor


def evaluate(
    data: Path, *, catalog: Path | None, weights: Path | None, split: Split | None, policies: Sequence[str]
) -> Evaluated:
    """Of each of the data's sets, all of which are read before the first is evaluated.

    Args:
        data: a file, or a folder of them.
        catalog: where prices are from; without it they are those that fit the data.
        weights: what the learned policy works with; without it the shipped ones.
        split: `None` is all prompts.
        policies: at least one name of `contenders.POLICIES`; the first is compared to each other.

    Raises:
        NeuroRouteError: a file does not hold.
    """
    sets = [_data_set(name, path, catalog, split) for name, path in data_files(data).items()]
    learner = _learner(weights) if LEARNED in policies else None
    return Evaluated([_report(one, policies, learner) for one in sets], in_folders=data.is_dir())


def _data_set(name: str, path: Path, catalog: Path | None, split: Split | None) -> _DataSet:
    examples = read_outcomes(path)
    cards = priced_by_data(examples) if catalog is None else priced_by_catalog(catalog, examples[0].outcomes)
    return _DataSet(name, split or "all", only(examples, split, path) if split else examples, cards)


def _learner(weights: Path | None) -> _Learner:
    known = weights_of(weights)
    return _Learner(LearnedClassifier(known), LearnedPredictor(known))


def _report(one: _DataSet, policies: Sequence[str], learner: _Learner | None) -> Report:
    table = outcome_table(one.examples)
    return reported(
        table,
        [_contender(name, one, table, learner) for name in dict.fromkeys(policies)],
        one.cards,
        data=one.name,
        split=one.split,
        predictor=learner and learner.predictor.version,
    )


def _contender(name: str, one: _DataSet, table: OutcomeTable, learner: _Learner | None) -> Contender:
    prompts = [example.prompt for example in one.examples]
    match name:
        case contenders.RULES:
            return rules(prompts, one.cards, costs_of(TYPICAL_PROMPT, one.cards))
        case contenders.LONGEST:
            return longest(table)
        case contenders.RANDOM:
            return by_chance(table)
        case contenders.LEARNED if learner is not None:
            return learned(scored(learner.classifier.read_many(prompts), one.cards, learner.predictor), table)
        case _:
            raise ValueError(f"there is no policy {name}")
