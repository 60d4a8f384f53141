"""A result file as the table of a document: medians over the rounds, ratios to the first gateway of the same round.

`python -m benchmarks.harness.table benchmarks/results/NAME.jsonl`
"""

import pathlib
import statistics
import sys
from collections.abc import Callable, Sequence

from benchmarks.harness.results import End, Line, Memory, Run, Sample, Start, read_last_run
from benchmarks.harness.spec import DIRECT

NONE = "-"


class Table:
    """Reads one run's lines; asked cell by cell."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.run = next(line for line in lines if isinstance(line, Run))
        self.end = next((line for line in lines if isinstance(line, End)), None)
        self.starts = {line.gateway: line for line in lines if isinstance(line, Start)}
        self.memory = [line for line in lines if isinstance(line, Memory)]
        self.samples = {(s.gateway, s.phase, s.round): s for s in lines if isinstance(s, Sample)}

    def markdown(self) -> str:
        first = self.run.gateways[0]
        head = [
            "gateway",
            "CPU µs, 64 connections",
            f"to {first}",
            "CPU µs, 1 connection",
            f"to {first}",
            "CPU ms, stream",
            f"to {first}",
            "added first token ms",
            f"added p50 / p99 ms at {self.run.rate:g}/s",
            "RSS MiB: idle → after n answers → end",
            "cold start s",
            "provider calls per answer",
            "failed",
        ]
        rows = [head, ["---"] * len(head), *(self.row(gateway) for gateway in self.run.gateways)]
        return "\n".join(["| " + " | ".join(row) + " |" for row in rows] + ["", self.footnote()])

    def row(self, gateway: str) -> list[str]:
        start = self.starts.get(gateway)
        return [
            gateway,
            self.median(gateway, "c64", lambda s: s.cpu_us),
            self.ratio(gateway, "c64"),
            self.median(gateway, "c1", lambda s: s.cpu_us),
            self.ratio(gateway, "c1"),
            self.median(gateway, "stream", lambda s: s.cpu_us / 1e3),
            self.ratio(gateway, "stream"),
            self.added(gateway, "stream", lambda s: s.ttft_p50_us),
            self.added_at_rate(gateway),
            self.rss(gateway),
            f"{start.cold_start_s:.2f}" if start else NONE,
            self.median(gateway, "c64", lambda s: s.upstream_per_answer),
            str(sum(s.failed for s in self.samples.values() if s.gateway == gateway)),
        ]

    def median(self, gateway: str, phase: str, value: Callable[[Sample], float]) -> str:
        return _number([value(s) for s in self.samples.values() if (s.gateway, s.phase) == (gateway, phase) and s.ok])

    def paired(self, gateway: str, other: str, phase: str) -> list[tuple[Sample, Sample]]:
        """Both samples of every round in which both answered."""
        pairs = [
            (self.samples.get((gateway, phase, n)), self.samples.get((other, phase, n)))
            for n in range(1, self.run.rounds + 1)
        ]
        return [(one, two) for one, two in pairs if one and two and one.ok and two.ok]

    def ratio(self, gateway: str, phase: str) -> str:
        return _number([one.cpu_us / two.cpu_us for one, two in self.paired(gateway, self.run.gateways[0], phase)])

    def added(self, gateway: str, phase: str, value: Callable[[Sample], float]) -> str:
        """Milliseconds more than the mock alone in the same round."""
        return _number([(value(one) - value(two)) / 1e3 for one, two in self.paired(gateway, DIRECT.name, phase)])

    def added_at_rate(self, gateway: str) -> str:
        reached = [s.rps for s in self.samples.values() if (s.gateway, s.phase) == (gateway, "rate")]
        if reached and statistics.median(reached) < 0.9 * self.run.rate:
            return "cannot hold the rate"
        p50 = self.added(gateway, "rate", lambda s: s.p50_us)
        return NONE if p50 == NONE else f"{p50} / {self.added(gateway, 'rate', lambda s: s.p99_us)}"

    def rss(self, gateway: str) -> str:
        found = [m for m in self.memory if m.gateway == gateway]
        if not found:
            return NONE
        # The last line is taken after all rounds, the one before it after the counted requests.
        parts = [f"{found[0].rss_mib:.0f}"]
        parts += [f"{m.rss_mib:.0f} ({m.answers:,})" for m in found[-2:]]
        return " → ".join(parts)

    def footnote(self) -> str:
        run = self.run
        commit = f"{run.commit.id[:12]}{' (modified)' if run.commit.modified else ''}"
        after = f"{self.end.calibration_ms:g}" if self.end else "unfinished run"
        others = [s.others_share for s in self.samples.values() if s.gateway != DIRECT.name]
        noise = f"{statistics.median(others):.0%}, at most {max(others):.0%}" if others else "not measured"
        return (
            f"Run {run.run}, commit {commit}; {run.machine.cpu}, {run.machine.cores} cores, "
            f"Python {run.machine.python}; calibration {run.calibration_ms:g} ms before, {after} after; "
            f"median of {run.rounds} rounds, {run.seconds:g} s a phase; "
            f"others on the gateway's core in the median phase {noise}."
        )


def _number(values: Sequence[float]) -> str:
    if not values:
        return NONE
    value = statistics.median(values)
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    print(Table(read_last_run(pathlib.Path(sys.argv[1]))).markdown())
