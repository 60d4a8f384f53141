"""Valkey is killed, or frozen, under load: nobody is refused for it, limits go on as they can, and all of it heals."""

from collections import Counter
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from interface.keys import bearer, make_key
from running import Service, eventually
from services.valkey import start_valkey
from state.crowd import Crowd
from state.placing import asked, environ_of, ready, rows

LIMIT = 30
HEALED = 8.0
"""Seconds after its return in which the limits are shared again."""


@pytest.fixture(scope="module")
def valkey(tmp_path_factory) -> Generator:
    """Of this file's own: each test leaves it running."""
    server = start_valkey(tmp_path_factory.mktemp("valkey"))
    yield server
    server.stop()


@pytest.fixture(scope="module")
def two(simulated, tmp_path_factory, module_postgres_database, valkey) -> Generator[list[Service], None, None]:
    """Two instances with one database and one Valkey."""
    environ = environ_of(simulated, DATABASE_URL=module_postgres_database, REDIS_URL=valkey.url)
    with ExitStack() as stack:
        yield [stack.enter_context(Service(tmp_path_factory.mktemp("instance"), environ=environ)) for _ in range(2)]


def known_by_both(two, **said) -> str:
    """A key that nobody has asked with yet, for that would count."""
    key = make_key(two[0], **said)["key"]
    later = make_key(two[0])["key"]  # who knows this one knows the one before it
    eventually(lambda: status(two[1], later) == 200, within=2)
    return key


def recorded(url) -> Counter[str]:
    return Counter(row[0] for row in rows(url, "SELECT request_id FROM usage"))


def status(service, key) -> int:
    return asked(service, "GET", "/models", headers=bearer(key)).status_code


def shared(two) -> bool:
    """Whether what one admits the other counts."""
    key = known_by_both(two, requests_per_minute=1)
    return [status(one, key) for one in two] == [200, 429]


@pytest.mark.parametrize(("away", "back"), [("kill", "start"), ("freeze", "thaw")])
def test_valkey_goes_and_comes_back_under_load(
    two, valkey, module_postgres_database, away, back, record_testsuite_property
):
    limits = ({}, {"requests_per_minute": 100_000})
    keys = [bearer(known_by_both(two, **said)) for said in limits for _ in range(2)]
    with Crowd([one.url for one in two], keys[::-1]) as crowd:
        crowd.go_on(1.0)
        getattr(valkey, away)()
        try:
            for _ in range(10):
                assert [ready(one)[0] for one in two] == [200, 200]
                crowd.go_on(0.2)
        finally:
            getattr(valkey, back)()
        crowd.go_on(1.0)
    record_testsuite_property(f"slowest_prompt_with_valkey_{away}_seconds", crowd.slowest)
    assert crowd.statuses.keys() == {(200, "")}
    assert len(crowd.seen) > 200
    assert crowd.slowest < 2.0
    record_testsuite_property(f"limits_shared_after_{back}_seconds", eventually(lambda: shared(two), within=HEALED))
    answered = {seen.request_id for seen in crowd.answered}
    eventually(lambda: answered <= recorded(module_postgres_database).keys(), within=3)
    written = recorded(module_postgres_database)
    assert {written[request_id] for request_id in answered} == {1}


def test_valkey_dies_while_a_limit_is_used_up_and_at_most_twice_of_it_is_admitted(two, valkey):
    eventually(lambda: shared(two), within=HEALED)
    key = known_by_both(two, requests_per_minute=LIMIT)
    answered: list[int] = []

    def ask(number):
        answered.append(status(two[number % 2], key))

    try:
        with ThreadPoolExecutor(16) as threads:
            asking = [threads.submit(ask, number) for number in range(150)]
            eventually(lambda: answered.count(200) >= LIMIT // 2, within=10)
            valkey.kill()
            for one in asking:
                one.result()
    finally:
        valkey.start()
    statuses = Counter(answered)
    assert statuses.keys() == {200, 429}
    assert LIMIT <= statuses[200] <= 2 * LIMIT
