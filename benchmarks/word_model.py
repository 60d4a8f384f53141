"""The learned policy beside a plain model of words, on the same prompts: `python -m benchmarks.word_model [DATA]`.

The rival is the strongest of the plain ones: for each model a logistic regression of its answers' quality on the words
and pairs of words of the prompt, of unit length. Both see the same training prompts and choose by the same objective.
Prints what `neuroroute evaluate --json` prints, a line for each data set and way of splitting it: `dev`, which neither
saw, and all prompts in five folds by stem. DATA is `../shared/routing` unless it is given. Takes some three minutes.
"""

import itertools
import re
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from benchmarks.harness.machine import ROOT
from neuroroute.commands.leave_out import Part, fold_of, parts_of, scored_unseen
from neuroroute.domain.learned_policy import TYPICAL_PROMPT
from neuroroute.domain.model import ModelCard
from neuroroute.infrastructure.evaluation.contenders import Contender, learned
from neuroroute.infrastructure.evaluation.frontier import Numbers, span
from neuroroute.infrastructure.evaluation.outcome_table import OutcomeTable, outcome_table
from neuroroute.infrastructure.evaluation.outcomes import Example, data_files, read_outcomes
from neuroroute.infrastructure.evaluation.priced_models import CHARACTERS_A_TOKEN, priced_by_data
from neuroroute.infrastructure.evaluation.report import as_json, reported
from neuroroute.infrastructure.evaluation.scoring import chosen_of, costs_of, exchanges_of
from neuroroute.infrastructure.training.sparse import SparseRows, columns_of, logistic, sigmoid

PENALTY = 3.0
"""The best of 1, 3 and 8 by APGR over the folds of two models."""
LEAST = 2
"""Training prompts that a word or pair is in, for it to count."""
FOLDS = 5
_WORD = re.compile(r"\b\w+\b")


def predicted_by_words(prompts: Sequence[str], quality: Numbers, asked: Sequence[str]) -> Numbers:
    """The quality of each model's answer to what is `asked`, learned from `prompts`: prompt by model."""
    grams = [_grams(prompt) for prompt in prompts]
    counts = Counter(itertools.chain.from_iterable(grams))
    frequent = sorted(gram for gram, count in counts.items() if count >= LEAST)
    known = {gram: place for place, gram in enumerate(frequent)}
    weights, intercepts = logistic(_rows(grams, known), quality, penalty=PENALTY)
    rows = _rows([_grams(prompt) for prompt in asked], known)
    return sigmoid(np.stack([rows.times(column) for column in columns_of(weights)], axis=1) + intercepts)


def _grams(prompt: str) -> frozenset[str]:
    found = _WORD.findall(prompt.lower())
    return frozenset([*found, *map(" ".join, itertools.pairwise(found))])


def _rows(grams: Sequence[frozenset[str]], known: Mapping[str, int]) -> SparseRows:
    held = [sorted(known[gram] for gram in one if gram in known) for one in grams]
    rows = np.repeat(np.arange(len(grams)), [len(one) for one in held])
    columns = np.array(list(itertools.chain.from_iterable(held)), dtype=np.int64)
    sizes = np.array([max(1, len(one)) for one in grams], dtype=np.float64)
    return SparseRows(rows, columns, 1 / np.sqrt(sizes[rows]), len(grams), len(known))


def words(examples: Sequence[Example], wanted: Sequence[Example], cards: Sequence[ModelCard], part: Part) -> Contender:
    """What the model of words chooses for each of `wanted`, learned from the `examples` of all other parts."""
    table, place = outcome_table(examples), {example.id: at for at, example in enumerate(examples)}
    predicted, chosen = np.zeros((len(examples), len(cards))), np.zeros((len(examples), 11), dtype=np.intp)
    for left_out in parts_of(wanted, part):
        seen = [place[one.id] for one in examples if part(one) != left_out]
        asked = [place[one.id] for one in wanted if part(one) == left_out]
        quality = table.quality[seen]
        found = predicted_by_words([examples[at].prompt for at in seen], quality, [examples[at].prompt for at in asked])
        exchanges = exchanges_of(quality.mean(axis=0).tolist(), costs_of(TYPICAL_PROMPT, cards))
        for at, qualities in zip(asked, found.tolist(), strict=True):
            costs = costs_of(-(-len(examples[at].prompt) // CHARACTERS_A_TOKEN), cards)
            predicted[at], chosen[at] = qualities, chosen_of(qualities, costs, exchanges)
    ours = [place[one.id] for one in wanted]
    return Contender(
        "words", chosen[ours].T, ranking=_ranking(outcome_table(wanted), predicted[ours]), predicted=predicted[ours]
    )


def _ranking(table: OutcomeTable, predicted: Numbers) -> Numbers | None:
    strong = span(*table.means())[1]
    return predicted[:, strong] - predicted[:, 1 - strong] if len(table.models) == 2 else None


def main() -> None:
    data = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT.parent / "shared" / "routing"
    sets = {name: read_outcomes(path) for name, path in data_files(data).items()}
    for name, examples in sets.items():
        cards = priced_by_data(examples)
        splits: Mapping[str, tuple[Sequence[Example], Part]] = {
            "dev": ([one for one in examples if one.split == "dev"], lambda example: example.split),
            f"{FOLDS} folds": (examples, fold_of(FOLDS)),
        }
        for split, (wanted, part) in splits.items():
            table = outcome_table(wanted)
            scores = scored_unseen(sets, name, wanted, cards, part, said=lambda _: None)
            contenders = [learned(scores, table), words(examples, wanted, cards, part)]
            print(as_json(reported(table, contenders, cards, data=name, split=split, predictor=None)), flush=True)


if __name__ == "__main__":
    main()
