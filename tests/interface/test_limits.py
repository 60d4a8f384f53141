"""Requests a minute of a client key: exact, told, and refused before any work."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import httpx
import pytest
from contract.refusals import assert_refused
from interface.keys import ADMIN, bearer, make_key
from running import Service, eventually

LIMIT = 20
PROMPT = {"prompt": "hello", "model": "local"}
HEADERS = ("x-ratelimit-limit-requests", "x-ratelimit-remaining-requests", "x-ratelimit-reset-requests")


def statuses(urls, key, *, requests=100, path="/models"):
    """What so many requests at the same time are answered, in turns by each of `urls`."""
    with httpx.Client(timeout=30, trust_env=False, headers=bearer(key)) as client, ThreadPoolExecutor(50) as threads:
        asked = [threads.submit(client.get, f"{urls[number % len(urls)]}{path}") for number in range(requests)]
        return [answer.result().status_code for answer in asked]


def test_of_a_crowd_exactly_the_limit_is_admitted(keyed):
    key = make_key(keyed, requests_per_minute=LIMIT)["key"]
    answered = statuses([keyed.url], key)
    assert (answered.count(200), answered.count(429)) == (LIMIT, 100 - LIMIT)


def test_each_answer_says_what_is_left_and_a_refusal_when_to_come_again(keyed):
    key = make_key(keyed, requests_per_minute=2)["key"]
    with httpx.Client(base_url=keyed.url, timeout=20, trust_env=False, headers=bearer(key)) as client:
        answers = [client.get("/models") for _ in range(4)]
    assert [[answer.headers[name] for name in HEADERS[:2]] for answer in answers] == [
        ["2", "1"], ["2", "0"], ["2", "0"], ["2", "0"],
    ]  # fmt: skip
    assert all(0 < float(answer.headers[HEADERS[2]].removesuffix("s")) <= 60 for answer in answers)
    for refused in answers[2:]:
        assert_refused(refused, 429, "rate_limit_exceeded")
        assert 1 <= int(refused.headers["retry-after"]) <= 30


def test_a_refused_request_reaches_no_provider_and_its_body_is_not_looked_at(keyed, simulated):
    key = make_key(keyed, requests_per_minute=1)["key"]
    with httpx.Client(base_url=keyed.url, timeout=20, trust_env=False, headers=bearer(key)) as client:
        assert client.post("/prompt", json=PROMPT).status_code == 200
        before = simulated.stats()
        for body in (b'{"prompt": "another"}', b"{", b" " * (17 << 20)):
            assert_refused(client.post("/prompt", content=body), 429, "rate_limit_exceeded")
        assert simulated.stats() == before


def test_a_request_counts_once_however_it_ends(keyed):
    key = make_key(keyed, requests_per_minute=4)["key"]
    with httpx.Client(base_url=keyed.url, timeout=20, trust_env=False, headers=bearer(key)) as client:
        assert client.post("/prompt", json={"prompt": ""}).status_code == 422
        assert client.get("/models/nobody/health").status_code == 404
        with client.stream("POST", "/prompt", json={**PROMPT, "metadata": {"stream": True}}) as answer:
            assert next(answer.iter_raw())  # and leave it
        last = client.get("/models")
        assert (last.status_code, last.headers[HEADERS[1]]) == (200, "0")
        assert client.get("/models").status_code == 429


def test_what_is_not_for_clients_does_not_count(keyed):
    key = make_key(keyed, requests_per_minute=1, scopes=["admin"])["key"]
    with httpx.Client(base_url=keyed.url, timeout=20, trust_env=False, headers=bearer(key)) as client:
        for path in ("/health", "/admin/keys", "/metrics", "/docs"):
            answer = client.get(path)
            assert answer.status_code == 200
            assert HEADERS[0] not in answer.headers
        assert [client.get("/models").status_code for _ in range(2)] == [200, 429]


def test_a_key_without_a_limit_is_told_of_none(keyed):
    key = make_key(keyed)["key"]
    answer = httpx.get(f"{keyed.url}/models", headers=bearer(key), timeout=10, trust_env=False)
    assert not {*HEADERS} & answer.headers.keys()


def test_forged_addresses_do_not_multiply_a_limit(keyed):
    key = make_key(keyed, requests_per_minute=5)["key"]
    with httpx.Client(base_url=keyed.url, timeout=20, trust_env=False, headers=bearer(key)) as client:
        answers = [client.get("/models", headers={"x-forwarded-for": f"10.0.0.{at}"}) for at in range(10)]
    assert [answer.status_code for answer in answers] == 5 * [200] + 5 * [429]


@pytest.fixture(scope="module")
def two(simulated, tmp_path_factory, redis_url):
    """Two instances with one database and one Redis."""
    shared = tmp_path_factory.mktemp("shared")
    environ = {
        **simulated.environ,
        "NEUROROUTE_AUTH": "keys",
        "DATABASE_URL": f"sqlite:///{shared}/state.db",
        "NEUROROUTE_MASTER_KEY": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
        "REDIS_URL": redis_url,
        "REDIS__KEY_PREFIX": f"test:{shared.name}:{time.time_ns()}:",
    }
    with ExitStack() as stack:
        yield [
            stack.enter_context(Service(tmp_path_factory.mktemp(f"instance{number}"), environ=environ))
            for number in range(2)
        ]


def known_everywhere(instances, key):
    return all(
        httpx.get(f"{one.url}/models", headers=bearer(key), timeout=10, trust_env=False).status_code == 200
        for one in instances
    )


def test_two_instances_admit_exactly_the_limit_together(two):
    made = make_key(two[0])
    eventually(lambda: known_everywhere(two, made["key"]), within=1.5)
    limited = make_key(two[0], requests_per_minute=LIMIT)["key"]
    other = make_key(two[1])["key"]  # once the first knows it, the second knows the one made before it
    eventually(lambda: known_everywhere(two, other), within=1.5)
    answered = statuses([one.url for one in two], limited)
    assert (answered.count(200), answered.count(429)) == (LIMIT, 100 - LIMIT)


def test_a_key_revoked_at_one_instance_is_revoked_at_the_other_within_a_second(two):
    made = make_key(two[0])
    eventually(lambda: known_everywhere(two, made["key"]), within=1.5)
    path = f"/admin/keys/{made['client_key']['id']}"
    assert httpx.delete(f"{two[0].url}{path}", headers=ADMIN, timeout=10, trust_env=False).status_code == 204
    first, second = (
        lambda one=one: (
            httpx.get(f"{one.url}/models", headers=bearer(made["key"]), timeout=10, trust_env=False).status_code == 401
        )
        for one in two
    )
    assert first()
    eventually(second, within=1.0)
