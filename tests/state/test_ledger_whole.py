"""Each prompt that came in is one row of the ledger, whoever left, whatever failed, and however the service ended."""

import json
import socket
import time
from collections import Counter
from collections.abc import Generator

import pytest
from contract.refusals import assert_refused
from interface.keys import bearer, make_key
from running import Service, eventually
from services.postgres import start_postgres
from state.crowd import Crowd
from state.placing import asked, connected, environ_of, rows

WRITTEN = 3.0
"""Seconds after which what has ended is in the database."""
LEAVERS = 15
ENOUGH = 100
"""Answers before it gets interesting."""


@pytest.fixture(scope="module")
def service(simulated, tmp_path_factory, module_postgres_database) -> Generator[Service, None, None]:
    with Service(
        tmp_path_factory.mktemp("instance"), environ=environ_of(simulated, DATABASE_URL=module_postgres_database)
    ) as running:
        yield running


@pytest.fixture
def no_faults(simulated):
    yield
    simulated.faults()


def outcomes(url, prefix="") -> dict[str, list[str]]:
    """By request id."""
    found: dict[str, list[str]] = {}
    for request_id, outcome in rows(url, "SELECT request_id, outcome FROM usage"):
        if request_id.startswith(prefix):
            found.setdefault(request_id, []).append(outcome)
    return found


def used_by(service, key_id) -> list[dict]:
    answer = asked(service, "GET", f"/admin/usage?by=model&key={key_id}")
    assert answer.status_code == 200
    return answer.json()["rows"]


def test_what_is_told_of_usage_is_what_the_clients_saw(service, module_postgres_database, simulated, no_faults):
    made = make_key(service)
    simulated.faults(openai={"status": 500, "rate": 0.3, "on": "completions"})
    with Crowd([service.url], [bearer(made["key"])]) as crowd:
        crowd.go_on(2.0)
    told = used_by(service, made["client_key"]["id"])
    assert {status for status, _ in crowd.statuses} <= {200, 502, 503}
    assert sum(row["requests"] for row in told) == len(crowd.seen)
    assert sum(row["errors"] for row in told) == len(crowd.seen) - len(crowd.answered)
    assert sum(row["prompt_tokens"] for row in told) == sum(seen.tokens[0] for seen in crowd.seen)
    assert sum(row["completion_tokens"] for row in told) == sum(seen.tokens[1] for seen in crowd.seen)
    assert sum(row["cost_nano_usd"] for row in told) == sum(seen.nano_usd for seen in crowd.seen) > 0
    by_id = outcomes(module_postgres_database)
    assert [len(by_id[seen.request_id]) for seen in crowd.seen] == [1] * len(crowd.seen)


@pytest.mark.parametrize(
    ("when", "fault", "reads"),
    [("before", "delay=5", False), ("amid", "stall_after=3", True), ("unread", "words=4000", True)],
)
def test_callers_who_leave_are_each_recorded_once(service, module_postgres_database, when, fault, reads):
    key = make_key(service)["key"]
    ids = [f"{when}-{number}-{len(outcomes(module_postgres_database))}" for number in range(LEAVERS)]
    lines = []
    for request_id in ids:
        line = socket.create_connection(("127.0.0.1", service.port), timeout=10)
        metadata = {"stream": True, "request_id": request_id}
        body = {"prompt": f"{request_id} [[sim:local.{fault}]]", "metadata": {**metadata, "model": "local"}}
        line.sendall(written(key, body))
        lines.append(line)
    for line in lines:
        if reads:
            assert line.recv(10)
    time.sleep(0.3)  # until the provider has been asked
    for line in lines:
        line.close()
    eventually(lambda: len(outcomes(module_postgres_database, when).keys() & set(ids)) == LEAVERS, within=WRITTEN + 2)
    found = [outcomes(module_postgres_database)[request_id] for request_id in ids]
    assert [len(one) for one in found] == [1] * LEAVERS
    assert {outcome for one in found for outcome in one} <= {"left", "answered"}


def written(key, body) -> bytes:
    content = json.dumps(body).encode()
    head = f"POST /prompt HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\ncontent-type: application/json\r\n"
    return head.encode() + b"content-length: %d\r\n\r\n" % len(content) + content


def test_a_stop_under_load_loses_no_row(simulated, tmp_path, postgres_database):
    with Service(tmp_path / "home", environ=environ_of(simulated, DATABASE_URL=postgres_database)) as service:
        key = make_key(service)["key"]
        with Crowd([service.url], [bearer(key)]) as crowd:
            eventually(lambda: len(crowd.answered) > ENOUGH, within=10)
            assert service.stop() < 10
    by_id = outcomes(postgres_database)
    assert [len(by_id.get(seen.request_id, ())) for seen in crowd.answered] == [1] * len(crowd.answered)
    assert Counter(len(one) for one in by_id.values()).keys() == {1}


def test_a_full_spool_refuses_prompts_until_the_database_is_back(simulated, tmp_path):
    postgres = start_postgres()
    try:
        environ = environ_of(simulated, DATABASE_URL=postgres.url, NEUROROUTE_SPOOL_LIMIT="1MiB")
        with Service(tmp_path / "home", environ=environ) as service:
            key = make_key(service)["key"]
            postgres.kill()
            with Crowd([service.url], [bearer(key)], size=24) as crowd:
                crowd.until(lambda seen: any(one.status == 503 for one in seen), within=30)
                with connected(service, bearer(key)) as client:
                    body = assert_refused(client.post("/prompt", json={"prompt": "hello"}), 503, "state_unavailable")
                    assert "spool is full" in body["detail"]
                postgres.start()
                crowd.until(lambda seen: len(seen) > 50 and {one.status for one in seen[-50:]} == {200}, within=15)
            assert crowd.statuses.keys() == {(200, ""), (503, "state_unavailable")}
            assert all(int(seen.retry_after) >= 1 for seen in crowd.seen if seen.status == 503)
            wanted = Counter(seen.request_id for seen in crowd.answered)
            eventually(lambda: outcomes(postgres.url).keys() >= wanted.keys(), within=10)
            by_id = outcomes(postgres.url)
            assert [len(by_id[request_id]) for request_id in wanted] == [1] * len(wanted)
    finally:
        postgres.close()
