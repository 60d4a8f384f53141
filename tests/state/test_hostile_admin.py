"""Whatever an administrator's request says, in path, query or body: it is answered in the house's words, never 500."""

import json
from collections.abc import Generator
from typing import Final
from urllib.parse import quote

import httpx
import pytest
from interface.keys import make_key
from interface.test_access import ROUTES
from running import Service
from state.placing import connected, environ_of

from neuroroute.domain.access import Scope

PAYLOADS: Final = (
    "' OR '1'='1", "'; DROP TABLE client_keys; --", '" OR ""="', "1) UNION SELECT digest FROM client_keys --",
    "admin'/*", "\\'; SELECT pg_sleep(5); --", "$$; SELECT 1; $$", "%' AND 1=0 --", "x' AND (SELECT 1)::int = 1 --",
    "{$ne: null}", '{"$gt": ""}', "{{7*7}}", "${7*7}", "#{7*7}", "<%= 7*7 %>", "{0.__class__.__mro__}", "%s%s%s%n",
    "%(name)s", "{name!r}", "\\x00", "\x00", "a\x00b", "\x01\x1f\x7f", "\u202egnirts", "\ufeff", "\u2028",
    "e\u0301", "ﬀ", "\uff21dmin", "\U0001f600", "../../etc/passwd", "..%2f..%2f", "..\\..\\", "%2e%2e%2f", "%00",
    "%0d%0aset-cookie: a=b",
    "\r\nset-cookie: a=b", "/", "//", ".", "..", ";", "?", "#", "&a=b", "a=b&a=c", "+", " ", "", "null", "undefined",
    "NaN", "-1", "0", "1e999", "9" * 400, "2147483648", "9223372036854775808", "true", "[]", "{}", "=cmd|' /C calc'!A0",
    "<script>alert(1)</script>", "file:///etc/passwd", "http://169.254.169.254/", "a" * 10_000,
)  # fmt: skip
VALUES: Final = (
    "\ud800", ["\ud800"],
    None, True, False, 0, -1, 2**31, 2**63, -(2**63) - 1, 1e308, 0.5, [], {}, [[]], [None], {"$ne": None}, [{}] * 3,
    {"a": {"b": []}}, [1, "a", None], "2020-01-01T00:00:00Z", "9999-12-31T23:59:59+23:59", "0001-01-01T00:00:00Z",
)  # fmt: skip
NAMED: Final = {
    "/admin/keys": {"name": "x"},
    "/admin/providers/{name:str}": {"dialect": "openai", "base_url": "https://x.test/v1"},
    "/admin/models/{id:str}": {"provider": "lmstudio", "max_tokens": 100},
    "/api-keys": {"provider": "x", "api_key": "sk-x"},
    "/api-keys/{provider:str}": {"provider": "x", "api_key": "sk-x"},
    "/api-keys/settings": {"provider": "x"},
    "/api-keys/settings/{provider:str}": {"provider": "x"},
}
"""A good body of each route that reads one, as far as something is needed."""
ASSIGNED: Final = (
    "id", "digest", "hash_key", "revision", "created_at", "revoked_at", "last_used_at", "is_admin", "admin", "spent",
    "budget", "tenant_id", "trusted", "position", "ciphertext", "key_id", "origin", "__proto__", "constructor",
    "seq", "actor", "hash",
)  # fmt: skip
ADMINISTERED = [route for route in ROUTES if route.scope is Scope.ADMIN]
READERS = {one.operation.body.holds.__name__: one for one in ADMINISTERED if one.operation.body}
"""A route of each kind of body."""
IDS = [f"{route.method} {route.path}" for route in ADMINISTERED]


@pytest.fixture(scope="module")
def service(simulated, tmp_path_factory, module_postgres_database) -> Generator[Service, None, None]:
    """On Postgres, which takes less than SQLite does: no NUL in a text, no number beyond its column."""
    url = module_postgres_database
    with Service(tmp_path_factory.mktemp("instance"), environ=environ_of(simulated, DATABASE_URL=url)) as running:
        yield running


@pytest.fixture(scope="module")
def client(service) -> Generator[httpx.Client, None, None]:
    with connected(service) as open_client:
        yield open_client


def assert_in_our_words(answer: httpx.Response) -> None:
    """A refusal is one of the caller's faults, in the one shape of errors; or it was no fault."""
    where = f"{answer.request.method} {answer.request.url}"[:200]
    assert answer.status_code < 500, f"{where}: {answer.text[:300]}"
    assert "set-cookie" not in answer.headers
    if answer.status_code >= 400:
        body = answer.json()
        assert body.keys() == {"detail", "timestamp", "request_id", "code"}, where
        assert body["code"] == answer.headers["x-error-code"]
        assert len(answer.content) < 8000, where


def filled(path: str, value: str = "x") -> str:
    """The route's path with this in the place of whatever it names."""
    head, brace, rest = path.partition("{")
    return f"{head}{quote(value, safe='')}{rest.partition('}')[2]}" if brace else head


@pytest.mark.parametrize("route", ADMINISTERED, ids=IDS)
def test_no_path_and_no_query_is_our_fault(client, route):
    names = [one.name for one in route.operation.parameters if one.place == "query"] + ["unknown", "id[]", "'"]
    for at, payload in enumerate(PAYLOADS):
        if "{" in route.path:
            assert_in_our_words(client.request(route.method, filled(route.path, payload), json=NAMED.get(route.path)))
        elif route.method == "GET":
            for name in (names[at % len(names)], names[(at + 1) % len(names)]):
                assert_in_our_words(client.get(route.path, params={name: payload}))


@pytest.mark.parametrize("route", READERS.values(), ids=READERS)
def test_no_body_is_our_fault(client, route):
    good, fields = NAMED.get(route.path, {}), route.operation.body.holds.__struct_fields__
    for value in VALUES:
        for body in (value, *({**good, name: value} for name in fields)):
            assert_in_our_words(sent(client, route, body))
    for at, payload in enumerate(PAYLOADS):  # each into one field, and each field has several
        assert_in_our_words(sent(client, route, {**good, fields[at % len(fields)]: payload}))
        if at % 4 == 0:
            assert_in_our_words(sent(client, route, {**good, payload: "x"}))


def sent(client, route, body) -> httpx.Response:
    content = json.dumps(body).encode()
    return client.request(
        route.method, filled(route.path), content=content, headers={"content-type": "application/json"}
    )


@pytest.mark.parametrize("name", ASSIGNED)
def test_what_nobody_may_set_is_refused_or_passed_over(client, name):
    for route in ADMINISTERED:
        if route.path in NAMED:
            answer = sent(client, route, {**NAMED[route.path], name: "canary-assigned"})
            assert_in_our_words(answer)
            assert answer.status_code == 422 or "canary-assigned" not in answer.text
    for place in ("/admin/keys", "/api-keys/", "/api-keys/settings/", "/admin/providers", "/admin/models?enabled=true"):
        shown = client.get(place).text
        assert "canary-assigned" not in shown
        assert not any(f'"{secret}"' in shown for secret in ("digest", "ciphertext", "hash_key", "api_key_hash"))


def test_ids_that_are_near_to_one_are_nobodys(client, service):
    made = make_key(service)
    real, key = made["client_key"]["id"], made["key"]
    near = (
        real.swapcase(),
        real[:-1],
        f"{real}x",
        f" {real}",
        f"{real} ",
        f"{{{real}}}",
        f"nr_{real}",
        key,
        f"{real}%00",
    )
    answers = [client.delete(f"/admin/keys/{quote(one, safe='')}") for one in near]
    answers += [client.post(f"/admin/keys/{quote(one, safe='')}/rotate") for one in near]
    assert {answer.status_code for answer in answers} == {404}
    assert not any(key in answer.text for answer in answers)
    assert client.get("/models", headers={"x-api-key": key}).status_code == 200


def test_nothing_of_it_did_any_harm(client, service):
    """After all of the above."""
    assert client.get("/admin/keys").status_code == 200
    assert client.get("/admin/audit").status_code == 200
    assert client.get("/models", headers={"x-api-key": make_key(service)["key"]}).status_code == 200
    assert "unhandled_error" not in service.log
