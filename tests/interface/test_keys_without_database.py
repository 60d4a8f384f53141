"""Keys while the database, or Redis, is away: who is known goes on, nobody is told a 401 that is not one, it heals."""

import threading

import httpx
import pytest
from contract.refusals import assert_refused
from interface.keys import ADMIN, UNKNOWN, bearer, make_key
from running import Service, eventually

MASTER_KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
PROMPT = {"prompt": "hello", "model": "local"}


@pytest.fixture
def on_postgres(simulated, tmp_path, postgres):
    environ = {
        **simulated.environ,
        "NEUROROUTE_AUTH": "keys",
        "DATABASE_URL": postgres.url,
        "NEUROROUTE_MASTER_KEY": MASTER_KEY,
    }
    with Service(tmp_path / "home", environ=environ) as running:
        yield running


def ask(service, key):
    return httpx.post(f"{service.url}/prompt", json=PROMPT, headers=bearer(key), timeout=20, trust_env=False)


def test_a_killed_database_refuses_nobody_who_is_known_and_heals_without_a_restart(on_postgres, postgres):
    known = make_key(on_postgres, requests_per_minute=1000)["key"]
    assert_refused(ask(on_postgres, UNKNOWN), 401, "unauthorized")
    postgres.kill()
    eventually(lambda: ask(on_postgres, UNKNOWN).status_code == 503, within=5)
    refused = ask(on_postgres, UNKNOWN)
    assert_refused(refused, 503, "state_unavailable")
    assert int(refused.headers["retry-after"]) >= 1
    assert ask(on_postgres, known).status_code == 200
    changed = httpx.post(
        f"{on_postgres.url}/admin/keys", json={"name": "a"}, headers=ADMIN, timeout=20, trust_env=False
    )
    assert_refused(changed, 503, "state_unavailable")
    postgres.start()
    eventually(lambda: ask(on_postgres, UNKNOWN).status_code == 401, within=10)
    assert ask(on_postgres, make_key(on_postgres)["key"]).status_code == 200


def test_a_frozen_database_holds_no_request_up(on_postgres, postgres):
    known = make_key(on_postgres, requests_per_minute=1000)["key"]
    postgres.freeze()
    try:
        eventually(lambda: ask(on_postgres, UNKNOWN).status_code == 503, within=8)
        answer = ask(on_postgres, known)
        assert answer.status_code == 200
        assert answer.elapsed.total_seconds() < 1
    finally:
        postgres.thaw()
    eventually(lambda: ask(on_postgres, UNKNOWN).status_code == 401, within=15)


def test_a_redis_that_dies_under_load_costs_no_caller_with_a_limit_an_answer(simulated, tmp_path, valkey):
    environ = {**simulated.environ, "NEUROROUTE_AUTH": "keys", "REDIS_URL": valkey.url}
    with Service(tmp_path / "home", environ=environ) as running:
        key = make_key(running, requests_per_minute=100_000)["key"]
        answered = []

        def load():
            with httpx.Client(base_url=running.url, timeout=20, trust_env=False, headers=bearer(key)) as client:
                answered.extend(client.get("/models").status_code for _ in range(150))

        threads = [threading.Thread(target=load) for _ in range(4)]
        for thread in threads:
            thread.start()
        eventually(lambda: len(answered) > 0 or not any(thread.is_alive() for thread in threads), within=10)
        valkey.kill()
        for thread in threads:
            thread.join(30)
        assert answered == [200] * 600


def test_a_wrong_master_key_is_no_401_for_the_keys_of_before(simulated, tmp_path):
    environ = {**simulated.environ, "NEUROROUTE_AUTH": "keys", "NEUROROUTE_MASTER_KEY": MASTER_KEY}
    with Service(tmp_path / "home", environ=environ) as running:
        key = make_key(running)["key"]
        assert ask(running, key).status_code == 200
    other = "YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXphYmNkZWY="
    with Service(tmp_path / "home", environ={**environ, "NEUROROUTE_MASTER_KEY": other}) as running:
        body = assert_refused(ask(running, key), 503, "state_unavailable")
        assert "NEUROROUTE_MASTER_KEY" in body["detail"]
        assert ask(running, make_key(running)["key"]).status_code == 200
