"""The two C programs: a mock provider that costs almost nothing, and a bounded load generator."""

import http.client
import pathlib
import socket
import subprocess
from collections.abc import Mapping

import msgspec

from benchmarks.harness.machine import require
from benchmarks.harness.processes import Process
from benchmarks.harness.spec import HERE, Spec

CHUNKS = 200
GAP_US = 5000
REQUEST_TIMEOUT = 30


class Percentiles(msgspec.Struct, frozen=True):
    """Microseconds over the good answers of one load."""

    p50: float
    p99: float


class LoadReport(msgspec.Struct, frozen=True):
    """What `load` prints. `lat_us` runs to the last byte, `ttfb_us` to the first byte of the body."""

    ok: int
    bad: int
    errors: int
    reconnects: int
    seconds: float
    rps: float
    lat_us: Percentiles
    ttfb_us: Percentiles
    events_min: int
    events_max: int
    bad_sample: str


class MockStats(msgspec.Struct, frozen=True):
    """What the mock counts."""

    requests: int


def compile_programs(build: pathlib.Path) -> None:
    require("gcc")
    require("taskset")
    for name in ("mock", "load"):
        command = ["gcc", "-O2", "-w", "-o", str(build / name), str(HERE / f"{name}.c"), "-lm"]
        subprocess.run(command, check=True, timeout=120)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def start_mock(build: pathlib.Path, *, port: int, core: int) -> Process:
    command = [str(build / "mock"), "-p", str(port), "-n", str(CHUNKS), "-g", str(GAP_US)]
    return Process(command, core=core, cwd=build, log=build / "mock.log", environment={})


def mock_requests(port: int) -> int:
    """Completions the mock was asked for so far; health probes are not among them."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/__stats")
        return msgspec.json.decode(connection.getresponse().read(), type=MockStats).requests
    finally:
        connection.close()


def run_load(
    build: pathlib.Path,
    spec: Spec,
    *,
    port: int,
    core: int,
    stream: bool = False,
    connections: int,
    seconds: float,
    requests: int | None = None,
    per_second: float | None = None,
    headers: Mapping[str, str] = {},
) -> LoadReport:
    """One bounded load: it ends after `requests` or `seconds`, whichever comes first."""
    command = ["taskset", "-c", str(core), str(build / "load"), "-p", str(port), "-u", spec.path]
    command += ["-b", str(spec.file(stream=stream)), "-x", spec.stream_must if stream else spec.must]
    command += ["-c", str(connections), "-t", str(seconds), "-T", str(REQUEST_TIMEOUT)]
    for name, value in headers.items():
        command += ["-H", f"{name}: {value}"]
    if requests is not None:
        command += ["-n", str(requests)]
    if per_second is not None:
        command += ["-r", str(per_second)]
    limit = seconds + REQUEST_TIMEOUT + 30
    done = subprocess.run(command, capture_output=True, check=True, timeout=limit)
    return msgspec.json.decode(done.stdout, type=LoadReport)
