"""A `kill -9` of the service under load: what of the ledger is there after it is started again in the same folder."""

import os
import signal
import time

import psutil
import pytest
from interface.keys import bearer, make_key
from running import Service, eventually
from state.crowd import Crowd, Seen
from state.placing import environ_of, rows

DURABLE = 0.1
"""Seconds before the kill in which an answer had ended for its client."""
WINDOW = 1.0
"""Seconds: twice and more of what docs/ledger.md says is lost at most, for these machines are small."""
REPLAYED = 8.0
"""Seconds from the next start."""
ENOUGH = 150
"""Answers before it gets interesting."""


def kill(service) -> float:
    """All of its processes at once, as `kill -9` does; when, on the monotonic clock."""
    parent = psutil.Process(service.process.pid)
    family = [parent, *parent.children(recursive=True)]
    parent.suspend()  # it starts no worker anew
    at = time.monotonic()
    for process in family[::-1]:
        os.kill(process.pid, signal.SIGKILL)
    service.process.wait(10)
    return at


def killed_under_load(service) -> tuple[list[Seen], float]:
    """The answers of before, and when it was."""
    key = make_key(service)["key"]
    with Crowd([service.url], [bearer(key)]) as crowd:
        eventually(lambda: len(crowd.answered) > ENOUGH, within=10)
        at = kill(service)
    return [seen for seen in crowd.answered if seen.ended <= at], at


def recorded(url) -> list[str]:
    return [row[0] for row in rows(url, "SELECT request_id FROM usage")]


@pytest.mark.parametrize(("kind", "workers"), [("sqlite", "2"), ("postgres", "1")])
def test_with_the_spool_always_on_no_ended_prompt_is_lost(request, simulated, tmp_path, kind, workers):
    database = request.getfixturevalue(f"{kind}_database")
    environ = environ_of(simulated, DATABASE_URL=database, NEUROROUTE_SPOOL="always")
    home = tmp_path / "home"
    with Service(home, "--workers", workers, environ=environ) as service:
        answered, at = killed_under_load(service)
    durable = {seen.request_id for seen in answered if seen.ended < at - DURABLE}
    with Service(home, environ=environ):
        eventually(lambda: durable <= set(recorded(database)), within=REPLAYED)
        found = recorded(database)
        assert len(found) == len(set(found))
        spool = home / ".neuroroute" / "spool"
        eventually(lambda: sum(path.stat().st_size for path in spool.glob("*/0*")) == 0, within=REPLAYED)


def test_without_it_only_the_last_moment_is_lost(simulated, tmp_path, postgres_database, record_testsuite_property):
    environ = environ_of(simulated, DATABASE_URL=postgres_database)
    with Service(tmp_path / "home", environ=environ) as service:
        answered, at = killed_under_load(service)
    found = set(recorded(postgres_database))
    lost = [seen for seen in answered if seen.request_id not in found]
    window = max((at - seen.ended for seen in lost), default=0.0)
    record_testsuite_property("lost_before_a_kill_seconds", window)
    record_testsuite_property("lost_before_a_kill_rows", len(lost))
    assert window < WINDOW


def test_what_was_spooled_during_an_outage_outlives_the_process(simulated, tmp_path, postgres):
    environ = environ_of(simulated, DATABASE_URL=postgres.url)
    home = tmp_path / "home"
    with Service(home, environ=environ) as service:
        key = make_key(service)["key"]
        with Crowd([service.url], [bearer(key)]) as crowd:
            postgres.kill()
            eventually(lambda: len(crowd.answered) > ENOUGH, within=10)
            crowd.go_on(2 * WINDOW)
            at = kill(service)
    kept = {seen.request_id for seen in crowd.answered if seen.ended < at - WINDOW}
    assert len(kept) > ENOUGH
    postgres.start()
    with Service(home, environ=environ):
        eventually(lambda: kept <= set(recorded(postgres.url)), within=REPLAYED)
        found = recorded(postgres.url)
        assert len(found) == len(set(found))
