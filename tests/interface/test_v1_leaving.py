"""Callers of `/v1` who hang up, and streams that are silent: measured at the provider."""

import json
import socket
import statistics
import time
from collections.abc import Generator

import httpx
import psutil
import pytest
from interface.test_caller_leaves import Endless
from interface.v1 import CHAT, MESSAGES, STREAMED, TRANSLATED, events, named, recorded
from interface.wire import request
from running import Service, eventually

ROUNDS = 3
CLOSED_WITHIN = 0.1
"""Seconds from the caller's hanging up to the end of the provider's connection."""
KEEP_ALIVE = 0.2
READ = 200 << 20
"""Bytes of an endless stream that are read."""


@pytest.fixture(scope="module")
def kept(simulated, tmp_path_factory) -> Generator[Service, None, None]:
    """A service that keeps streams alive soon."""
    environ = {**simulated.environ, "NEUROROUTE_KEEP_ALIVE": str(KEEP_ALIVE)}
    with Service(tmp_path_factory.mktemp("kept"), environ=environ) as running:
        yield running


@pytest.fixture(scope="module")
def endless(tmp_path_factory) -> Generator[tuple[Endless, Service], None, None]:
    """A provider that never ends, and a service that asks it."""
    provider = Endless()
    with Service(tmp_path_factory.mktemp("endless"), environ={"LMSTUDIO_BASE_URL": provider.url}) as running:
        yield provider, running
    provider.close()


@pytest.fixture
def worker(endless) -> psutil.Process:
    return psutil.Process(endless[1].workers[0])


@pytest.fixture(scope="module")
def patient(kept) -> Generator[httpx.Client, None, None]:
    with httpx.Client(base_url=kept.url, timeout=20, trust_env=False) as client:
        yield client


def asked(language, text, *, request_id="", **said):
    body = json.dumps(language.body(text, **said)).encode()
    head = ["Content-Type: application/json", f"Content-Length: {len(body)}", f"X-Request-ID: {request_id or 'leaver'}"]
    return request(language.path, *head, method="POST", body=body)


@pytest.mark.parametrize("language", TRANSLATED, ids=named)
@pytest.mark.parametrize(
    ("fault", "said", "reads"),
    [("delay=8", {}, b""), ("delay=8", {"stream": True}, b""), ("stall_after=3", {"stream": True}, b"[simul")],
    ids=["whole", "streamed, before its first event", "streamed, in the middle"],
)  # fmt: skip
def test_the_provider_is_left_when_the_caller_hangs_up(language, fault, said, reads, kept, simulated):
    took, provider = [], language.own
    for number in range(ROUNDS):
        before, left = simulated.count(provider, "faulty"), simulated.count(provider, "abandoned")
        request_id = f"left-{language.name}-{fault}-{len(said)}-{number}"
        with socket.create_connection(("127.0.0.1", kept.port), timeout=10) as line:
            line.sendall(asked(language, f"hello [[sim:{provider}.{fault}]]", request_id=request_id, **said))
            eventually(lambda before=before: simulated.count(provider, "faulty") > before, within=5)
            got = b""
            while reads not in got:
                got += line.recv(65536)
            time.sleep(0.1)
            assert simulated.count(provider, "abandoned") == left
        took.append(eventually(lambda left=left: simulated.count(provider, "abandoned") > left, within=5))
        line = recorded(kept, request_id)
        assert (line["surface"], line["outcome"], line["attempts"]) == (language.name, "left", 1)
        if reads:
            assert line["tokens"] > 0
            assert line["cost_usd"] > 0
    # The slowest is the machine's; the middle one is ours.
    assert statistics.median(took) < CLOSED_WITHIN, took


def test_who_leaves_after_a_keep_alive_and_before_the_first_event_is_noticed_as_soon(kept, simulated):
    left = simulated.count("openai", "abandoned")
    with socket.create_connection(("127.0.0.1", kept.port), timeout=10) as line:
        line.sendall(asked(CHAT, "hello [[sim:openai.delay=8]]", request_id="left-kept", stream=True))
        got = b""
        while b": keep-alive" not in got:
            got += line.recv(65536)
        assert simulated.count("openai", "abandoned") == left
    assert eventually(lambda: simulated.count("openai", "abandoned") > left, within=5) < 5 * CLOSED_WITHIN
    assert recorded(kept, "left-kept")["outcome"] == "left"


@pytest.mark.parametrize("language", STREAMED, ids=named)
def test_a_model_that_thinks_for_long_is_waited_for_with_comments(language, patient):
    answer = language.ask(patient, f"hello [[sim:{language.own}.delay=0.9]]", stream=True)
    assert answer.status_code == 200
    assert answer.text.startswith(": keep-alive\n\n" * 3)
    assert language.text(answer).startswith("[simulated")
    assert language.ends(answer)
    assert "x-neuroroute-model" not in answer.headers
    assert answer.headers["x-request-id"]


@pytest.mark.parametrize("language", TRANSLATED, ids=named)
def test_a_model_that_pauses_is_waited_for_with_comments(language, patient):
    fault = f"[[sim:{language.own}.stall_after=3]] [[sim:{language.own}.stall_for=0.7]]"
    answer = language.ask(patient, f"hello {fault}", stream=True)
    assert answer.headers["x-neuroroute-model"] == language.own
    assert answer.text.count(": keep-alive\n\n") >= 2
    assert "stopped in the middle" in str(events(answer.text)[-1].data)


@pytest.mark.parametrize("language", STREAMED, ids=named)
def test_what_fails_after_a_comment_is_an_event_and_the_head_stays_200(language, patient):
    fault = f"[[sim:{language.own}.delay=0.5]] [[sim:{language.own}.status=429]]"
    answer = language.ask(patient, f"hello {fault}", stream=True)
    assert answer.status_code == 200
    assert answer.text.startswith(": keep-alive\n\n")
    (only,) = events(answer.text)
    assert "rate" in str(only.data)
    assert not language.ends(answer)


def test_another_model_takes_over_behind_the_comments(patient):
    fault = "[[sim:anthropic.delay=0.5]] [[sim:anthropic.status=500]]"
    answer = MESSAGES.ask(patient, f"hello {fault}", stream=True, neuroroute={"fallbacks": ["local"]})
    assert answer.text.startswith(": keep-alive\n\n")
    assert MESSAGES.text(answer).startswith("[simulated local]")
    assert MESSAGES.ends(answer)


@pytest.mark.parametrize("language", TRANSLATED, ids=named)
def test_a_whole_answer_is_waited_for_in_silence(language, patient):
    answer = language.ask(patient, f"hello [[sim:{language.own}.delay=0.5]]")
    assert "keep-alive" not in answer.text
    assert language.text(answer).startswith("[simulated")


@pytest.mark.parametrize("language", TRANSLATED, ids=named)
def test_a_stream_takes_no_memory_and_one_that_nobody_reads_holds_the_provider_back(language, endless, worker):
    service, before = endless[1], worker.memory_info().rss
    with socket.create_connection(("127.0.0.1", service.port), timeout=10) as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        line.sendall(asked(language, "hello", model="local", stream=True))
        read = 0
        while read < READ:
            piece = line.recv(1 << 20)
            assert piece, f"the stream ended after {read} bytes"
            read += len(piece)
        time.sleep(1)
        held = endless[0].sent
        time.sleep(0.5)
        assert endless[0].sent == held, "the provider is still read"
        assert worker.memory_info().rss - before < 24 << 20
    assert eventually(endless[0].ended.is_set, within=5) < 5 * CLOSED_WITHIN
    endless[0].ended.clear()
