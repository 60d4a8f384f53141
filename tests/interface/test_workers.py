"""The service as processes: several workers count together, one may die, and all end when told."""

import os
import signal
import threading
import time
from contextlib import ExitStack

import httpx
import pytest
from infrastructure.scraped import samples
from running import ADMIN_KEY, Service, eventually

from neuroroute.application.records import DELAY

PROMPTS = 40


def ask(service, text="hello", **metadata):
    body = {"prompt": text, "metadata": {"use_cache": False, "model": "local", **metadata}}
    return httpx.post(f"{service.url}/prompt", json=body, timeout=15, trust_env=False)


def scrape(service):
    return samples(httpx.get(f"{service.url}/metrics", timeout=10, trust_env=False).text)


def requests_counted(service):
    return scrape(service).get("requests_total{model=local,outcome=answered,surface=prompt}", 0)


@pytest.fixture(scope="module")
def pair(simulated, tmp_path_factory):
    with Service(tmp_path_factory.mktemp("pair"), "--workers", "2", environ=simulated.environ) as running:
        eventually(lambda: len(running.workers) == 2, within=10)
        yield running


def test_metrics_of_two_workers_add_up_whichever_is_asked(pair):
    before = requests_counted(pair)
    for _ in range(PROMPTS):
        assert ask(pair).status_code == 200
    eventually(lambda: requests_counted(pair) - before == PROMPTS, within=2)
    assert {requests_counted(pair) - before for _ in range(8)} == {PROMPTS}


def test_a_clear_reaches_every_worker_within_a_second(pair):
    body = {"prompt": "cached by each", "metadata": {"model": "local"}}
    with ExitStack() as stack:
        clients = worker_clients(pair, stack)
        for _ in range(2):
            for client in clients:
                assert client.post("/prompt", json=body).status_code == 200
        assert [client.post("/prompt", json=body).json()["from_cache"] for client in clients] == [True, True]
        cleared = clients[0].post("/admin/cache/clear", headers={"authorization": f"Bearer {ADMIN_KEY}"})
        assert cleared.json()["cleared_entries"] == 1
        assert [client.post("/prompt", json=body).json()["from_cache"] for client in clients] == [False, False]


def worker_clients(service, stack):
    """One client with a kept connection to each of the two workers."""
    found = {}
    deadline = time.monotonic() + 10
    while len(found) < 2 and time.monotonic() < deadline:
        client = stack.enter_context(httpx.Client(base_url=service.url, timeout=15, trust_env=False))
        found.setdefault(client.get("/health?detailed=true").json()["system"]["worker_pid"], client)
    assert len(found) == 2
    return list(found.values())


def test_a_worker_that_is_killed_is_replaced_and_what_it_counted_stays(pair):
    time.sleep(2 * DELAY)  # until every worker has told what was asked of it before
    before = requests_counted(pair)
    for _ in range(PROMPTS):
        assert ask(pair).status_code == 200
    eventually(lambda: requests_counted(pair) - before == PROMPTS, within=2)
    victim, survivor = pair.workers
    os.kill(victim, signal.SIGKILL)
    eventually(lambda: len(set(pair.workers) - {victim}) == 2, within=15)
    assert survivor in pair.workers
    answered = 0
    deadline = time.monotonic() + 10
    while answered < PROMPTS and time.monotonic() < deadline:
        try:
            answered += ask(pair).status_code == 200
        except httpx.TransportError:
            time.sleep(0.05)  # this one was the dead worker's
    assert answered == PROMPTS
    # One that was killed may have counted an answer that its caller never read.
    eventually(lambda: requests_counted(pair) - before >= 2 * PROMPTS, within=2)


def test_the_only_worker_is_replaced_too(simulated, tmp_path):
    with Service(tmp_path, environ=simulated.environ) as service:
        (victim,) = service.workers
        os.kill(victim, signal.SIGKILL)

        def answers():
            try:
                return ask(service).status_code == 200
            except httpx.TransportError:
                return False

        eventually(answers, within=15)
        assert victim not in service.workers
        assert service.process.poll() is None


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
def test_ends_cleanly_when_told(simulated, tmp_path, told):
    with Service(tmp_path, environ=simulated.environ) as service:
        assert ask(service).status_code == 200
        workers = service.workers
        service.process.send_signal(told)
        assert service.process.wait(10) == 0
        assert not any(alive(pid) for pid in workers)
        assert '"level":"error"' not in service.log
        assert "Traceback" not in service.log
        with pytest.raises(httpx.TransportError):
            ask(service)


def test_a_prompt_in_flight_is_answered_before_the_end(simulated, tmp_path):
    with Service(tmp_path, environ=simulated.environ) as service:
        answers = []
        thread = threading.Thread(target=lambda: answers.append(ask(service, "hello [[sim:local.delay=1]]")))
        faulty = simulated.count("local", "faulty")
        thread.start()
        eventually(lambda: simulated.count("local", "faulty") > faulty, within=5)
        service.process.send_signal(signal.SIGTERM)
        thread.join(10)
        assert service.process.wait(10) == 0
        assert [answer.status_code for answer in answers] == [200]


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
