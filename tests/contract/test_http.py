"""What holds for every endpoint (CONTRACT.md 1): ids, slashes, methods, HEAD, CORS, compression."""

import gzip
import re

import httpx
import pytest
from contract.refusals import assert_refused

GET_PATHS = [
    "/health", "/health/live", "/health/ready", "/metrics", "/models", "/models/capabilities", "/models/local/health",
    "/openapi.json", "/docs", "/redoc",
]  # fmt: skip
POST_PATHS = ["/prompt", "/test-model/local", "/admin/cache/clear"]
GENERATED = r"req_[0-9a-f]{8}_\d{10}"
BODY = {"prompt": "hello", "metadata": {"use_cache": False}}


def anywhere(client, **headers):
    """An answer of every kind: 200, 404, 405, 415, 422, and the unknown model's 404."""
    yield client.get("/health", headers=headers)
    yield client.get("/docs", headers=headers)
    yield client.post("/prompt", json=BODY, headers=headers)
    yield client.get("/nope", headers=headers)
    yield client.patch("/prompt", headers=headers)
    yield client.post("/prompt", content=b"x", headers={"content-type": "text/plain", **headers})
    yield client.post("/prompt", json={}, headers=headers)
    yield client.get("/models/nope/health", headers=headers)


@pytest.mark.parametrize("given", ["a", "trace-1.2:3/4", "with space", "x" * 128])
def test_takes_over_the_callers_request_id_on_every_answer(client, given):
    for answer in anywhere(client, **{"x-request-id": given}):
        assert answer.headers["x-request-id"] == given
        if answer.is_error:
            assert answer.json()["request_id"] == given


@pytest.mark.parametrize("given", ["x" * 129, "x" * 3000, "tab\there", "caf\u00e9"], ids=len)
def test_replaces_a_request_id_that_is_too_long_or_unsafe(client, given):
    for answer in anywhere(client, **{"x-request-id": given.encode("latin-1")}):
        assert re.fullmatch(GENERATED, answer.headers["x-request-id"])


def test_makes_a_request_id_of_its_own_for_each_answer(client):
    ids = {answer.headers["x-request-id"] for answer in anywhere(client)}
    assert len(ids) == 8


@pytest.mark.parametrize(
    ("header", "body", "told_header", "told_body"),
    [
        (None, "b-1", "b-1", "b-1"),
        ("h-1", None, "h-1", "h-1"),
        ("h-1", "", "h-1", "h-1"),
        ("h-1", "b-1", "h-1", "b-1"),
        ("h-1", "b\r\nx-evil: 1", "h-1", "h-1"),
        ("h-1", "b" * 1024, "h-1", "h-1"),
    ],
)
def test_the_bodys_request_id_wins_in_the_body_and_the_headers_in_the_header(ask, header, body, told_header, told_body):
    answer = ask(request_id=body, headers={"x-request-id": header} if header else None)
    assert answer.status_code == 200
    assert answer.headers["x-request-id"] == told_header
    assert answer.json()["request_id"] == told_body
    assert "x-evil" not in answer.headers


@pytest.mark.parametrize("path", GET_PATHS)
def test_answers_both_forms_of_a_path_directly(client, path):
    plain, slashed = client.get(path), client.get(f"{path}/")
    assert plain.status_code == slashed.status_code == 200
    assert plain.headers["content-type"] == slashed.headers["content-type"]


@pytest.mark.parametrize("path", POST_PATHS)
def test_answers_both_forms_of_a_posted_path_directly(client, path):
    body = None if path.startswith("/admin") else BODY
    assert client.post(path, json=body).status_code == client.post(f"{path}/", json=body).status_code == 200


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_query_goes_with_both_forms(client, slash):
    assert client.get(f"/models{slash}?include_health=1").json()["models"][0]["health"] is not None


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", POST_PATHS)
def test_names_every_allowed_method_of_a_posted_path(client, path, method):
    answer = client.request(method, path)
    assert_refused(answer, 405, "method_not_allowed")
    assert allowed(answer) == {"POST", "OPTIONS"}


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", GET_PATHS)
def test_names_every_allowed_method_of_a_read_path(client, path, method):
    answer = client.request(method, path)
    assert assert_refused(answer, 405, "method_not_allowed")["detail"] == "Method Not Allowed"
    assert allowed(answer) == {"GET", "HEAD", "OPTIONS"}


@pytest.mark.parametrize("path", [*GET_PATHS, *POST_PATHS])
def test_options_without_an_origin_names_the_methods_and_no_body(client, path):
    answer = client.options(path)
    assert answer.status_code == 204
    assert answer.content == b""
    assert allowed(answer) == ({"GET", "HEAD", "OPTIONS"} if path in GET_PATHS else {"POST", "OPTIONS"})


def allowed(answer):
    return {method.strip() for method in answer.headers["allow"].split(",")}


@pytest.mark.parametrize("path", ["/", "/models/test", "/static/x.css", "/admin/cache/stats", "/v0", "/prompt/x"])
def test_what_is_not_there_is_404(client, path):
    assert assert_refused(client.get(path), 404, "not_found")["detail"] == "Not Found"


@pytest.mark.parametrize("path", GET_PATHS)
def test_head_answers_as_get_without_the_body(client, path):
    read, head = client.get(path), client.head(path)
    assert head.status_code == read.status_code == 200
    assert head.content == b""
    assert head.headers["content-type"] == read.headers["content-type"]
    assert int(head.headers["content-length"]) > 0


@pytest.mark.parametrize(("path", "status"), [("/prompt", 405), ("/nope", 404)])
def test_head_where_get_fails_fails_alike(client, path, status):
    answer = client.head(path)
    assert (answer.status_code, answer.content) == (status, b"")


def test_any_origin_may_call_where_all_are_allowed_but_never_with_credentials(client):
    for answer in anywhere(client, origin="http://example.com"):
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in answer.headers


def test_mirrors_the_origin_of_a_request_with_a_cookie(client):
    answer = client.get("/health", headers={"origin": "http://example.com", "cookie": "a=b"})
    assert answer.headers["access-control-allow-origin"] == "http://example.com"
    assert "Origin" in answer.headers["vary"]
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize("path", ["/prompt", "/models/", "/nope", "/"])
def test_answers_a_preflight_on_any_path(client, path):
    asked = {"origin": "http://example.com", "access-control-request-method": "PUT"}
    answer = client.options(path, headers={**asked, "access-control-request-headers": "x-a, content-type"})
    assert (answer.status_code, answer.text) == (200, "OK")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["access-control-allow-origin"] == "http://example.com"
    assert answer.headers["access-control-allow-methods"] == "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"
    assert answer.headers["access-control-allow-headers"] == "x-a, content-type"
    assert answer.headers["access-control-max-age"] == "600"
    assert answer.headers["vary"] == "Origin"
    assert "x-request-id" in answer.headers


def test_no_cors_headers_without_an_origin(client):
    assert not [name for name in client.get("/health").headers if name.startswith("access-control")]


@pytest.mark.parametrize("accepted", ["gzip", "gzip, deflate, br", "br;q=1.0, GZIP;q=0.5", "*;q=0, gzip"])
def test_compresses_a_large_body_for_who_accepts_gzip(service, accepted):
    with httpx.Client(base_url=service.url, trust_env=False) as client:
        request = client.build_request("GET", "/openapi.json", headers={"accept-encoding": accepted})
        answer = client.send(request, stream=True)
        raw = b"".join(answer.iter_raw())
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["vary"] == "Accept-Encoding"
    assert int(answer.headers["content-length"]) == len(raw)
    assert gzip.decompress(raw).startswith(b'{"components"')


@pytest.mark.parametrize("accepted", ["identity", "br", "gzip;q=0", ""])
def test_leaves_a_body_plain_for_who_does_not(client, accepted):
    assert "content-encoding" not in client.get("/openapi.json", headers={"accept-encoding": accepted}).headers


def test_leaves_a_small_body_plain(client):
    answer = client.get("/health/live", headers={"accept-encoding": "gzip"})
    assert "content-encoding" not in answer.headers


def test_compresses_a_long_answer_and_says_both_that_and_the_origin_vary(client):
    headers = {"accept-encoding": "gzip", "origin": "http://example.com", "cookie": "a=b"}
    body = {"prompt": "hello [[fake:all.words=400]]", "metadata": {"model": "local", "use_cache": False}}
    answer = client.post("/prompt", json=body, headers=headers)
    assert answer.headers["content-encoding"] == "gzip"
    assert {vary.strip() for vary in answer.headers["vary"].split(",")} == {"Accept-Encoding", "Origin"}
    assert answer.json()["response"] == " ".join(["word"] * 400)


@pytest.mark.parametrize(("path", "holds"), [("/docs", "swagger"), ("/redoc", "redoc")])
def test_shows_the_document_as_a_page(client, path, holds):
    answer = client.get(path)
    assert answer.headers["content-type"].startswith("text/html")
    assert holds in answer.text.lower()
    assert "/openapi.json" in answer.text
