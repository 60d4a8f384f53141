"""What a decision by the learned weights takes, in microseconds: `python -m benchmarks.predictor [ROUNDS] [DATA]`.

Prints one JSON object. Each prompt of the data's dev split is read, the models of its file are estimated and one is
chosen; each call is timed by itself, prompts in turns. DATA is `../shared/routing` unless it is given. Hostile prompts
are 100 KB of UTF-8. The yardstick is the least that a router of words can do: look up each word and pair of words.
"""

import itertools
import re
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from statistics import median

import msgspec

from benchmarks.harness.machine import ROOT, Commit, Machine, calibration_ms, this_commit, this_machine
from neuroroute.domain.model import Dialect, ModelCard, ModelId, Price, ProviderName
from neuroroute.domain.objective import USUAL, Option, choose, exchange_at, slope
from neuroroute.domain.quality import Estimate
from neuroroute.infrastructure.classifiers.learned import LearnedClassifier, LearnedPredictor
from neuroroute.infrastructure.classifiers.weights import SHIPPED, read_weights
from neuroroute.infrastructure.evaluation.outcomes import Example, data_files, only, read_outcomes

ROUNDS = 10
SIZE = 100_000
"""Bytes of a hostile prompt."""
HOSTILE = {
    "spaces": " ",
    "newlines": "\n",
    "one long word": "a",
    "one-letter words": "a ",
    "different words": " ".join(f"w{number}" for number in range(20_000)),
    "accented letters": "é ",
    "ideographs": "".join(map(chr, range(0x4E00, 0x9000))),
    "options": "a. b. c. d. ",
    "polite words": "could you please thank you ",
    "operators": "1+1=2 ",
    "backticks": "``` ",
}


class Timing(msgspec.Struct, frozen=True):
    """Microseconds by the clock, and of this thread's CPU: on a machine that others use too only the latter is ours."""

    calls: int
    p50_us: float
    p99_us: float
    cpu_p50_us: float
    cpu_p99_us: float


class Decisions(msgspec.Struct, frozen=True):
    """Of one file's prompts, with its models."""

    models: int
    characters: float
    """Of the prompt in the middle."""
    decision: Timing
    reading: Timing
    """Of which this is the prompt's part."""
    yardstick: Timing
    readings_per_second: float
    """Of `read_many`, by CPU."""


class Report(msgspec.Struct, frozen=True):
    """What is printed."""

    commit: Commit
    machine: Machine
    calibration_ms: tuple[float, float]
    """Before and after: judge by the figures only when both agree."""
    rounds: int
    weights: str
    weights_bytes: int
    load_ms: float
    """Of reading the file and making both adapters, once NumPy is there: the middle of five."""
    typical: Mapping[str, Decisions]
    hostile: Mapping[str, Timing]
    all_hostile: Timing


def timed(call: Callable[[str], object], texts: Sequence[str], rounds: int) -> Timing:
    """Of each text once a round, in turns."""
    clocks, cpus = list[float](), list[float]()
    for text in itertools.chain.from_iterable(itertools.repeat(texts, rounds)):
        cpu, clock = time.thread_time_ns(), time.perf_counter_ns()
        call(text)
        clock, cpu = time.perf_counter_ns() - clock, time.thread_time_ns() - cpu
        clocks.append(clock / 1000)
        cpus.append(cpu / 1000)
    return Timing(len(clocks), _at(clocks, 0.5), _at(clocks, 0.99), _at(cpus, 0.5), _at(cpus, 0.99))


def _at(times: Iterable[float], share: float) -> float:
    ordered = sorted(times)
    return round(ordered[int(len(ordered) * share)], 1)


def decisions(
    examples: Sequence[Example], rounds: int, classifier: LearnedClassifier, predictor: LearnedPredictor
) -> Decisions:
    """Of a file's prompts."""
    cards = [_card(model) for model in examples[0].outcomes]
    spends = [1e-6 * (1 + place) for place, _ in enumerate(cards)]
    typical = [Estimate(quality=quality, low=quality, high=quality) for quality in predictor.typical(cards)]
    exchange = exchange_at(USUAL, slope(_options(cards, typical, spends)))
    texts = [example.prompt for example in examples]
    words = dict.fromkeys(itertools.chain.from_iterable(map(_grams, texts)), 0.1)

    def decide(text: str) -> Option:
        return choose(_options(cards, predictor.estimate(classifier.read(text), cards), spends), exchange=exchange)

    def look_up(text: str) -> float:
        return sum([words.get(gram, 0.0) for gram in _grams(text)])

    begun = time.thread_time()
    classifier.read_many(texts)
    took = time.thread_time() - begun
    return Decisions(
        models=len(cards),
        characters=median(map(len, texts)),
        decision=timed(decide, texts, rounds),
        reading=timed(classifier.read, texts, rounds),
        yardstick=timed(look_up, texts, rounds),
        readings_per_second=round(len(texts) / took),
    )


_WORD = re.compile(r"\b\w+\b")


def _grams(text: str) -> list[str]:
    found = _WORD.findall(text.lower())
    return [*found, *map(" ".join, itertools.pairwise(found))]


def _options(cards: Sequence[ModelCard], estimates: Sequence[Estimate], spends: Sequence[float]) -> list[Option]:
    return [
        Option(model=card.id, quality=estimate.quality, spend=spend, most=spend)
        for card, estimate, spend in zip(cards, estimates, spends, strict=True)
    ]


def _card(model: str) -> ModelCard:
    return ModelCard(
        id=ModelId(model),
        name=model,
        provider=ProviderName("measured"),
        dialect=Dialect.OPENAI,
        upstream=None,
        capabilities=(),
        max_tokens=8192,
        avg_latency_ms=1000,
        price=Price(prompt=10**9, completion=10**9),
    )


def _filled(piece: str) -> str:
    """The piece repeated to `SIZE` bytes."""
    whole = piece.encode()
    return (whole * (SIZE // len(whole) + 1))[:SIZE].decode(errors="ignore")


def _load_ms() -> float:
    begun = time.perf_counter()
    weights = read_weights(SHIPPED)
    LearnedClassifier(weights)
    LearnedPredictor(weights)
    return (time.perf_counter() - begun) * 1000


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    data = Path(sys.argv[2]) if len(sys.argv) > 2 else ROOT.parent / "shared" / "routing"
    before = calibration_ms()
    load_ms = median(_load_ms() for _ in range(5))
    weights = read_weights(SHIPPED)
    classifier, predictor = LearnedClassifier(weights), LearnedPredictor(weights)
    hostile = {kind: _filled(piece) for kind, piece in HOSTILE.items()}
    report = Report(
        commit=this_commit(),
        machine=this_machine(),
        rounds=rounds,
        weights=predictor.version,
        weights_bytes=SHIPPED.stat().st_size,
        load_ms=round(load_ms, 1),
        typical={
            name: decisions(only(read_outcomes(path), "dev", path), rounds, classifier, predictor)
            for name, path in data_files(data).items()
        },
        hostile={kind: timed(classifier.read, [text], 10 * rounds) for kind, text in hostile.items()},
        all_hostile=timed(classifier.read, list(hostile.values()), 10 * rounds),
        calibration_ms=(before, calibration_ms()),
    )
    print(msgspec.json.format(msgspec.json.encode(report)).decode())


if __name__ == "__main__":
    main()
