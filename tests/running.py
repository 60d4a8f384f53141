"""`neuroroute serve` as a process of its own, in a folder of its own, with an environment of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self, final

import httpx
import psutil

from neuroroute.infrastructure.simulated.process import SimulatorProcess
from neuroroute.infrastructure.simulated.replies import INSTANT
from neuroroute.infrastructure.simulated.server import FREE_PORTS, SimulatedUrls

ADMIN_KEY = "admin-key-of-the-tests-4711"
OPENAI_KEY = "sk-canary-openai-91d1"
ANTHROPIC_KEY = "sk-ant-canary-6f5a"
COMMAND = Path(sys.executable).with_name("neuroroute")
START_SECONDS = 30.0
STOP_SECONDS = 15.0
ATTEMPTS = 3


def free_port() -> int:
    """A port that nobody listens on just now; somebody may take it before we do, so starting is tried again."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class ServiceFailed(Exception):
    """It did not come up; the message holds its own words."""


@final
class Service:
    """A running service; leaving it ends it."""

    def __init__(self, home: Path, *arguments: str, environ: Mapping[str, str]) -> None:
        self.home = home
        self._arguments = arguments
        self._environ = {
            "PATH": os.defpath,
            "NEUROROUTE_ADMIN_KEY": ADMIN_KEY,
            "LMSTUDIO_PORT": "9",
            **environ,
        }
        self._log = home / "serve.log"
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        """All it said so far."""
        return self._log.read_text(errors="replace")

    @property
    def workers(self) -> list[int]:
        """The pids of the living workers."""
        children = psutil.Process(self.process.pid).children()
        return [child.pid for child in children if self._is_worker(child)]

    @staticmethod
    def _is_worker(child: psutil.Process) -> bool:
        try:
            said = " ".join(child.cmdline())
            return child.status() != psutil.STATUS_ZOMBIE and "resource_tracker" not in said and "simulated" not in said
        except psutil.Error:
            return False

    def __enter__(self) -> Self:
        self.home.mkdir(parents=True, exist_ok=True)
        for attempt in range(1, ATTEMPTS + 1):
            self.port = free_port()
            if self._start():
                return self
            if attempt == ATTEMPTS:
                raise ServiceFailed(self.log)
        raise AssertionError("unreachable")

    def __exit__(self, *exc: object) -> None:
        if self.process.poll() is None:
            self.stop()

    def stop(self) -> float:
        """SIGTERM; the seconds until it had ended, by force if need be."""
        began = time.monotonic()
        family = [self.process.pid, *(child.pid for child in psutil.Process(self.process.pid).children(recursive=True))]
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            for pid in family:
                _kill(pid)
            self.process.wait(STOP_SECONDS)
        return time.monotonic() - began

    def _start(self) -> bool:
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [COMMAND, "serve", "--port", str(self.port), *self._arguments],
                cwd=self.home,
                env=self._environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if httpx.get(f"{self.url}/health/live", timeout=2, trust_env=False).status_code == 200:
                    return True
            except httpx.HTTPError:
                time.sleep(0.02)
        if self.process.poll() is None:
            self.stop()
        return False


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


@final
class Simulated:
    """The simulated providers, and their control endpoint."""

    def __init__(self, urls: SimulatedUrls, client: httpx.Client) -> None:
        self.urls = urls
        self._client = client

    @property
    def environ(self) -> dict[str, str]:
        """What points the three default models at them."""
        return {
            "OPENAI_API_KEY": OPENAI_KEY,
            "OPENAI_BASE_URL": self.urls.openai,
            "ANTHROPIC_API_KEY": ANTHROPIC_KEY,
            "ANTHROPIC_BASE_URL": self.urls.anthropic,
            "LMSTUDIO_BASE_URL": self.urls.lmstudio,
        }

    def faults(self, **scopes: Mapping[str, object]) -> None:
        """Lasting faults by scope; none clears them."""
        self._client.post(f"{self.urls.anthropic}/_control", json=scopes).raise_for_status()

    def stats(self) -> dict[str, dict[str, int]]:
        return self._client.get(f"{self.urls.anthropic}/_stats").json()

    def last(self) -> dict[str, Any]:
        """Each provider's last request."""
        return self._client.get(f"{self.urls.anthropic}/_last").json()

    def count(self, persona: str, what: str) -> int:
        return self.stats()[persona].get(what, 0)


@contextmanager
def simulating() -> Generator[Simulated, None, None]:
    """Simulated providers without pauses, as a process of their own."""
    with (
        SimulatorProcess(FREE_PORTS, seed=7, pace=INSTANT) as process,
        httpx.Client(timeout=10, trust_env=False) as client,
    ):
        yield Simulated(process.urls, client)


def eventually(condition, *, within: float) -> float:
    """Ask until it holds; the seconds that took.

    Raises:
        AssertionError: it did not within so many seconds.
    """
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < within, f"it did not come about within {within} s"
        time.sleep(0.01)
    return time.monotonic() - began
