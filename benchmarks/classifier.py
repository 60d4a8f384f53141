"""What the rules take of a request, in microseconds: `python -m benchmarks.classifier [ROUNDS]` prints one JSON object.

Typical prompts are read and ranked over three models; hostile ones are 100 KB of UTF-8 that aim at one step each. All
kinds are measured in turns, so that a disturbance of the machine meets them alike.
"""

import itertools
import sys
import time
from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from benchmarks.harness.machine import Commit, Machine, calibration_ms, this_commit, this_machine
from neuroroute.domain.forecast import Circumstances
from neuroroute.domain.model import Dialect, ModelCard, ModelId, ProviderName
from neuroroute.domain.policies import EarlierRules
from neuroroute.domain.prompt import Message, Prompt, Role
from neuroroute.domain.routing import Objective, Requirements
from neuroroute.infrastructure.classifiers import vocabulary
from neuroroute.infrastructure.classifiers.rules import RulesClassifier

ROUNDS = 1000
SIZE = 100_000
"""Bytes of a hostile prompt."""
LETTER = (
    "Please review the message below and tell me how to answer it. I ordered two lamps last week and only one arrived; "
    "the invoice says that both were sent, and the parcel service has no record of the second. The customer asks for "
    "a refund of the missing lamp, a new invoice and, if possible, a comprehensive explanation of what went wrong. "
    "Draft a short, friendly reply that offers either a refund or another."
)
CODE = (
    "Why does this fail on an empty list? ```python\ndef mean(numbers):\n    total = 0\n    for number in numbers:\n"
    "        total += number\n    return total / len(numbers)\n``` Explain the algorithm, then write code that "
    "handles the empty case, and compare both versions. The function is called by an API that must not return 500, "
    "so a default of 0 would do. Add a docstring and an example, please."
)
ENTRIES = tuple(itertools.chain(*vocabulary.KEYWORDS.values(), *vocabulary.CAPABILITIES.values()))
TYPICAL = {"letter of 400 characters": LETTER, "code of 400 characters": CODE, "one word": "hello"}
HOSTILE = {
    "backticks": "`",
    "open fences": "``` `` ",
    "spaces": " ",
    "one long word": "a",
    "one-letter words": "a ",
    "different words": " ".join(f"w{number}" for number in range(20_000)),
    "every entry": " ".join(ENTRIES) + " ",
    "phrases": "what is how to in-depth ",
    "near-miss phrases": "what isx xhow to in-depthx create filex ",
    "upper-case code words": "DEF CLASS FUNCTION ",
    "mathematics": "1+1=2 ",
    "accented letters": "é ",
    "two-byte separators": "".join(f"a{chr(0xA1 + number)}" for number in range(8)),
    "24 three-byte separators": "".join(f"a{chr(0x2010 + number)}" for number in range(24)),
    "ideographs": "".join(map(chr, range(0x4E00, 0x9000))),
}


class Timing(msgspec.Struct, frozen=True):
    """Microseconds of reading and ranking one prompt: by the clock, and of this thread's CPU.

    On a machine that others use too only the latter is the code's own; it includes the 0.5 that reading it takes.
    """

    characters: int
    p50_us: float
    p99_us: float
    cpu_p50_us: float
    cpu_p99_us: float


class Call(NamedTuple):
    """Microseconds of one call."""

    clock: float
    cpu: float


class Report(msgspec.Struct, frozen=True):
    """What is printed."""

    commit: Commit
    machine: Machine
    calibration_ms: tuple[float, float]
    """Before and after: judge by the figures only when both agree."""
    rounds: int
    typical: dict[str, Timing]
    hostile: dict[str, Timing]
    all_hostile: Timing
    """Over all calls of all hostile kinds."""


def measure(texts: dict[str, str], rounds: int) -> dict[str, list[Call]]:
    """Every call, by kind."""
    classifier, policy = RulesClassifier(), EarlierRules()
    cards = [_card(model, capabilities) for model, capabilities in _CAPABILITIES.items()]
    requirements, objective = Requirements(), Objective()
    prompts = {kind: Prompt((Message(Role.USER, text),)) for kind, text in texts.items()}
    took: dict[str, list[Call]] = {kind: [] for kind in texts}
    for _ in range(rounds):
        for kind, prompt in prompts.items():
            cpu, clock = time.thread_time_ns(), time.perf_counter_ns()
            policy.rank(
                cards,
                classifier.classify(prompt),
                allowed=cards,
                requirements=requirements,
                objective=objective,
                circumstances=Circumstances(),
            )
            clock, cpu = time.perf_counter_ns() - clock, time.thread_time_ns() - cpu
            took[kind].append(Call(clock / 1000, cpu / 1000))
    return took


_CAPABILITIES = {
    "local": ("basic_chat", "math"),
    "openai": ("code_generation", "reasoning", "summarization", "data_analysis", "function_calling"),
    "anthropic": ("long_context", "legal_analysis", "reasoning", "creative_writing", "scientific_knowledge"),
}


def _card(model: str, capabilities: tuple[str, ...]) -> ModelCard:
    return ModelCard(
        id=ModelId(model),
        name=model,
        provider=ProviderName(model),
        dialect=Dialect.OPENAI,
        upstream=None,
        capabilities=capabilities,
        max_tokens=8192,
        avg_latency_ms=1000,
        price=None,
    )


def _filled(piece: str) -> str:
    """The piece repeated to `SIZE` bytes."""
    whole = piece.encode()
    return (whole * (SIZE // len(whole) + 1))[:SIZE].decode(errors="ignore")


def _timing(calls: Iterable[Call], characters: int) -> Timing:
    clock, cpu = (sorted(times) for times in zip(*calls, strict=True))
    return Timing(characters, _share(clock, 0.5), _share(clock, 0.99), _share(cpu, 0.5), _share(cpu, 0.99))


def _share(ordered: list[float], share: float) -> float:
    return round(ordered[int(len(ordered) * share)], 1)


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    before = calibration_ms()
    hostile_texts = {kind: _filled(piece) for kind, piece in HOSTILE.items()}
    typical = measure(TYPICAL, 10 * rounds)
    hostile = measure(hostile_texts, rounds)
    report = Report(
        commit=this_commit(),
        machine=this_machine(),
        calibration_ms=(before, calibration_ms()),
        rounds=rounds,
        typical={kind: _timing(calls, len(TYPICAL[kind])) for kind, calls in typical.items()},
        hostile={kind: _timing(calls, len(hostile_texts[kind])) for kind, calls in hostile.items()},
        all_hostile=_timing(itertools.chain(*hostile.values()), max(map(len, hostile_texts.values()))),
    )
    print(msgspec.json.format(msgspec.json.encode(report)).decode())


if __name__ == "__main__":
    main()
