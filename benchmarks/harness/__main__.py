"""Loads several gateways in turns, in one run on one core: `python -m benchmarks.harness SPEC [SPEC ...]`.

Prints a table with ratios to the first; every single measurement is appended to the result file as it is made.
"""

import argparse
import contextlib
import pathlib
import tempfile
import time

from benchmarks.harness.gateway import Gateway
from benchmarks.harness.load import compile_programs, free_port, start_mock
from benchmarks.harness.machine import ROOT, calibration_ms, require_cores, this_commit, this_machine
from benchmarks.harness.results import End, Memory, Run, Start, append, read_last_run
from benchmarks.harness.spec import DIRECT, PHASES, Spec, read_spec
from benchmarks.harness.stores import stores
from benchmarks.harness.table import Table


class Options(argparse.Namespace):
    """The command line, typed."""

    specs: list[str]
    results: pathlib.Path
    phases: str
    rounds: int
    seconds: float
    rate: float
    streams: int
    memory_requests: int
    memory_seconds: float
    gateway_core: int
    load_core: int
    baseline_venv: pathlib.Path


def options() -> Options:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.harness", description=__doc__)
    add = parser.add_argument
    add("specs", nargs="+", help="names in benchmarks/harness/specs, or paths; ratios are to the first")
    add("--results", type=pathlib.Path, default=ROOT / "benchmarks" / "results" / "side-by-side.jsonl")
    add("--phases", default=",".join(PHASES), help="of c1, c64, rate, stream")
    add("--rounds", type=int, default=5)
    add("--seconds", type=float, default=3, help="of each phase")
    add("--rate", type=float, default=100, help="requests a second of the phase `rate`")
    add("--streams", type=int, default=32, help="of 200 chunks, 8 at a time, in the phase `stream`")
    add("--memory-requests", type=int, default=20_000, help="before the rounds: memory is read after each quarter")
    add("--memory-seconds", type=float, default=120, help="limit of that")
    add("--gateway-core", type=int, default=1)
    add("--load-core", type=int, default=0, help="for the mock and the load generator")
    add("--baseline-venv", type=pathlib.Path, default=ROOT / "benchmarks" / "baseline_fastapi" / ".venv")
    return parser.parse_args(namespace=Options())


def measure(chosen: Options, specs: list[Spec], build: pathlib.Path) -> None:
    run = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    opening = Run(
        run=run,
        commit=this_commit(),
        machine=this_machine(),
        calibration_ms=calibration_ms(),
        gateways=tuple(spec.name for spec in specs),
        rounds=chosen.rounds,
        seconds=chosen.seconds,
        rate=chosen.rate,
        streams=chosen.streams,
    )
    append(chosen.results, opening)
    with contextlib.ExitStack() as cleanup:
        mock_port = free_port()
        mock = start_mock(build, port=mock_port, core=chosen.load_core)
        cleanup.callback(mock.stop)
        time.sleep(0.2)
        places = cleanup.enter_context(stores(specs, build=build, core=chosen.load_core))
        direct = Gateway(DIRECT, build=build, mock=mock, mock_port=mock_port, load_core=chosen.load_core)
        gateways: list[Gateway] = []
        for spec in specs:
            gateway = Gateway.start(
                spec,
                build=build,
                mock=mock,
                mock_port=mock_port,
                load_core=chosen.load_core,
                core=chosen.gateway_core,
                baseline_venv=chosen.baseline_venv,
                stores=places,
            )
            cleanup.callback(gateway.process.stop)
            gateways.append(gateway)
            warm_up(chosen, gateway, run)
        for number in range(1, chosen.rounds + 1):
            print(f"round {number} of {chosen.rounds}", flush=True)
            for phase in chosen.phases.split(","):
                for gateway in [direct, *gateways]:
                    if phase in gateway.spec.phases:
                        sample = gateway.sample(
                            phase,
                            run=run,
                            number=number,
                            seconds=chosen.seconds,
                            rate=chosen.rate,
                            streams=chosen.streams,
                        )
                        append(chosen.results, sample)
        for gateway in gateways:
            append(chosen.results, memory(gateway, run))
    append(chosen.results, End(run=run, calibration_ms=calibration_ms()))


def warm_up(chosen: Options, gateway: Gateway, run: str) -> None:
    """Cold start, memory when idle, then the counted requests in quarters with the memory after each."""
    name = gateway.spec.name
    cold = gateway.cold_start_s()
    print(f"{name}: first good answer after {cold} s", flush=True)
    time.sleep(1)
    process = gateway.process
    append(
        chosen.results,
        Start(
            run=run,
            gateway=name,
            command=gateway.spec.command,
            cold_start_s=cold,
            processes=len(process.pids()),
            threads=process.threads(),
        ),
    )
    append(chosen.results, memory(gateway, run))
    for _ in range(4):
        gateway.load(connections=16, seconds=chosen.memory_seconds / 4, requests=chosen.memory_requests // 4)
        time.sleep(0.5)
        append(chosen.results, memory(gateway, run))


def memory(gateway: Gateway, run: str) -> Memory:
    resident, proportional = gateway.process.memory_mib()
    return Memory(run=run, gateway=gateway.spec.name, answers=gateway.answers, rss_mib=resident, pss_mib=proportional)


def main() -> None:
    chosen = options()
    specs = [read_spec(name) for name in chosen.specs]
    if unknown := set(chosen.phases.split(",")) - set(PHASES):
        raise SystemExit(f"benchmarks: unknown phases {sorted(unknown)}; known: {', '.join(PHASES)}")
    require_cores(chosen.gateway_core, chosen.load_core)
    with tempfile.TemporaryDirectory(prefix="neuroroute-bench-") as folder:
        build = pathlib.Path(folder)
        (build / "tmp").mkdir()
        compile_programs(build)
        measure(chosen, specs, build)
    print(Table(read_last_run(chosen.results)).markdown())


main()
