"""Bodies that no honest client sends, each answered in this API's shape, fast, and never 500."""

import gzip
import json
import socket
import time
from contextlib import ExitStack

import httpx
import pytest
from contract.refusals import assert_refused
from interface.conftest import MAX_BODY
from interface.wire import exchange, request

SECRET = "sk-do-not-echo-0123456789"
GOOD = b'{"prompt": "hello", "metadata": {"model": "local"}}'


def post(client, body, **headers):
    return client.post("/prompt", content=body, headers={"content-type": "application/json", **headers})


@pytest.mark.parametrize(
    "body",
    [
        b'{"prompt": "\xff"}', b'{"prompt": "\xc3\x28"}', b'{"prompt": "\xed\xa0\x80"}', b"\x80", b'{"\xfe": 1}',
        b'{"prompt": "a", "more": "\xf5\x80\x80\x80"}', GOOD.decode().encode("utf-16"),
        GOOD.decode().encode("utf-32"),
    ],
)  # fmt: skip
def test_what_is_not_utf8_is_400(client, body):
    assert_refused(post(client, body), 400, "invalid_encoding")


def test_utf16_without_a_mark_is_refused(client):
    assert_refused(post(client, GOOD.decode().encode("utf-16-le")), 422, "validation_error")


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'{"prompt":[', b'[{"a":'])
@pytest.mark.parametrize("depth", [65, 1000, 100_000])
def test_deep_nesting_is_refused_at_once(client, opening, depth):
    levels = depth // opening.count(b"[") if b"[" in opening else depth
    began = time.monotonic()
    answer = post(client, (opening * levels)[: MAX_BODY - 10])
    assert_refused(answer, 422, "validation_error")
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
@pytest.mark.parametrize(("depth", "good"), [(62, True), (65, False), (1000, False), (150_000, False)])
def test_well_formed_nesting_is_read_to_a_depth_of_64(client, opening, closing, depth, good):
    body = f'{{"prompt": "hello", "more": {opening * depth}1{closing * depth}}}'
    answer = post(client, body.encode())
    if good:
        assert answer.status_code == 200
    else:
        assert_refused(answer, 422, "validation_error")


@pytest.mark.parametrize("wrong", ["\\u0000", "a\\u0000b", "\\ud800", "\\udfff\\ud800"])
@pytest.mark.parametrize("field", ["user_id", "system_prompt", "model", "request_id"])
def test_nul_and_half_pairs_are_refused_in_every_text(client, field, wrong):
    body = f'{{"prompt": "hello", "metadata": {{"{field}": "{wrong}"}}}}'.encode()
    assert_refused(post(client, body), 422, "validation_error", loc=["body", "metadata", field])


@pytest.mark.parametrize("coded", ["\\u0022\\u005c", "\\ud83d\\ude00", "\\/\\b\\f\\n\\r\\t"])
def test_every_lawful_escape_is_read(client, coded):
    assert post(client, f'{{"prompt": "x{coded}"}}'.encode()).status_code == 200


def test_a_body_in_gzip_is_refused_and_not_inflated(client):
    assert_refused(
        post(client, gzip.compress(GOOD), **{"content-encoding": "gzip"}), 415, "unsupported_content_encoding"
    )


@pytest.mark.parametrize("size", [MAX_BODY + 1, 8 * MAX_BODY, 40 * MAX_BODY])
def test_a_client_reads_413_for_a_body_that_says_to_be_too_long(client, size):
    body = assert_refused(post(client, b" " * size), 413, "body_too_large")
    assert "NEUROROUTE_MAX_BODY" in body["detail"]


@pytest.mark.parametrize("size", [MAX_BODY + 1, 8 * MAX_BODY, 40 * MAX_BODY])
def test_a_client_reads_413_for_a_chunked_body_that_grows_too_long(client, size):
    def chunks():
        for _ in range(0, size, 65_536):
            yield b" " * 65_536
        yield b"  "

    assert_refused(post(client, chunks()), 413, "body_too_large")


def test_a_body_of_exactly_the_most_is_read(client):
    body = GOOD.ljust(MAX_BODY)
    assert post(client, body).status_code == 200
    assert post(client, iter([body[:7], body[7:]])).status_code == 200


@pytest.mark.parametrize(
    ("target", "header", "status"),
    [("/prompt", "Content-Length: 99999999", 413), ("/prompt", "Content-Type: text/plain", 415), ("/nope", "X: y", 404),
     ("/health", "X: y", 405), ("/admin/cache/clear", "X: y", 401)],
)  # fmt: skip
def test_who_is_answered_before_its_body_was_read_is_told_that_the_connection_ends(service, target, header, status):
    framing = [] if "Length" in header else ["Transfer-Encoding: chunked"]
    answer = exchange(service.port, request(target, header, *framing, method="POST"))
    assert (answer.status, answer.headers.get("connection"), answer.closed) == (status, "close", True)


def test_a_connection_is_kept_after_a_body_that_was_read(service):
    for body in (GOOD, b"{"):
        head = request("/prompt", f"Content-Length: {len(body)}", method="POST", body=body)
        answer = exchange(service.port, head + head, quiet=0.3)
        assert "connection" not in answer.headers
        assert (answer.answers, answer.closed) == (2, False)


def test_413_comes_before_the_body_does(service):
    head = request("/prompt", "Content-Type: application/json", "Content-Length: 99999999", method="POST")
    answer = exchange(service.port, head)
    assert (answer.status, answer.closed) == (413, True)


def test_100_continue_is_only_said_to_a_body_that_will_be_read(service):
    head = ["Content-Type: application/json", "Expect: 100-continue"]
    asked = request("/prompt", *head, f"Content-Length: {len(GOOD)}", method="POST")
    assert exchange(service.port, asked, GOOD, pause=0.2, quiet=0.3).raw.startswith(b"HTTP/1.1 100")
    refused = exchange(service.port, request("/prompt", *head, "Content-Length: 99999999", method="POST"), quiet=0.3)
    assert refused.status == 413


def test_a_body_that_stops_coming_is_408_within_15_s(service):
    beginnings = {"Transfer-Encoding: chunked": b'5\r\n{"pro\r\n', "Content-Length: 100000": b'{"pro'}
    with ExitStack() as stack:
        began = time.monotonic()
        lines = []
        for header, beginning in beginnings.items():
            lines.append(stack.enter_context(socket.create_connection(("127.0.0.1", service.port), timeout=15)))
            lines[-1].sendall(request("/prompt", "Content-Type: application/json", header, method="POST") + beginning)
        for line in lines:
            answer = line.recv(65536)
            assert answer.startswith(b"HTTP/1.1 408")
            assert b"request_timeout" in answer
            assert 9 < time.monotonic() - began < 13


def test_a_body_that_breaks_off_is_no_error_of_ours(service, client):
    head = request("/prompt", "Content-Type: application/json", "Content-Length: 1000", method="POST")
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", service.port), timeout=5) as line:
            line.sendall(head + b'{"prompt":')
    assert client.get("/health/live").status_code == 200
    assert "unhandled_error" not in service.log


def test_a_body_that_is_longer_than_it_says_is_no_part_of_the_prompt(service):
    answer = exchange(
        service.port,
        request("/prompt", "Content-Type: application/json", f"Content-Length: {len(GOOD)}", method="POST", body=GOOD),
        b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n",
        quiet=0.3,
    )
    assert answer.answers == 2
    assert b'{"status":"alive"}' in answer.raw


def test_a_thousand_pipelined_requests_are_answered_in_order(service):
    sent = b"".join(request("/health/live", f"X-Request-ID: n{n}") for n in range(1000))
    answer = exchange(service.port, sent, quiet=1)
    ids = [line for line in answer.raw.split(b"\r\n") if line.lower().startswith(b"x-request-id")]
    assert ids == [b"x-request-id: n%d" % n for n in range(1000)]


def test_ten_thousand_members_are_read_or_refused_quickly(client):
    body = {"prompt": "hello", "metadata": {f"k{n}": n for n in range(30_000)}}
    began = time.monotonic()
    assert client.post("/prompt", json=body).status_code == 200
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    "body",
    [
        f'{{"prompt": "{SECRET}"', f'{{"api_key": "{SECRET}"}}', f'"{SECRET}"', SECRET,
        f'{{"prompt": 5, "{SECRET}": 1, "{SECRET}": 2}}',
        f'{{"prompt": "a", "metadata": {{"max_tokens": "{SECRET}", "required_capabilities": ["{SECRET}", 1]}}}}',
    ],
)  # fmt: skip
def test_an_error_never_repeats_what_was_sent(client, service, body):
    answer = post(client, body.encode())
    assert answer.status_code == 422
    assert SECRET not in answer.text
    assert SECRET not in service.log


def test_the_service_still_answers_and_has_logged_no_error(service, client):
    assert httpx.get(f"{service.url}/health/live", trust_env=False).json() == {"status": "alive"}
    for line in service.log.splitlines():
        assert '"level":"error"' not in line, line
    assert client.post("/prompt", json=json.loads(GOOD)).status_code == 200
