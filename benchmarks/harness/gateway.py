"""A gateway under test: started, waited for, loaded, and watched while it is loaded."""

import http.client
import pathlib
import subprocess
import time
from typing import Self

from benchmarks.harness.load import LoadReport, free_port, mock_requests, run_load
from benchmarks.harness.machine import ROOT, busy_seconds, require
from benchmarks.harness.processes import Process
from benchmarks.harness.results import Sample
from benchmarks.harness.spec import HERE, Spec, fill, words

START_LIMIT = 90.0
"""Seconds a gateway has for its first good answer."""


def prepared(command: list[str], build: pathlib.Path, environment: dict[str, str]) -> str:
    """What `command` prints, which no log shows: it may be a key."""
    done = subprocess.run(command, cwd=build, env=environment, capture_output=True, check=True, timeout=START_LIMIT)
    return done.stdout.decode().split()[-1]


class Gateway:
    """One spec, running. `answers` counts the good ones since the start."""

    def __init__(self, spec: Spec, *, build: pathlib.Path, mock: Process, mock_port: int, load_core: int) -> None:
        self.spec = spec
        self.answers = 0
        self.headers: dict[str, str] = {}
        self.port = mock_port
        self.process = mock
        self.core = load_core
        self._build = build
        self._mock_port = mock_port
        self._load_core = load_core

    @classmethod
    def start(
        cls,
        spec: Spec,
        *,
        build: pathlib.Path,
        mock: Process,
        mock_port: int,
        load_core: int,
        core: int,
        baseline_venv: pathlib.Path,
        stores: dict[str, str],
    ) -> Self:
        gateway = cls(spec, build=build, mock=mock, mock_port=mock_port, load_core=load_core)
        gateway.port = free_port()
        gateway.core = core
        blanks = {
            "port": str(gateway.port),
            "mock_port": str(mock_port),
            "build": str(build),
            "root": str(ROOT),
            "baseline_venv": str(baseline_venv),
            **stores,
        }
        command = spec.argv(blanks)
        require(command[0])
        if spec.config:
            config = fill((HERE / spec.config).read_text(encoding="utf-8"), blanks)
            (build / f"{spec.name}.conf").write_text(config, encoding="utf-8")
        environment = {name: fill(value, blanks) for name, value in spec.environment.items()}
        if spec.prepare:
            blanks["prepared"] = prepared(words(spec.prepare, blanks), build, environment)
        gateway.headers = {name: fill(value, blanks) for name, value in spec.headers.items()}
        gateway.process = Process(
            command,
            core=core,
            cwd=build,
            log=build / f"{spec.name}.log",
            environment=environment,
        )
        return gateway

    def cold_start_s(self) -> float:
        """Seconds from the spawn to the first good answer.

        Raises:
            SystemExit: it ended, or gave no good answer in time; the end of its log is shown.
        """
        body = self.spec.file(stream=False).read_bytes().replace(b"@@@@@@@@", b"00000001").rstrip(b"\n")
        refusal = "no connection"
        while time.perf_counter() - self.process.started < START_LIMIT:
            if self.process.exit_code is not None:
                break
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
            try:
                connection.request("POST", self.spec.path, body, {"Content-Type": "application/json", **self.headers})
                response = connection.getresponse()
                answer = response.read()
                if response.status == 200 and self.spec.must.encode() in answer:
                    return round(time.perf_counter() - self.process.started, 3)
                refusal = f"{response.status} {answer[:300]!r}"
            except (OSError, http.client.HTTPException) as error:
                refusal = repr(error)
            finally:
                connection.close()
            time.sleep(0.01)
        raise SystemExit(
            f"benchmarks: {self.spec.name} gave no good answer (exit code {self.process.exit_code}, last: {refusal})\n"
            f"{self.process.log_tail()}"
        )

    def load(
        self,
        *,
        stream: bool = False,
        connections: int,
        seconds: float,
        requests: int | None = None,
        per_second: float | None = None,
    ) -> LoadReport:
        report = run_load(
            self._build,
            self.spec,
            port=self.port,
            core=self._load_core,
            stream=stream,
            connections=connections,
            seconds=seconds,
            requests=requests,
            per_second=per_second,
            headers=self.headers,
        )
        self.answers += report.ok
        return report

    def sample(self, phase: str, *, run: str, number: int, seconds: float, rate: float, streams: int) -> Sample:
        asked = mock_requests(self._mock_port)
        busy = busy_seconds(self.core)
        cpu = self.process.cpu_seconds()
        match phase:
            case "c1":
                report = self.load(connections=1, seconds=seconds)
            case "c64":
                report = self.load(connections=64, seconds=seconds)
            case "rate":
                # Open loop, latency counted from the intended start: waiting in a queue is part of it.
                report = self.load(connections=32, seconds=seconds, per_second=rate, requests=int(rate * seconds))
            case "stream":
                report = self.load(stream=True, connections=8, seconds=60, requests=streams)
            case _:
                raise ValueError(phase)
        cpu = self.process.cpu_seconds() - cpu
        busy = busy_seconds(self.core) - busy
        asked = mock_requests(self._mock_port) - asked
        good = max(1, report.ok)
        return Sample(
            run=run,
            gateway=self.spec.name,
            round=number,
            phase=phase,
            ok=report.ok,
            failed=report.bad + report.errors,
            rps=report.rps,
            cpu_us=round(cpu * 1e6 / good, 1),
            cpu_share=round(cpu / report.seconds, 3),
            others_share=round(max(0.0, busy - cpu) / report.seconds, 3),
            p50_us=report.lat_us.p50,
            p99_us=report.lat_us.p99,
            ttft_p50_us=report.ttfb_us.p50,
            ttft_p99_us=report.ttfb_us.p99,
            upstream_per_answer=round(asked / good, 3),
            events=(report.events_min, report.events_max) if phase == "stream" else (0, 0),
            reconnects=report.reconnects,
            failure=report.bad_sample[:200],
        )
