"""How many prompts keep their model when they are rewritten: `python -m benchmarks.steadiness [DATA]` prints JSON.

Each prompt of the data's dev split is rewritten by the rules below, which depend on nothing but its text, and both are
decided upon at each level from the cheapest to the best. DATA is `../shared/routing` unless it is given.
"""

import random
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path

import msgspec

from benchmarks.harness.machine import ROOT, Commit, this_commit
from neuroroute.domain.model import ModelCard
from neuroroute.infrastructure.classifiers.learned import LearnedClassifier, LearnedPredictor
from neuroroute.infrastructure.classifiers.weights import SHIPPED, read_weights
from neuroroute.infrastructure.evaluation.outcomes import data_files, only, read_outcomes
from neuroroute.infrastructure.evaluation.priced_models import priced_by_data
from neuroroute.infrastructure.evaluation.scoring import LEVELS, scored

SYNONYMS = {
    "also": "additionally", "because": "since", "begin": "start", "best": "most suitable", "big": "large",
    "correct": "right", "describe": "explain", "find": "determine", "following": "below", "get": "obtain",
    "help": "assist", "important": "significant", "increase": "rise", "large": "big", "main": "primary",
    "make": "create", "many": "numerous", "often": "frequently", "people": "persons", "show": "display",
    "use": "utilise",
}  # fmt: skip


def _chance(text: str) -> random.Random:
    return random.Random(sha256(text.encode()).digest())


def case(text: str) -> str:
    return text.upper() if len(text) % 2 else text.lower()


def white_space(text: str) -> str:
    chance = _chance(text)
    return "  " + re.sub(" ", lambda _: " " * chance.choice((1, 1, 2, 3)), text) + "\n\n "


def polite_words(text: str) -> str:
    return f"Hello! Could you please answer this for me? {text} Thank you very much in advance!"


def synonyms(text: str) -> str:
    return re.sub("[A-Za-z]+", lambda word: SYNONYMS.get(word[0].lower(), word[0]), text)


def typing_slips(text: str) -> str:
    """Two letters change places in one of 25 words."""
    chance, words = _chance(text), text.split(" ")
    for _ in range(max(1, len(words) // 25)):
        place = chance.randrange(len(words))
        word = words[place]
        if len(word) > 4 and word.isalpha():
            at = chance.randrange(1, len(word) - 2)
            words[place] = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return " ".join(words)


def appended_noise(text: str) -> str:
    chance = _chance(text)
    return f"{text} {''.join(chance.choices('abcdefghijklmnop', k=8))} {''.join(chance.choices('qrstuvxyz#*', k=6))}"


REWRITES: Mapping[str, Callable[[str], str]] = {
    "case": case,
    "white space": white_space,
    "polite words": polite_words,
    "synonyms": synonyms,
    "typing slips": typing_slips,
    "appended noise": appended_noise,
}


class Kept(msgspec.Struct, frozen=True):
    """Shares of the prompts that keep their model."""

    mean: float
    """Over the levels."""
    least: float
    """At the level where most prompts change."""


class Report(msgspec.Struct, frozen=True):
    """What is printed."""

    commit: Commit
    weights: str
    kept: Mapping[str, Mapping[str, Kept]]
    """By file and rewriting."""
    mean: Mapping[str, float]
    """Over the rewritings."""


def choices(
    texts: Sequence[str], cards: Sequence[ModelCard], classifier: LearnedClassifier, predictor: LearnedPredictor
) -> Sequence[Sequence[int]]:
    """Of each text, at each level."""
    return [one.chosen for one in scored(classifier.read_many(texts), cards, predictor)]


def kept(before: Sequence[Sequence[int]], after: Sequence[Sequence[int]]) -> Kept:
    pairs = list(zip(before, after, strict=True))
    shares = [sum(one[level] == other[level] for one, other in pairs) / len(pairs) for level in LEVELS]
    return Kept(mean=round(sum(shares) / len(shares), 4), least=round(min(shares), 4))


def main() -> None:
    data = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT.parent / "shared" / "routing"
    weights = read_weights(SHIPPED)
    classifier, predictor = LearnedClassifier(weights), LearnedPredictor(weights)
    found = dict[str, dict[str, Kept]]()
    for name, path in data_files(data).items():
        examples = only(read_outcomes(path), "dev", path)
        cards, texts = priced_by_data(examples), [example.prompt for example in examples]
        before = choices(texts, cards, classifier, predictor)
        found[name] = {
            kind: kept(before, choices([rewrite(text) for text in texts], cards, classifier, predictor))
            for kind, rewrite in REWRITES.items()
        }
    means = {name: round(sum(one.mean for one in kinds.values()) / len(kinds), 4) for name, kinds in found.items()}
    report = Report(commit=this_commit(), weights=predictor.version, kept=found, mean=means)
    print(msgspec.json.format(msgspec.json.encode(report)).decode())


if __name__ == "__main__":
    main()
