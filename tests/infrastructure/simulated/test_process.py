"""The child process: it serves, ends with what started it, and says why it could not start."""

import os
import signal
import subprocess
import sys
import time

import httpx
import psutil
import pytest

from neuroroute.infrastructure.simulated.process import SimulatorNotStarted, SimulatorProcess
from neuroroute.infrastructure.simulated.replies import INSTANT
from neuroroute.infrastructure.simulated.server import FREE_PORTS, SimulatedPorts

PARENT = """
import sys
from neuroroute.infrastructure.simulated.process import SimulatorProcess
from neuroroute.infrastructure.simulated.replies import INSTANT
from neuroroute.infrastructure.simulated.server import FREE_PORTS
with SimulatorProcess(FREE_PORTS, seed=1, pace=INSTANT) as simulator:
    print(simulator.pid, simulator.urls.openai, flush=True)
    sys.stdin.read()
"""

FOREGROUND = """
import sys
from neuroroute.infrastructure.simulated.process import run
from neuroroute.infrastructure.simulated.replies import INSTANT
from neuroroute.infrastructure.simulated.server import FREE_PORTS
run(FREE_PORTS, seed=1, pace=INSTANT, announce=lambda urls: print(urls.openai, flush=True))
"""


def gone(pid: int) -> bool:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.02)
    return False


def test_serves_while_entered_and_no_longer(capfd):
    with SimulatorProcess(FREE_PORTS, seed=1, pace=INSTANT) as simulator:
        pid, url = simulator.pid, f"{simulator.urls.openai}/models"
        assert httpx.get(url, timeout=10).json()["data"]
    assert pid is not None
    assert gone(pid)
    assert capfd.readouterr().err == ""
    with pytest.raises(httpx.ConnectError):
        httpx.get(url, timeout=10)
    with pytest.raises(RuntimeError, match="not been started"):
        _ = simulator.urls


def test_ends_when_its_parent_is_killed():
    with subprocess.Popen([sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        pid, url = parent.stdout.readline().split()
        assert httpx.get(f"{url.decode()}/models", timeout=10).status_code == 200
        parent.kill()
        assert gone(int(pid))


def test_says_that_a_port_is_taken(capfd):
    with SimulatorProcess(FREE_PORTS, seed=1, pace=INSTANT) as first:
        taken = httpx.URL(first.urls.openai).port
        second = SimulatorProcess(SimulatedPorts(openai=taken, anthropic=0, lmstudio=0), seed=1, pace=INSTANT)
        with pytest.raises(SimulatorNotStarted, match="port"), second:
            pass
    assert "address already in use" in capfd.readouterr().err


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_the_foreground_ends_cleanly_on_a_signal_even_with_an_answer_under_way(stop):
    with subprocess.Popen([sys.executable, "-W", "error", "-c", FOREGROUND], stdout=subprocess.PIPE) as process:
        url = process.stdout.readline().decode().strip()
        headers = {"x-simulate": "stall_after=0"}
        body = {"model": "m", "messages": [{"role": "user", "content": "x"}], "stream": True}
        with httpx.stream("POST", f"{url}/chat/completions", json=body, headers=headers, timeout=10) as answer:
            assert next(answer.iter_raw())
            os.kill(process.pid, stop)
            assert process.wait(10) == 0
