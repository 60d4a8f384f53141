"""`neuroroute evaluate`: what policies cost and are worth on data whose outcomes are known."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from neuroroute.commands.leave_out import fold_of, parts_of, scored_unseen, steps_of_leaving_out, task_of
from neuroroute.domain.errors import NeuroRouteError
from neuroroute.domain.learned_policy import TYPICAL_PROMPT
from neuroroute.domain.model import ModelCard
from neuroroute.infrastructure.classifiers.learned import LearnedClassifier, LearnedPredictor
from neuroroute.infrastructure.classifiers.weights import SHIPPED, read_weights
from neuroroute.infrastructure.evaluation import contenders
from neuroroute.infrastructure.evaluation.calibration import calibration
from neuroroute.infrastructure.evaluation.contenders import LEARNED, Contender, by_chance, learned, longest, rules
from neuroroute.infrastructure.evaluation.decision_rows import DecidedData, holds_decisions, read_decisions
from neuroroute.infrastructure.evaluation.json_lines import DataRefused
from neuroroute.infrastructure.evaluation.outcome_table import OutcomeTable, outcome_table
from neuroroute.infrastructure.evaluation.outcomes import Example, Split, data_files, only, read_outcomes
from neuroroute.infrastructure.evaluation.pictures import pictures_of
from neuroroute.infrastructure.evaluation.priced_models import priced_by_catalog, priced_by_data
from neuroroute.infrastructure.evaluation.report import Report, as_json, reported
from neuroroute.infrastructure.evaluation.report_text import words_of
from neuroroute.infrastructure.evaluation.resamples import Resamples
from neuroroute.infrastructure.evaluation.scoring import Scored, costs_of, scored
from neuroroute.infrastructure.evaluation.task_groups import grouped, read_groups
from neuroroute.infrastructure.whole_file import whole_file


class Unseen(NamedTuple):
    """What the learned policy is to have been trained without, prompt by prompt, and who is told how that goes."""

    folds: int | None
    """So many parts of all stems; `None` is each task."""
    begun: Callable[[int], None]
    """How many steps there are."""
    said: Callable[[int], None]
    """Steps that are done."""


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
        """`report.md`, `report.json` and the pictures: all of a data set, or none.

        Raises:
            NotWritten: they cannot be written there.
        """
        for report in self.reports:
            place = directory / report.data if self.in_folders else directory
            pictures = pictures_of(report)
            shown = "".join(f"\n![{Path(name).stem}]({name})" for name in pictures)
            files = {"report.md": f"{words_of(report)}\n{shown}\n", "report.json": f"{as_json(report)}\n", **pictures}
            try:
                place.mkdir(parents=True, exist_ok=True)
                with ExitStack() as opened:
                    for name, text in files.items():
                        opened.enter_context(whole_file(place / name)).write(text.encode())
            except OSError as exc:
                raise NotWritten(f"The report cannot be written to {place}: {exc.strerror}. Name another.") from None


class _DataSet(Struct, frozen=True):
    name: str
    every: Sequence[Example]
    wanted: Sequence[Example]
    """Of the split."""
    cards: Sequence[ModelCard]


Score: TypeAlias = Callable[[_DataSet], Iterable[Scored]]


class _Learner(Struct, frozen=True):
    score: Score
    version: str | None
    note: str | None = None


def evaluate(
    data: Path,
    *,
    catalog: Path | None,
    weights: Path | None,
    split: Split | None,
    policies: Sequence[str],
    groups: Path | None = None,
    unseen: Unseen | None = None,
) -> Evaluated:
    """Of each of the data's sets, all of which are read before the first is evaluated.

    Args:
        data: a file of outcomes or of exported decisions, or a folder of them. Of decisions neither the options nor
            `policies` matter: what is predicted stands in them.
        catalog: where prices are from; without it they are those that fit the data.
        weights: what the learned policy works with; without it the shipped ones.
        split: `None` is all prompts.
        policies: at least one name of `contenders.POLICIES`; the first is compared to each other.
        groups: which tasks count as one.
        unseen: when given, the learned policy works with weights that are trained without what it is tried on.

    Raises:
        NeuroRouteError: a file does not hold.
    """
    alike = dict[str, str]() if groups is None else read_groups(groups)
    files = data_files(data)
    decisions = {name: read_decisions(path) for name, path in files.items() if holds_decisions(path)}
    sets = [_data_set(name, path, catalog, split, alike) for name, path in files.items() if name not in decisions]
    if LEARNED not in policies or not sets:
        learner = None
    elif unseen is None:
        learner = _with_weights(weights)
    else:
        learner = _without(sets, data, unseen)
    reports = {name: _report_of_decisions(name, one) for name, one in decisions.items()}
    reports |= {one.name: _report(one, split, policies, learner) for one in sets}
    return Evaluated([reports[name] for name in files], in_folders=data.is_dir())


def _data_set(name: str, path: Path, catalog: Path | None, split: Split | None, groups: Mapping[str, str]) -> _DataSet:
    every = grouped(read_outcomes(path), groups)
    cards = priced_by_data(every) if catalog is None else priced_by_catalog(catalog, every[0].outcomes)
    return _DataSet(name, every, every if split is None else only(every, split, path), cards)


def _with_weights(weights: Path | None) -> _Learner:
    known = read_weights(weights or SHIPPED)
    classifier, predictor = LearnedClassifier(known), LearnedPredictor(known)

    def score(one: _DataSet) -> Iterable[Scored]:
        return scored(classifier.read_many([example.prompt for example in one.wanted]), one.cards, predictor)

    return _Learner(score, predictor.version)


def _without(sets: Sequence[_DataSet], path: Path, unseen: Unseen) -> _Learner:
    data = {one.name: one.every for one in sets}
    part, word = (task_of, "task") if unseen.folds is None else (fold_of(unseen.folds), "fold")
    for one in sets:
        if len(parts_of(one.every, part)) < 2:
            raise DataRefused(path, f"{one.name} has one {word}. Leaving out takes two or more.")
    unseen.begun(sum(steps_of_leaving_out(data, one.name, part) for one in sets))

    def score(one: _DataSet) -> Iterable[Scored]:
        return scored_unseen(data, one.name, one.wanted, one.cards, part, said=unseen.said)

    by = "task" if unseen.folds is None else f"of {unseen.folds} folds by stem"
    return _Learner(score, None, f"{LEARNED}: each {by} by weights that were trained on all others.")


def _report(one: _DataSet, split: Split | None, policies: Sequence[str], learner: _Learner | None) -> Report:
    table = outcome_table(one.wanted)
    return reported(
        table,
        [_contender(name, one, table, learner) for name in dict.fromkeys(policies)],
        one.cards,
        data=one.name,
        split=split or "all",
        predictor=learner and learner.version,
    )


def _report_of_decisions(name: str, one: DecidedData) -> Report:
    """Of the policies that need not read the prompt: it was not kept."""
    report = reported(one.table, one.contenders, (), data=name, split="decisions", predictor=None)
    seen = calibration(None, one.predicted, one.observed, Resamples(len(one.observed)))
    return replace(report, calibration=[seen], notes=one.notes)


def _contender(name: str, one: _DataSet, table: OutcomeTable, learner: _Learner | None) -> Contender:
    match name:
        case contenders.RULES:
            return rules([example.prompt for example in one.wanted], one.cards, costs_of(TYPICAL_PROMPT, one.cards))
        case contenders.LONGEST:
            return longest(table)
        case contenders.RANDOM:
            return by_chance(table)
        case contenders.LEARNED if learner is not None:
            return learned(learner.score(one), table, note=learner.note)
        case _:
            raise ValueError(f"there is no policy {name}")
