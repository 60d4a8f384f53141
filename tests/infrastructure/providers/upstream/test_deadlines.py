"""Nothing waits for ever, and nobody is flooded."""

import asyncio
import socket

import pytest

from neuroroute.domain.errors import ProviderUnavailable
from neuroroute.infrastructure.providers.connection import BUFFER_LIMIT
from neuroroute.infrastructure.providers.reach import Reach
from neuroroute.infrastructure.providers.upstream import Upstream

pytestmark = pytest.mark.anyio

HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


async def failure(lab, upstream, **seconds) -> ProviderUnavailable:
    with pytest.raises(ProviderUnavailable) as caught:
        await lab.get(upstream, **seconds)
    assert upstream.in_flight == 0
    return caught.value


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_a_refused_connection_does_not_tell_the_address(lab, host):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        upstream = Upstream(f"http://{host}:{port}/v1", max_connections=1, max_response_bytes=1, reach=Reach.ANYWHERE)
        error = await failure(lab, upstream)
    assert str(error) in {
        "no connection to the provider: Connection refused",
        "no connection to the provider: none of its addresses could be reached",  # a name can have several
    }
    assert isinstance(error.__cause__, OSError)
    assert not error.timed_out


async def test_an_unknown_host_is_no_connection(lab):
    upstream = Upstream("http://nowhere.invalid", max_connections=1, max_response_bytes=1, reach=Reach.ANYWHERE)
    assert str(await failure(lab, upstream)) == "no connection to the provider: its name could not be resolved"


async def test_a_handshake_that_never_comes_ends_at_the_connect_time_out(lab):
    provider = await lab.provider(lambda talk: talk.gone())
    provider.tls = True  # the client speaks TLS to a server that says nothing
    error = await failure(lab, lab.client(provider), connect=0.1)
    assert str(error) == "no connection to the provider within 0.1 s"
    assert error.timed_out


async def test_silence_ends_at_the_first_byte_time_out(lab):
    upstream = lab.client(await lab.provider(lambda talk: talk.gone()))
    error = await failure(lab, upstream, first_byte=0.1)
    assert (str(error), error.timed_out) == ("no answer within 0.1 s", True)


async def test_interim_answers_do_not_prolong_the_wait_for_the_first_byte(lab):
    async def handler(talk):
        await talk.request()
        for _ in range(6):
            await talk.send(b"HTTP/1.1 102 Processing\r\n\r\n")
            await asyncio.sleep(0.05)

    error = await failure(lab, lab.client(await lab.provider(handler)), first_byte=0.15)
    assert str(error) == "no answer within 0.15 s"


async def stalling(talk):
    await talk.request()
    await talk.send(HEAD + b"2\r\nhi\r\n")
    await talk.gone()


async def test_a_pause_ends_at_the_idle_time_out(lab):
    upstream = lab.client(await lab.provider(stalling))
    assert str(await failure(lab, upstream, idle=0.1)) == "the answer stopped for 0.1 s"
    pieces = []
    with pytest.raises(ProviderUnavailable, match=r"the answer stopped for 0\.1 s") as caught:
        await lab.pieces(upstream, pieces, idle=0.1)
    assert pieces == [b"hi"]
    assert caught.value.timed_out


async def dripping(talk):
    await talk.request()
    await talk.send(HEAD)
    for _ in range(12):
        await asyncio.sleep(0.03)
        await talk.send(b"1\r\nx\r\n")
    await talk.send(b"0\r\n\r\n")


async def test_a_slow_but_steady_answer_is_no_pause(lab):
    upstream = lab.client(await lab.provider(dripping))
    assert await lab.get(upstream, idle=0.2) == b"x" * 12
    async with lab.ask(upstream, idle=0.2) as reply:
        assert b"".join([piece async for piece in reply]) == b"x" * 12


async def test_a_steady_answer_without_end_stops_at_the_total(lab):
    error = await failure(lab, lab.client(await lab.provider(dripping)), total=0.15)
    assert (str(error), error.timed_out) == ("not answered within 0.15 s", True)


async def test_the_total_holds_for_a_reader_that_is_busy_elsewhere(lab):
    left = asyncio.Event()

    async def handler(talk):
        await stalling(talk)
        left.set()

    async with lab.ask(lab.client(await lab.provider(handler)), total=0.1) as reply:
        await asyncio.wait_for(left.wait(), 5)
        with pytest.raises(ProviderUnavailable, match=r"not answered within 0\.1 s"):
            await reply.read()


async def test_what_is_left_of_an_answer_can_be_given_more_time(lab):
    async with lab.ask(lab.client(await lab.provider(dripping)), total=0.1) as reply:
        first = await anext(reply)
        reply.extend(idle=0.2, total=5)
        assert first + b"".join([piece async for piece in reply]) == b"x" * 12


async def test_what_is_left_of_an_answer_can_be_given_less_time(lab):
    async with lab.ask(lab.client(await lab.provider(dripping)), total=5) as reply:
        await anext(reply)
        reply.extend(idle=0.2, total=0.1)
        with pytest.raises(ProviderUnavailable, match=r"not answered within 0\.1 s"):
            await reply.read()


async def test_deadlines_hold_again_on_a_kept_connection(lab):
    async def handler(talk):
        await talk.request()
        await talk.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
        await talk.request()
        await talk.gone()

    provider = await lab.provider(handler)
    upstream = lab.client(provider)
    assert await lab.get(upstream, first_byte=0.3) == b"hi"
    assert str(await failure(lab, upstream, first_byte=0.1)) == "no answer within 0.1 s"
    assert provider.connections == 1


async def test_a_slow_reader_holds_the_sender_back_and_loses_nothing(lab):
    sent, size = 0, 64 * 1024
    piece = b"%x\r\n" % size + b"x" * size + b"\r\n"

    async def handler(talk):
        nonlocal sent
        await talk.request()
        await talk.send(HEAD)
        for _ in range(400):
            await talk.send(piece)
            sent += size
        await talk.send(b"0\r\n\r\n")

    upstream = lab.client(await lab.provider(handler), limit=1 << 26)
    async with lab.ask(upstream) as reply:
        before = -1
        while sent != before:  # until the sender is stuck
            before = sent
            await asyncio.sleep(0.1)
        assert sent < 400 * size / 2  # what is missing sits in kernel buffers; the rest was never sent
        assert reply._response.buffered < BUFFER_LIMIT + (1 << 18)  # one read of the loop may come on top
        received = 0
        async for got in reply:
            received += len(got)
    assert received == 400 * size
    assert upstream.idle == 1
