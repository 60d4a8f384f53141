"""Odd methods, hosts, paths, headers and ids: the same decision as for the plain request, or a refusal."""

import json
import re

import pytest
from contract.refusals import assert_refused
from interface.wire import ask, request
from running import ADMIN_KEY

GENERATED = rb"x-request-id: req_[0-9a-f]{8}_\d{10}\r\n"
ORIGIN = "https://app.example.com"


def shaped(answer):
    body = json.loads(answer.body)
    assert body.keys() == {"detail", "timestamp", "request_id", "code"}
    assert answer.headers["x-error-code"] == body["code"]
    return body["code"]


@pytest.mark.parametrize("method", ["TRACE", "BREW", "PROPFIND", "get", "M-SEARCH", "X" * 100])
def test_an_unknown_method_is_405_and_says_what_is_allowed(service, method):
    answer = ask(service.port, request("/prompt", method=method))
    assert answer.status == 405
    assert shaped(answer) == "method_not_allowed"
    assert {*answer.headers["allow"].split(", ")} == {"OPTIONS", "POST"}


def test_trace_echoes_nothing(service):
    answer = ask(service.port, request("/prompt", "X-Secret: echo-me-not", method="TRACE"))
    assert b"echo-me-not" not in answer.raw


def test_connect_opens_no_tunnel(service):
    answer = ask(service.port, request("127.0.0.1:22", method="CONNECT"))
    assert answer.status >= 400


@pytest.mark.parametrize(
    "host", ["evil.test", "localhost:4000/#@x", "127.0.0.1:1", "a b", "[::1", "x" * 5000, "''--", "%00"]
)
@pytest.mark.parametrize("target", ["/health", "/admin/cache/clear"])
def test_a_hostile_host_changes_no_decision(service, host, target):
    answer = ask(service.port, request(target, method="GET" if target == "/health" else "POST", host=host))
    assert answer.status in ({200, 400} if target == "/health" else {401, 400})
    assert host.encode() not in answer.raw


@pytest.mark.parametrize(
    "target",
    ["//admin/cache/clear", "/admin//cache/clear", "/admin%2fcache%2fclear", "/admin/cache/clear/",
     "/admin/cache/clear//", "/ADMIN/cache/clear", "/admin/cache/clear;a=b", "/x/../admin/cache/clear",
     "/./admin/cache/clear",
     "/admin/cache/clear%20", "/admin/cache/clear?", "/admin/cache/clear#x", "/health/../admin/cache/clear",
     "/%61dmin/cache/clear", "http://x/admin/cache/clear", "/admin/cache/%2e/clear", "/models/../admin/cache/clear",
     f"/admin/cache/clear?api_key={ADMIN_KEY}", f"/admin/cache/clear?x-api-key={ADMIN_KEY}&key={ADMIN_KEY}",
     f"/admin/cache/clear?access_token={ADMIN_KEY}&authorization=Bearer%20{ADMIN_KEY}"],
)  # fmt: skip
def test_no_way_of_writing_a_path_gets_past_its_key(service, target):
    answer = ask(service.port, request(target, "Content-Length: 0", method="POST"))
    assert answer.status in {400, 401, 404}
    assert b"cleared_entries" not in answer.raw


@pytest.mark.parametrize(
    "headers",
    [
        [], ["Authorization:"], ["Authorization: Bearer"], ["Authorization: Bearer "],
        [f"Authorization: Basic {ADMIN_KEY}"], [f"Authorization: {ADMIN_KEY}"], [f"Authorization: Bearer {ADMIN_KEY}x"],
        [f"Authorization: Bearer {ADMIN_KEY[:-1]}"],
        [f"Authorization: Bearer {ADMIN_KEY.upper()}"], [f"Authorization: Bearer x{ADMIN_KEY}"],
        ["Authorization: Bearer wrong", f"Authorization: Bearer {ADMIN_KEY}"],
        [f"Authorization: Bearer {ADMIN_KEY}", "Authorization: Bearer wrong"],
        [f"Authorization: Bearer {ADMIN_KEY}", f"Authorization: Bearer {ADMIN_KEY}"],
        ["X-API-Key: wrong", f"X-API-Key: {ADMIN_KEY}"], ["X-API-Key:"], [f"X-API-Key: {ADMIN_KEY}, {ADMIN_KEY}"],
        ["Authorization: Bearer wrong", f"X-API-Key: {ADMIN_KEY}"],
        [f"Cookie: x-api-key={ADMIN_KEY}"], [f"Proxy-Authorization: Bearer {ADMIN_KEY}"], [f"X_API_Key: {ADMIN_KEY}"],
        ["X-API-Key: ' OR '1'='1"], ["X-API-Key: caf\xe9\xff"], ["Authorization: Bearer " + "x" * 30_000],
        ["X-Forwarded-For: 127.0.0.1", "X-Real-IP: 127.0.0.1", "X-Original-URL: /health", "X-Forwarded-User: admin"],
    ],
    ids=lambda headers: " | ".join(headers)[:60],
)  # fmt: skip
def test_only_the_admin_key_shown_once_opens_what_is_the_admins(service, headers):
    answer = ask(service.port, request("/admin/cache/clear", "Content-Length: 0", *headers, method="POST"))
    assert answer.status == 401
    assert shaped(answer) == "unauthorized"
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert ADMIN_KEY.encode() not in answer.raw


@pytest.mark.parametrize(
    "headers",
    [[f"Authorization: Bearer {ADMIN_KEY}"], [f"authorization: bearer  {ADMIN_KEY} "], [f"x-api-key: {ADMIN_KEY}"],
     ["Authorization: Basic eDp5", f"X-API-Key: {ADMIN_KEY}"]],
)  # fmt: skip
def test_the_admin_key_opens_it(service, headers):
    answer = ask(service.port, request("/admin/cache/clear", "Content-Length: 0", *headers, method="POST"))
    assert answer.status == 200


@pytest.mark.parametrize(
    "given",
    [
        "a\r\nX-Evil: 1",
        "a\nX-Evil: 1",
        "a\rX-Evil: 1",
        "a\0b",
        "x" * 10_000,
        "\x7f",
        "caf\xe9",
        "\xff" * 20,
        "\t",
        "a\tb",
    ],
    ids=ascii,
)
def test_no_request_id_writes_a_header_of_its_own(service, given):
    answer = ask(service.port, request("/health/live", f"X-Request-ID: {given}"))
    assert b"evil" not in answer.raw.lower()
    if answer.status == 200 and "\n" not in given:
        assert re.search(GENERATED, answer.raw)
    else:
        assert answer.status in {200, 400}


def test_of_several_request_ids_one_is_taken(service):
    answer = ask(service.port, request("/health/live", "X-Request-ID: one", "X-Request-ID: two"))
    assert answer.raw.count(b"x-request-id: ") == 1


def test_a_header_of_a_megabyte_is_431(service):
    assert ask(service.port, request("/health/live", f"X-Long: {'x' * 1_000_000}")).status == 431
    assert ask(service.port, request("/health/live", f"Authorization: Bearer {'x' * 1_000_000}")).status == 431


@pytest.mark.parametrize(
    "query", ["?" + "&".join(f"a{n}=1" for n in range(5000)), "?detailed=%ff", "?%00=%00", "?&&==", "?a"]
)
def test_a_nonsensical_query_is_no_error_of_ours(client, query):
    assert client.get(f"/health{query}").status_code in {200, 422}


def test_the_query_is_never_repeated(client):
    answer = client.get("/health?detailed=sk-echo-me-not")
    assert_refused(answer, 422, "validation_error")
    assert "echo-me-not" not in answer.text


@pytest.mark.parametrize("origin", [ORIGIN, "http://localhost:3000"])
def test_a_listed_origin_may_call_with_credentials(client, origin):
    for answer in (client.get("/health", headers={"origin": origin}), client.get("/nope", headers={"origin": origin})):
        assert answer.headers["access-control-allow-origin"] == origin
        assert answer.headers["access-control-allow-credentials"] == "true"
        assert answer.headers["vary"] == "Origin"


OTHERS = [
    "https://app.example.co", "https://app.example.com.evil.test", "https://appXexample.com", "http://app.example.com",
    "https://app.example.com:8443", "https://APP.example.com/", "https://evil.test", "null", "*", "app.example.com",
    "https://app.example.com, https://evil.test", "http://localhost:30", "http://localhost",
]  # fmt: skip


@pytest.mark.parametrize("origin", OTHERS)
def test_any_other_origin_may_not(client, origin):
    answer = client.get("/health", headers={"origin": origin})
    assert answer.status_code == 200
    assert not [name for name in answer.headers if name.startswith("access-control")]
    assert answer.headers["vary"] == "Origin"


@pytest.mark.parametrize("origin", OTHERS)
@pytest.mark.parametrize("path", ["/prompt", "/nope"])
def test_the_preflight_of_any_other_origin_is_400(client, path, origin):
    answer = client.options(path, headers={"origin": origin, "access-control-request-method": "POST"})
    assert (answer.status_code, answer.text) == (400, "Disallowed CORS origin")
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("path", ["/prompt", "/admin/cache/clear", "/nope"])
def test_the_preflight_of_a_listed_origin_needs_no_key(client, path):
    answer = client.options(path, headers={"origin": ORIGIN, "access-control-request-method": "POST"})
    assert (answer.status_code, answer.text) == (200, "OK")
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert "access-control-allow-headers" not in answer.headers


def test_an_answer_for_another_origin_is_still_an_error_with_our_shape(client):
    assert_refused(client.post("/admin/cache/clear", headers={"origin": ORIGIN}), 401, "unauthorized")
