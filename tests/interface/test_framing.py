"""docs/http-framing.md says what is made of HTTP that two parsers may read differently, and says it rightly."""

import pytest
from interface.framing import ROWS, documented, measure
from interface.proxy import binary, nginx
from interface.wire import exchange

needs_nginx = pytest.mark.skipif(binary() is None, reason="nginx is not installed: its column is not checked here")


@pytest.fixture(scope="module")
def documented_columns():
    return documented()


@pytest.fixture(scope="module")
def alone(service):
    return measure(service.port)


@pytest.fixture(scope="module")
def proxied(nginx_port):
    return measure(nginx_port)


@pytest.fixture(scope="module")
def nginx_port(service, tmp_path_factory):
    with nginx(tmp_path_factory.mktemp("front") / "nginx", service.port) as port:
        yield port


def test_the_document_has_every_row(documented_columns):
    assert [list(column) for column in documented_columns] == [list(ROWS)] * 2


@pytest.mark.parametrize("row", ROWS)
def test_the_service_alone_does_as_documented(alone, documented_columns, row):
    assert alone[row] == documented_columns[0][row]


@needs_nginx
@pytest.mark.parametrize("row", ROWS)
def test_nginx_in_front_does_as_documented(proxied, documented_columns, row):
    assert proxied[row] == documented_columns[1][row]


@pytest.mark.parametrize("row", ROWS)
def test_no_row_is_answered_500(documented_columns, row):
    assert not any(column[row].startswith("500") for column in documented_columns)


@pytest.mark.parametrize(
    "row",
    ["Content-Length and Transfer-Encoding", "the same Content-Length twice", "no Host", "two Host", "absolute-form",
     "//health/live", "/health%2flive", "a header of 500 KB", "CONNECT", "BREW", "a WebSocket upgrade"],
)  # fmt: skip
def test_nginx_refuses_what_the_service_alone_may_let_in(documented_columns, row):
    assert int(documented_columns[1][row][:3]) >= 400


@needs_nginx
def test_nginx_lets_a_stream_through_event_by_event_and_hides_the_metrics(nginx_port):
    body = b'{"prompt": "hello", "metadata": {"stream": true, "use_cache": false}}'
    head = f"POST /prompt HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    answer = exchange(nginx_port, head.encode() + body, quiet=1)
    assert b"event: start" in answer.raw
    assert b"event: done" in answer.raw
    assert exchange(nginx_port, b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", quiet=0.15).status == 404
