"""The database is not there yet, or empty, when services start: they wait for it, and become ready by themselves."""

import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from contract.refusals import assert_refused
from interface.keys import UNKNOWN, bearer, make_key
from running import COMMAND, Service, eventually
from state.placing import asked, environ_of, ready, rows

READY = 20.0
"""Seconds, on a small machine: eight processes, and a migration among them."""
CROWD = 8
PROMPT = {"prompt": "hello", "model": "local"}


def prompted(service, key=UNKNOWN):
    return asked(service, "POST", "/prompt", json=PROMPT, headers=bearer(key))


def assert_waiting(service, why):
    """It lives, says why it is not ready, and asks whoever calls to come again."""
    assert asked(service, "GET", "/health/live").status_code == 200
    status, reason = ready(service)
    assert status == 503
    assert why in reason
    for answer in (
        prompted(service),
        asked(service, "POST", "/prompt", json=PROMPT),
        asked(service, "GET", "/admin/keys"),
    ):
        assert_refused(answer, 503, "state_unavailable")
        assert int(answer.headers["retry-after"]) >= 1
        assert answer.elapsed.total_seconds() < 6


def assert_serving(service):
    eventually(lambda: ready(service) == (200, None), within=READY)
    assert prompted(service, make_key(service)["key"]).status_code == 200
    assert_refused(prompted(service), 401, "unauthorized")


def migrate(environ, home):
    return subprocess.Popen(
        [COMMAND, "migrate"], env=environ, cwd=home, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


@pytest.mark.parametrize("profile", ["development", "production"])
def test_a_service_starts_without_its_database_and_serves_once_it_is_there(
    simulated, tmp_path, postgres, profile, record_testsuite_property
):
    postgres.stop()
    environ = environ_of(simulated, DATABASE_URL=postgres.url, ENVIRONMENT=profile)
    with Service(tmp_path / "home", environ=environ) as service:
        pid = service.process.pid
        assert_waiting(service, "database")
        postgres.start()
        came = time.monotonic()
        if profile == "production":
            eventually(lambda: "neuroroute migrate" in (ready(service)[1] or ""), within=READY)
            assert_waiting(service, "neuroroute migrate")
            with migrate(service._environ, service.home) as run:
                told = run.communicate(timeout=60)[0]
            assert run.returncode == 0, told
            came = time.monotonic()
        assert_serving(service)
        record_testsuite_property(f"ready_in_{profile}_seconds", time.monotonic() - came)
        assert service.process.pid == pid
        assert service.process.poll() is None


def test_a_first_start_while_the_database_is_frozen_heals(simulated, tmp_path, postgres):
    postgres.freeze()
    try:
        with Service(tmp_path / "home", environ=environ_of(simulated, DATABASE_URL=postgres.url)) as service:
            assert_waiting(service, "database")
            postgres.thaw()
            assert_serving(service)
    finally:
        postgres.thaw()


def test_eight_services_start_at_once_on_an_empty_database(simulated, tmp_path, empty_postgres_database):
    environ = environ_of(simulated, DATABASE_URL=empty_postgres_database)
    services = [Service(tmp_path / f"home{number}", environ=environ) for number in range(CROWD)]
    with ExitStack() as stack, ThreadPoolExecutor(CROWD) as threads:
        list(threads.map(stack.enter_context, services))
        for service in services:
            eventually(lambda service=service: ready(service) == (200, None), within=READY)
        versions = {asked(one, "GET", "/health").json()["catalog_version"] for one in services}
        assert len(versions) == 1
        assert all('"level":"error"' not in service.log for service in services)
    assert_one_schema_seeded_once(empty_postgres_database)


def assert_one_schema_seeded_once(url):
    assert len(rows(url, "SELECT version_num FROM schema_version")) == 1
    seeded = rows(url, "SELECT id FROM models WHERE enabled ORDER BY position")
    assert [row[0] for row in seeded] == ["local", "openai", "anthropic"]
    assert rows(url, "SELECT count(*) FROM audit_log WHERE action LIKE 'catalog%'")[0][0] == 1
    active = rows(url, "SELECT purpose, count(*) FROM vault_keys WHERE is_active GROUP BY purpose")
    assert {count for _, count in active} == {1}
