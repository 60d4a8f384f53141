"""What a route costs in each style of handler, in turns on one core: `python -m benchmarks.handler_styles.measure`.

Prints the medians; writes every round to `results.json` beside this file.
"""

import argparse
import contextlib
import pathlib
import statistics
import sys
import tempfile
import time
from importlib.metadata import version

import msgspec

from benchmarks.harness.load import LoadReport, compile_programs, free_port, run_load
from benchmarks.harness.machine import ROOT, Machine, calibration_ms, require_cores, this_machine
from benchmarks.harness.processes import Process
from benchmarks.harness.spec import Spec

STYLES = ("raw", "asgi", "behind_route", "typed")
SPEC = Spec(name="handler styles", path="/prompt", body="prompt-same.json", must="characters")
CONNECTIONS = (64, 1)
CORE, LOAD_CORE = 1, 0
PACKAGES = ("granian", "litestar", "msgspec", "uvloop")


class Results(msgspec.Struct, kw_only=True):
    """`cpu_us`: by connections and style, one figure a round: user and system time of the server per good answer."""

    when: str
    machine: Machine
    versions: dict[str, str]
    seconds: float
    calibration_ms: list[float]
    cpu_us: dict[str, dict[str, list[float]]]
    median_cpu_us: dict[str, dict[str, float]] = {}
    median_above_raw_us: dict[str, dict[str, float]] = {}
    """The style's figure less that of `raw` in the same round."""


class Options(argparse.Namespace):
    """The command line, typed."""

    rounds: int
    seconds: float
    out: pathlib.Path


def options() -> Options:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.handler_styles.measure", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=2, help="of each load")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).with_name("results.json"))
    return parser.parse_args(namespace=Options())


def start(style: str, port: int, build: pathlib.Path) -> Process:
    command = [sys.executable, "-m", "granian", "--interface", "asgi", "--factory", "--no-ws", "--loop", "uvloop"]
    command += ["--log-level", "warning", "--port", str(port), "benchmarks.handler_styles.styles:app"]
    environment = {"STYLE": style, "PYTHONPATH": str(ROOT)}
    return Process(command, core=CORE, cwd=build, log=build / f"{style}.log", environment=environment)


def load(build: pathlib.Path, port: int, connections: int, seconds: float) -> LoadReport:
    report = run_load(build, SPEC, port=port, core=LOAD_CORE, connections=connections, seconds=seconds)
    if report.bad or report.errors or not report.ok:
        raise SystemExit(f"benchmarks: port {port}: {report.bad} wrong answers, {report.errors} errors")
    return report


def wait_for(process: Process, port: int, build: pathlib.Path) -> None:
    """Warm it up as soon as it answers.

    Raises:
        SystemExit: it does not, within 20 s.
    """
    until = time.monotonic() + 20
    while time.monotonic() < until and process.exit_code is None:
        if run_load(build, SPEC, port=port, core=LOAD_CORE, connections=1, seconds=0.2).ok:
            load(build, port, 16, 1)
            return
    raise SystemExit(f"benchmarks: no answer on port {port}: {process.log_tail()}")


def measure(chosen: Options, build: pathlib.Path) -> Results:
    results = Results(
        when=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        machine=this_machine(),
        versions={name: version(name) for name in PACKAGES},
        seconds=chosen.seconds,
        calibration_ms=[calibration_ms()],
        cpu_us={f"c{connections}": {style: [] for style in STYLES} for connections in CONNECTIONS},
    )
    with contextlib.ExitStack() as cleanup:
        running: dict[str, tuple[Process, int]] = {}
        for style in STYLES:
            port = free_port()
            process = start(style, port, build)
            cleanup.callback(process.stop)
            wait_for(process, port, build)
            running[style] = process, port
        for _ in range(chosen.rounds):
            for connections in CONNECTIONS:
                for style, (process, port) in running.items():
                    before = process.cpu_seconds()
                    good = load(build, port, connections, chosen.seconds).ok
                    spent = round((process.cpu_seconds() - before) * 1e6 / good, 1)
                    results.cpu_us[f"c{connections}"][style].append(spent)
    results.calibration_ms.append(calibration_ms())
    for phase, styles in results.cpu_us.items():
        results.median_cpu_us[phase] = {style: statistics.median(rounds) for style, rounds in styles.items()}
        results.median_above_raw_us[phase] = {
            style: round(statistics.median(a - b for a, b in zip(rounds, styles["raw"], strict=True)), 1)
            for style, rounds in styles.items()
        }
    return results


def main() -> None:
    chosen = options()
    require_cores(CORE, LOAD_CORE)
    with tempfile.TemporaryDirectory(prefix="neuroroute-bench-") as folder:
        build = pathlib.Path(folder)
        compile_programs(build)
        results = measure(chosen, build)
    chosen.out.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=1) + b"\n")
    for phase, medians in results.median_cpu_us.items():
        print(phase, "CPU µs per request:", ", ".join(f"{style} {spent:g}" for style, spent in medians.items()))


if __name__ == "__main__":
    main()
