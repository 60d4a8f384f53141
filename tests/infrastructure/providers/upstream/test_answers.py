"""What goes out as a request and what comes in as an answer."""

import asyncio
import ssl

import pytest

from neuroroute.domain.errors import ProviderUnavailable
from neuroroute.infrastructure.providers.reach import Reach
from neuroroute.infrastructure.providers.upstream import Upstream

pytestmark = pytest.mark.anyio

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n6\r\n there\r\n0\r\n\r\n"


async def test_sends_one_whole_request_that_asks_for_no_compression(lab):
    seen: asyncio.Queue[bytes] = asyncio.Queue()

    async def handler(talk):
        seen.put_nowait(await talk.request())
        await talk.send(OK)

    provider = await lab.provider(handler)
    assert (
        await lab.get(lab.client(provider), path="/chat?x=1", headers=[("authorization", "Bearer k")], body=b"{}")
        == b"hi"
    )
    head, _, body = seen.get_nowait().partition(b"\r\n\r\n")
    assert head.split(b"\r\n") == [
        b"POST /v1/chat?x=1 HTTP/1.1",
        b"host: 127.0.0.1:%d" % provider.port,
        b"user-agent: neuroroute",
        b"accept-encoding: identity",
        b"authorization: Bearer k",
        b"content-length: 2",
    ]
    assert body == b"{}"


async def test_a_get_without_a_body_announces_none(lab):
    seen: asyncio.Queue[bytes] = asyncio.Queue()

    async def handler(talk):
        seen.put_nowait(await talk.request())
        await talk.send(OK)

    assert await lab.get(lab.client(await lab.provider(handler)), method="GET", body=b"") == b"hi"
    assert b"content-length" not in seen.get_nowait()


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (OK, b"hi"),
        (CHUNKED, b"hi there"),
        (b"HTTP/1.1 200 OK\r\n\r\nuntil the end", b"until the end"),
        (b"HTTP/1.0 200 OK\r\n\r\nold", b"old"),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nold", b"old"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b""),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n", b""),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: x\r\n\r\n" + OK, b"hi"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\r\nhi\r\n0\r\nX-Sum: 1\r\n\r\n", b"hi"),
    ],
)
async def test_reads_every_kind_of_framing(lab, answer, body):
    assert await lab.get(await lab.answering(answer)) == body


@pytest.mark.parametrize("answer", [OK, CHUNKED])
async def test_an_answer_may_arrive_byte_by_byte(lab, answer):
    async def handler(talk):
        await talk.request()
        for at in range(len(answer)):
            await talk.send(answer[at : at + 1])
            await asyncio.sleep(0)

    assert await lab.get(lab.client(await lab.provider(handler))) in {b"hi", b"hi there"}


async def test_gives_out_pieces_as_they_arrive(lab):
    more = asyncio.Event()

    async def handler(talk):
        await talk.request()
        await talk.send(CHUNKED[:-15])
        await more.wait()
        await talk.send(CHUNKED[-15:])

    pieces = []
    async with lab.ask(lab.client(await lab.provider(handler))) as reply:
        async for piece in reply.chunks():
            pieces.append(piece)
            more.set()
    assert len(pieces) >= 2
    assert b"".join(pieces) == b"hi there"


async def test_headers_are_found_by_lower_case_name_and_joined_when_repeated(lab):
    upstream = await lab.answering(b"HTTP/1.1 200 OK\r\nX-One: 1\r\nx-one: 2\r\nContent-Length: 0\r\n\r\n")
    async with lab.ask(upstream) as reply:
        assert reply.header("x-one") == "1, 2"
        assert reply.header("retry-after") is None


async def test_no_redirect_is_followed(lab):
    upstream = await lab.answering(b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n")
    async with lab.ask(upstream) as reply:
        assert (reply.status, reply.header("location")) == (302, "/elsewhere")


async def test_a_head_request_has_no_body_whatever_the_length_says(lab):
    upstream = await lab.answering(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
    assert await lab.get(upstream, method="HEAD", body=b"") == b""
    assert upstream.idle == 0


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", "not HTTP"),
        (b"<html>502</html>\r\n\r\n", "not HTTP"),
        (b"HTTP/1.1 099 What\r\n\r\n", "not HTTP"),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", "not HTTP"),
        (b"HTTP/1.1 103 Hints\r\n\r\n" * 9 + OK, "not HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nhi!", "not HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "not HTTP"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhi\r\n", "not HTTP"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nhi", "transfer coding"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nhi", "compressed"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\nhi", "larger than 1048576 bytes"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (1 << 20) + b"y", "larger than 1048576 bytes"),
        (b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 20_000 + b"\r\n", "65536 bytes of headers"),
        (b"HTTP/1.1 200 OK\r\nX-A: " + b"a" * 300_000, "65536 bytes of headers"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;" + b"a" * 300_000, "65536 bytes of headers"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: " + b"a" * 300_000, "65536 bytes of headers"),
        (b"", "closed before an answer came"),
    ],
)
async def test_refuses_what_is_no_usable_answer(lab, answer, why):
    upstream = await lab.answering(answer)
    with pytest.raises(ProviderUnavailable, match=why) as caught:
        await lab.get(upstream)
    assert caught.value.__cause__ is not None
    assert not caught.value.timed_out
    assert (upstream.in_flight, upstream.idle) == (0, 0)


@pytest.mark.parametrize("answer", [OK, CHUNKED])
@pytest.mark.parametrize("how", ["closed", "reset"])
async def test_a_cut_at_any_byte_is_an_error(lab, answer, how):
    cuts = iter(range(1, len(answer)))

    async def handler(talk):
        await talk.request()
        await talk.send(answer[: next(cuts)])
        if how == "reset":
            await asyncio.sleep(0.002)
            talk.reset()

    upstream = lab.client(await lab.provider(handler))
    for _ in range(1, len(answer)):
        with pytest.raises(ProviderUnavailable, match="the connection was cut in the middle of the answer"):
            await lab.get(upstream)
    assert (upstream.in_flight, upstream.idle) == (0, 0)


async def test_what_arrived_before_a_cut_is_given_out_first(lab):
    upstream = await lab.answering(CHUNKED[:-5])
    pieces = []
    with pytest.raises(ProviderUnavailable, match="cut in the middle"):
        await lab.pieces(upstream, pieces)
    assert b"".join(pieces) == b"hi there"


@pytest.mark.parametrize(
    "bad",
    [
        {"path": "/chat\r\nx: y"}, {"path": "/a b"}, {"path": "//\x00"},
        {"method": "GET / HTTP/1.1\r\n\r\nPOST"},
        {"headers": [("x", "a\r\nb: c")]}, {"headers": [("x", "a\nb")]}, {"headers": [("x", "a\x00")]},
        {"headers": [("x", "€")]},
        {"headers": [("x: y\r\nz", "a")]}, {"headers": [("", "a")]}, {"headers": [("Host", "a")]},
        {"headers": [("Content-Length", "1")]}, {"headers": [("transfer-encoding", "chunked")]},
    ],
)  # fmt: skip
async def test_nothing_that_would_break_the_request_is_sent(lab, bad):
    upstream = await lab.answering(OK)
    bad = bad | {"headers": [*bad.get("headers", ()), ("authorization", "Bearer sk-secret")]}
    with pytest.raises(ValueError, match=r"header|character") as caught:
        lab.ask(upstream, **bad)
    assert "sk-secret" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["ftp://h", "h:80", "http://", "http://u:secret@h", "http://h/v1?k=secret", "http://h#x"]
)
def test_a_base_url_is_an_origin_and_a_prefix(url):
    with pytest.raises(ValueError, match="base URL") as caught:
        Upstream(url, max_connections=1, max_response_bytes=1, reach=Reach.ANYWHERE)
    assert "secret" not in str(caught.value)


def test_a_context_that_does_not_verify_is_refused():
    context = ssl.create_default_context()
    context.check_hostname = False
    with pytest.raises(ValueError, match="always verified"):
        Upstream("https://h", max_connections=1, max_response_bytes=1, reach=Reach.ANYWHERE, ssl_context=context)
