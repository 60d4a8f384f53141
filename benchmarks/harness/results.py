"""The lines of a result file: one JSON object each, written as it was measured and never changed."""

import pathlib

import msgspec

from benchmarks.harness.machine import Commit, Machine


class Run(msgspec.Struct, frozen=True, tag="run", tag_field="kind"):
    """Opens a run. `gateways` in the order they were loaded; ratios are to the first of them."""

    run: str
    commit: Commit
    machine: Machine
    calibration_ms: float
    gateways: tuple[str, ...]
    rounds: int
    seconds: float
    rate: float
    streams: int


class Start(msgspec.Struct, frozen=True, tag="start", tag_field="kind"):
    """`cold_start_s` runs from the spawn to the first good answer."""

    run: str
    gateway: str
    command: str
    cold_start_s: float
    processes: int
    threads: int


class Memory(msgspec.Struct, frozen=True, tag="memory", tag_field="kind"):
    """Memory of the gateway's process tree after so many good answers since its start."""

    run: str
    gateway: str
    answers: int
    rss_mib: float
    pss_mib: float


class Sample(msgspec.Struct, frozen=True, tag="sample", tag_field="kind", omit_defaults=True):
    """One phase of one round. `cpu_us`: user and system time of the gateway's process tree per good answer.

    `cpu_share`: of the gateway's core, used by the gateway; `others_share`: used by anybody else (a noisy machine).
    """

    run: str
    gateway: str
    round: int
    phase: str
    ok: int
    failed: int
    rps: float
    cpu_us: float
    cpu_share: float
    others_share: float
    p50_us: float
    p99_us: float
    ttft_p50_us: float
    ttft_p99_us: float
    upstream_per_answer: float
    events: tuple[int, int] = (0, 0)
    reconnects: int = 0
    failure: str = ""


class End(msgspec.Struct, frozen=True, tag="end", tag_field="kind"):
    """Closes a run: judge by it only when both calibrations agree."""

    run: str
    calibration_ms: float


Line = Run | Start | Memory | Sample | End


def append(path: pathlib.Path, line: Line) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        file.write(msgspec.json.encode(line) + b"\n")


def read_last_run(path: pathlib.Path) -> list[Line]:
    """The lines of the run that was appended last; earlier runs may have been written in an older shape."""
    lines: list[Line] = []
    for text in reversed(path.read_bytes().splitlines()):
        line = msgspec.json.decode(text, type=Line)
        lines.append(line)
        if isinstance(line, Run):
            return lines[::-1]
    raise SystemExit(f"benchmarks: {path} holds no run")
