"""A caller who hangs up, or does not read, costs nothing: measured at the provider."""

import json
import socket
import statistics
import threading
import time
from collections.abc import Generator

import psutil
import pytest
from interface.wire import request
from running import Service, eventually

ROUNDS = 5
CLOSED_WITHIN = 0.1
"""Seconds from the caller's hanging up to the end of the provider's connection (issue 2)."""


def prompt(text, **metadata):
    body = json.dumps({"prompt": text, "metadata": {"model": "local", "use_cache": False, **metadata}}).encode()
    return request(
        "/prompt", "Content-Type: application/json", f"Content-Length: {len(body)}", method="POST", body=body
    )


@pytest.mark.parametrize(
    ("fault", "metadata", "reads"),
    [("delay=8", {}, b""), ("delay=8", {"stream": True}, b""), ("stall_after=3", {"stream": True}, b'"text"'),
     ("bytes_per_second=200", {}, b"")],
    ids=["whole", "streamed, before its first event", "streamed, in the middle", "whole, in the middle"],
)  # fmt: skip
def test_the_provider_is_left_when_the_caller_hangs_up(service, simulated, fault, metadata, reads):
    took = []
    for _ in range(ROUNDS):
        asked, left = simulated.count("local", "faulty"), simulated.count("local", "abandoned")
        with socket.create_connection(("127.0.0.1", service.port), timeout=10) as line:
            line.sendall(prompt(f"hello [[sim:local.{fault}]]", **metadata))
            eventually(lambda asked=asked: simulated.count("local", "faulty") > asked, within=5)
            got = b""
            while reads not in got:
                got += line.recv(65536)
            time.sleep(0.1)
            assert simulated.count("local", "abandoned") == left
        took.append(eventually(lambda left=left: simulated.count("local", "abandoned") > left, within=5))
    # The slowest is the machine's; the middle one is ours.
    assert statistics.median(took) < CLOSED_WITHIN, took


def test_who_has_left_is_not_answered_by_another_model(service, simulated):
    before = simulated.stats()
    with socket.create_connection(("127.0.0.1", service.port), timeout=10) as line:
        line.sendall(prompt("hello [[sim:local.delay=5]]"))
        eventually(lambda: simulated.count("local", "faulty") > before["local"].get("faulty", 0), within=5)
    left = before["local"].get("abandoned", 0)
    eventually(lambda: simulated.count("local", "abandoned") > left, within=5)
    time.sleep(0.2)
    after = simulated.stats()
    assert [after[each].get("completions", 0) for each in ("openai", "anthropic")] == [
        before[each].get("completions", 0) for each in ("openai", "anthropic")
    ]


def test_nothing_stays_behind_when_many_leave(service, client, simulated):
    for _ in range(100):
        with socket.create_connection(("127.0.0.1", service.port), timeout=10) as line:
            line.sendall(prompt("hello [[sim:local.delay=5]]"))
    eventually(lambda: client.get("/health").json()["system"]["in_flight"] == 1, within=5)
    answer = client.post("/prompt", json={"prompt": "hello", "metadata": {"model": "local", "use_cache": False}})
    assert answer.json()["model_used"] == "local"
    assert "unhandled_error" not in service.log


class Endless:
    """An OpenAI-like provider that streams for ever, as fast as it is read."""

    CHUNK = b'data: {"choices":[{"index":0,"delta":{"content":"%s"}}]}\n\n' % (b"x" * 32_768)

    def __init__(self):
        self.sent = 0
        self.ended = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/v1"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._listener.close()

    def _accept(self):
        while True:
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(line,), daemon=True).start()

    def _serve(self, line):
        with line:
            try:
                while head := line.recv(65536):
                    if head.startswith(b"GET"):
                        line.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
                        continue
                    line.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n")
                    while True:
                        line.sendall(self.CHUNK)
                        self.sent += len(self.CHUNK)
            except OSError:
                self.ended.set()


@pytest.fixture
def endless() -> Generator[Endless, None, None]:
    provider = Endless()
    yield provider
    provider.close()


def test_a_caller_who_does_not_read_holds_the_provider_back_and_takes_no_memory(endless, tmp_path):
    with Service(tmp_path, environ={"LMSTUDIO_BASE_URL": endless.url}) as service:
        worker = psutil.Process(service.workers[0])
        before = worker.memory_info().rss
        with socket.create_connection(("127.0.0.1", service.port), timeout=10) as line:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            line.sendall(prompt("hello", stream=True))
            assert line.recv(1024).startswith(b"HTTP/1.1 200")
            eventually(lambda: endless.sent > 1_000_000, within=5)
            time.sleep(1.5)
            held = endless.sent
            time.sleep(0.5)
            assert endless.sent == held, "the provider is still read"
            assert worker.memory_info().rss - before < 24 << 20
        assert endless.ended.wait(2), "the provider was not left when the caller was"
