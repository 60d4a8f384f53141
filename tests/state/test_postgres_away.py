"""Postgres is killed, or frozen, under load: prompts are answered, writes are refused in time, and all of it heals."""

import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor

import pytest
from contract.refusals import assert_refused
from interface.keys import UNKNOWN, bearer, make_key
from running import Service, eventually
from services.postgres import start_postgres
from state.crowd import Crowd
from state.placing import asked, environ_of, ready, rows

BOUND = 6.0
"""Seconds in which a route that needs the database has given up on one that says nothing: see `sql.database`."""
HEALED = 8.0
"""Seconds after its return in which all is well again."""
WRITES = (
    ("POST", "/admin/keys", {"name": "a test"}),
    ("POST", "/api-keys/", {"provider": "openai", "api_key": "sk-of-a-test"}),
    ("POST", "/api-keys/settings/", {"provider": "openai"}),
    ("PUT", "/admin/models/extra", {"provider": "lmstudio", "max_tokens": 100}),
    ("DELETE", "/admin/models/extra", None),
)
READS = tuple(
    ("GET", path)
    for path in ("/admin/keys", "/admin/usage", "/admin/audit", "/admin/models", "/api-keys/", "/api-keys/settings/")
)
ROUTES = (*WRITES, *READS)
DECISION = "0193a6f0c1d27a3b8c4d5e6f7a8b9c0d"


@pytest.fixture(scope="module")
def postgres() -> Generator:
    """Of this file's own: each test leaves it running."""
    server = start_postgres()
    yield server
    server.close()


@pytest.fixture(scope="module")
def service(simulated, tmp_path_factory, postgres, redis_url) -> Generator[Service, None, None]:
    home = tmp_path_factory.mktemp("instance")
    environ = environ_of(
        simulated,
        DATABASE_URL=postgres.url,
        REDIS_URL=redis_url,
        REDIS__KEY_PREFIX=f"test:{home.name}{time.time_ns()}:",
    )
    with Service(home, environ=environ) as running:
        eventually(lambda: ready(running) == (200, None), within=10)
        yield running


@pytest.fixture
def keys(service):
    """One without a limit, one with a limit that is not reached."""
    return [bearer(make_key(service, **said)["key"]) for said in ({}, {"requests_per_minute": 100_000})]


def assert_refused_in_time(service, method, path, body=None):
    answer = asked(service, method, path, json=body, timeout=BOUND + 4)
    assert_refused(answer, 503, "state_unavailable")
    assert int(answer.headers["retry-after"]) >= 1
    assert answer.elapsed.total_seconds() < BOUND, path


def assert_nothing_is_said_of_decisions(service):
    """In OpenAI's shape, and not as if there were none."""
    shown = asked(service, "GET", f"/v1/decisions/{DECISION}", timeout=BOUND + 4)
    judged = asked(service, "POST", "/v1/feedback", json={"decision_id": DECISION, "score": 1}, timeout=BOUND + 4)
    for answer in (shown, judged):
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "state_unavailable")
        assert answer.elapsed.total_seconds() < BOUND


def unknown_key(service):
    return asked(service, "GET", "/models", headers=bearer(UNKNOWN))


def recorded(postgres) -> list[str]:
    return [row[0] for row in rows(postgres.url, "SELECT request_id FROM usage")]


def assert_all_is_well(service, postgres, crowd):
    """Writes work, the ledger holds each answer of the crowd once, and the whole of it was good."""
    eventually(lambda: ready(service) == (200, None), within=HEALED)
    for method, path, body in WRITES:
        assert asked(service, method, path, json=body).status_code in {200, 201, 204}, path
    answered = sorted(seen.request_id for seen in crowd.answered)
    eventually(lambda: len(set(recorded(postgres)) & set(answered)) == len(answered), within=HEALED)
    mine = sorted(row for row in recorded(postgres) if row in set(answered))
    assert mine == answered


@pytest.mark.parametrize(("away", "back"), [("kill", "start"), ("freeze", "thaw")])
def test_postgres_goes_and_comes_back_under_load(service, postgres, keys, away, back, record_testsuite_property):
    with Crowd([service.url], keys) as crowd:
        crowd.go_on(1.0)
        getattr(postgres, away)()
        try:
            eventually(lambda: ready(service)[1] is not None, within=BOUND)
            eventually(lambda: asked(service, "GET", "/models").status_code == 200, within=1)
            with ThreadPoolExecutor(len(ROUTES)) as threads:  # more at once than there are connections
                list(threads.map(lambda route: assert_refused_in_time(service, *route), ROUTES))
            assert_nothing_is_said_of_decisions(service)
            # For a second after its last look it can still say that it knows all keys.
            eventually(lambda: unknown_key(service).status_code != 401, within=2)
            assert_refused(unknown_key(service), 503, "state_unavailable")
            assert ready(service)[0] == 200
        finally:
            getattr(postgres, back)()
        healed = eventually(lambda: ready(service) == (200, None), within=HEALED)
        crowd.go_on(1.0)
    record_testsuite_property(f"ready_after_{back}_seconds", healed)
    record_testsuite_property(f"slowest_prompt_with_{away}_seconds", crowd.slowest)
    assert crowd.statuses.keys() == {(200, "")}
    assert len(crowd.seen) > 200
    assert crowd.slowest < 2.0
    assert_all_is_well(service, postgres, crowd)
    assert asked(service, "GET", "/models").status_code == 200
