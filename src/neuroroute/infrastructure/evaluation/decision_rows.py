"""Exported decisions as data: what was predicted, who was asked, and what a caller said of the answer."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Final

import msgspec
import numpy as np
from msgspec import Meta, Struct

from neuroroute.infrastructure.evaluation.contenders import LEARNED, Contender
from neuroroute.infrastructure.evaluation.frontier import Numbers
from neuroroute.infrastructure.evaluation.json_lines import DataRefused, read_bytes, read_lines, shown
from neuroroute.infrastructure.evaluation.outcome_table import OutcomeTable
from neuroroute.infrastructure.evaluation.outcomes import Name
from neuroroute.infrastructure.evaluation.scoring import LEVELS, chosen_of, exchanges_of

DECIDED: Final = "decided"
"""What was done in truth."""

Share = Annotated[float, Meta(ge=0, le=1, description="a number, 0 to 1")]
Dollars = Annotated[float, Meta(ge=0, le=1_000_000, description="dollars, 0 to 1,000,000")]


class Foretold(Struct, frozen=True):
    """Of one model's answer."""

    quality: Annotated[float, Meta(ge=0, le=1)]


class DecisionRow(Struct, frozen=True):
    """What is needed of a line that `neuroroute decisions export` writes; its other fields are passed over."""

    id: Name
    chosen: Name
    propensity: Annotated[float, Meta(gt=0, le=1, description="a number above 0, up to 1")]
    """How probable it was that this one was chosen."""
    predictions: Annotated[Mapping[Name, Foretold], Meta(description='for each model {"quality": 0 to 1}')]
    """None by rules."""
    costs_usd: Annotated[Mapping[Name, Dollars | None], Meta(description="dollars by model")]
    """As expected."""
    model: str | None
    """Who answered."""
    cost_usd: Dollars | None
    score: Share | None
    """The caller's word."""

    @property
    def can_be_judged(self) -> bool:
        """There is a word on the answer of the chosen model, and a prediction and a cost of each in the choice."""
        known = [self.costs_usd.get(model) is not None for model in self.predictions]
        said = self.score is not None and self.cost_usd is not None
        return said and self.model == self.chosen and self.chosen in self.predictions and all(known)


class DecidedData(Struct, frozen=True):
    """Decisions as outcomes of every model, so that they are evaluated like any other data."""

    table: OutcomeTable
    contenders: Sequence[Contender]
    """What was done, and what the predictions and the objective would have chosen at each level."""
    predicted: Numbers
    """Of the answers that were given: decision by 1."""
    observed: Numbers
    """What callers said of them, likewise."""
    notes: Sequence[str]


def holds_decisions(path: Path) -> bool:
    """Whether a file of data is one of exported decisions: what its first line has tells.

    Raises:
        DataRefused: the file cannot be read.
    """
    first = next((line for line in read_bytes(path).splitlines() if line.strip()), b"")
    try:
        return "predictions" in msgspec.json.decode(first, type=dict[str, msgspec.Raw])
    except (ValueError, RecursionError):
        return False


def read_decisions(path: Path) -> DecidedData:
    """What the decisions of a file say of each model: doubly robust estimates (arXiv 1103.4601).

    A model that was asked is worth what was predicted of it and, divided by how probable it was to be asked, by how
    much the caller found it better; any other is worth what was predicted. In the mean that is right when either the
    predictions or the probabilities are. Only decisions between the same models are compared: the most frequent.

    Raises:
        DataRefused: a line does not hold, has the id of another, or no decision can be judged.
    """
    lines = dict[str, int]()
    rows = list[DecisionRow]()
    for line, row in read_lines(path, DecisionRow):
        if row.id in lines:
            problem = f"{shown(row.id)} is that of line {lines[row.id]} too. Each decision has an id of its own."
            raise DataRefused(path, problem, line=line, field="id")
        lines[row.id] = line
        rows.append(row)
    judged = [row for row in rows if row.can_be_judged]
    if not judged:
        problem = "holds no decision with predictions, an answer of the chosen model and a caller's word on it."
        raise DataRefused(path, problem, field="score")
    between = Counter(tuple(sorted(row.predictions)) for row in judged).most_common(1)[0][0]
    kept = [row for row in judged if tuple(sorted(row.predictions)) == between]
    return _decided(kept, between, list(_notes(kept, unjudged=len(rows) - len(judged), others=len(judged))))


def _decided(rows: Sequence[DecisionRow], models: Sequence[str], notes: Sequence[str]) -> DecidedData:
    foretold = np.array([[row.predictions[model].quality for model in models] for row in rows])
    costs = np.array([[row.costs_usd[model] or 0.0 for model in models] for row in rows])
    asked = np.array([models.index(row.chosen) for row in rows], np.intp)
    given = np.arange(len(rows)), asked
    propensity = np.array([row.propensity for row in rows])
    observed = np.array([row.score or 0.0 for row in rows])
    quality, cost = foretold.copy(), costs.copy()
    quality[given] += (observed - foretold[given]) / propensity
    cost[given] += (np.array([row.cost_usd or 0.0 for row in rows]) - costs[given]) / propensity
    exchanges = exchanges_of(foretold.mean(axis=0).tolist(), costs.mean(axis=0).tolist())
    wished = [chosen_of(*pair, exchanges) for pair in zip(foretold.tolist(), costs.tolist(), strict=True)]
    return DecidedData(
        OutcomeTable(models, ["decisions"] * len(rows), np.zeros(len(rows)), quality, cost),
        [
            Contender(DECIDED, np.repeat(asked[None], len(LEVELS), axis=0)),
            Contender(LEARNED, np.array(wished, np.intp).T),
        ],
        foretold[given][:, None],
        observed[:, None],
        notes,
    )


def _notes(kept: Sequence[DecisionRow], *, unjudged: int, others: int) -> Iterator[str]:
    yield (
        f"{DECIDED}: what was done, each decision by its own objective. Models that were not asked are worth what was "
        "predicted, corrected by what callers said where they were asked (doubly robust)."
    )
    if all(row.propensity == 1 for row in kept):
        yield "Nothing was explored: of models that were not asked only the predictions speak."
    if unjudged:
        yield f"{unjudged} decisions are left out: no prediction, another model answered, or no caller's word on it."
    if others > len(kept):
        yield f"{others - len(kept)} decisions are left out, which chose between other models."
