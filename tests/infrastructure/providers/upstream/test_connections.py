"""How connections are shared, kept, counted and given up."""

import asyncio
import random
import time

import pytest

from neuroroute.domain.errors import ProviderThrottled, ProviderUnavailable
from neuroroute.infrastructure.providers.pool import ConnectionPool

pytestmark = pytest.mark.anyio

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"


async def answer(talk):
    while await talk.request():
        await talk.send(OK)


async def hang(talk):
    await talk.gone()


def once_per_connection(*then: bytes):
    """A handler: a good first answer on each connection; after the next request, `then`, and the end."""

    async def handler(talk):
        await talk.request()
        await talk.send(OK)
        await talk.request()
        for data in then:
            await talk.send(data)

    return handler


async def test_one_connection_carries_one_exchange_after_the_other(lab):
    provider = await lab.provider(answer)
    upstream = lab.client(provider)
    assert [await lab.get(upstream) for _ in range(20)] == [b"hi"] * 20
    assert (provider.connections, upstream.in_flight, upstream.idle) == (1, 0, 1)


async def test_a_whole_answer_that_nobody_read_keeps_the_connection(lab):
    provider = await lab.provider(answer)
    upstream = lab.client(provider)
    for _ in range(3):
        async with lab.ask(upstream) as reply:
            assert reply.status == 200
    assert provider.connections == 1


@pytest.mark.parametrize(
    "reply",
    [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi",
        OK + b"HTTP/1.1 200 OK\r\n",
        OK + b"garbage",
    ],
)
async def test_a_connection_that_cannot_be_trusted_further_is_not_kept(lab, reply):
    async def handler(talk):
        while await talk.request():
            await talk.send(reply)

    provider = await lab.provider(handler)
    upstream = lab.client(provider)
    assert [await lab.get(upstream), await lab.get(upstream)] == [b"hi", b"hi"]
    assert (provider.connections, upstream.idle) == (2, 0)


async def test_leaving_early_closes_the_connection(lab):
    closed = asyncio.Event()

    async def handler(talk):
        await talk.request()
        await talk.send(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi")
        await talk.gone()
        closed.set()

    upstream = lab.client(await lab.provider(handler))
    with pytest.raises(KeyError):
        async with lab.ask(upstream):
            raise KeyError
    await asyncio.wait_for(closed.wait(), 5)
    assert (upstream.in_flight, upstream.idle) == (0, 0)


async def test_bytes_nobody_asked_for_close_an_idle_connection(lab):
    async def handler(talk):
        await talk.request()
        await talk.send(OK)
        await asyncio.sleep(0.02)
        await talk.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
        await talk.gone()

    upstream = lab.client(await lab.provider(handler))
    assert await lab.get(upstream) == b"hi"
    assert upstream.idle == 1
    await lab.until(lambda: upstream.idle == 0)
    assert await lab.get(upstream) == b"hi"


async def test_an_idle_connection_that_the_server_closes_is_dropped(lab):
    upstream = await lab.answering(OK)
    assert await lab.get(upstream) == b"hi"
    await lab.until(lambda: upstream.idle == 0)


async def test_idle_connections_are_dropped_when_they_have_not_been_used_for_a_while(lab):
    upstream = lab.client(await lab.provider(answer))
    upstream._pool = ConnectionPool(upstream._pool._connect, limit=5, keep=0.1)
    await asyncio.gather(*(lab.get(upstream) for _ in range(5)))
    assert upstream.idle == 5
    await asyncio.sleep(0.06)
    await lab.get(upstream)  # uses the one that was used last
    await lab.until(lambda: upstream.idle == 1, 1)
    await lab.until(lambda: upstream.idle == 0, 1)
    await upstream.aclose()


async def test_a_request_over_a_connection_that_died_idle_is_sent_once_more(lab):
    provider = await lab.provider(once_per_connection())
    upstream = lab.client(provider)
    assert [await lab.get(upstream) for _ in range(3)] == [b"hi"] * 3
    assert provider.connections == 3


async def test_only_once(lab):
    seen = 0

    async def handler(talk):
        nonlocal seen
        await talk.request()
        seen += 1
        if seen == 1:
            await talk.send(OK)
            await talk.request()
            seen += 1

    upstream = lab.client(await lab.provider(handler))
    assert await lab.get(upstream) == b"hi"
    with pytest.raises(ProviderUnavailable, match="closed before an answer came"):
        await lab.get(upstream)
    assert seen == 3
    assert upstream.in_flight == 0


async def test_never_when_a_byte_of_an_answer_came(lab):
    provider = await lab.provider(once_per_connection(b"H"))
    upstream = lab.client(provider)
    assert await lab.get(upstream) == b"hi"
    with pytest.raises(ProviderUnavailable, match="cut in the middle"):
        await lab.get(upstream)
    assert provider.connections == 1


async def test_never_on_a_new_connection_and_never_after_a_time_out(lab):
    provider = await lab.provider(lambda talk: talk.request())
    with pytest.raises(ProviderUnavailable, match="closed before"):
        await lab.get(lab.client(provider))
    assert provider.connections == 1

    async def handler(talk):
        await once_per_connection()(talk)
        await talk.gone()

    slow = await lab.provider(handler)
    upstream = lab.client(slow)
    assert await lab.get(upstream) == b"hi"
    with pytest.raises(ProviderUnavailable, match="no answer within"):
        await lab.get(upstream, first_byte=0.1)
    assert slow.connections == 1


async def test_connections_are_bounded_and_callers_served_in_line(lab):
    order = []
    provider = await lab.provider(answer)
    upstream = lab.client(provider, connections=3)

    async def call(number):
        async with lab.ask(upstream) as reply:
            order.append(number)
            await asyncio.sleep(0.002)
            await reply.read()

    await asyncio.gather(*(call(number) for number in range(60)))
    assert (provider.connections, provider.most_open) == (3, 3)
    assert all(abs(place - number) <= 3 for place, number in enumerate(order))
    assert (upstream.in_flight, upstream.idle, upstream.waiting) == (0, 3, 0)


async def test_waiting_in_line_ends_at_the_connect_time_out(lab):
    upstream = lab.client(await lab.provider(answer), connections=1)
    async with lab.ask(upstream):
        with pytest.raises(ProviderThrottled, match=r"^all 1 connections to the provider were in use for 0\.05 s"):
            await lab.get(upstream, connect=0.05)
    assert await lab.get(upstream) == b"hi"


async def test_a_slot_given_to_a_cancelled_waiter_goes_to_the_next(lab):
    upstream = lab.client(await lab.provider(answer), connections=1)
    async with lab.ask(upstream):
        first, second = (asyncio.create_task(lab.get(upstream)) for _ in range(2))
        await lab.until(lambda: upstream.waiting == 2)
    first.cancel()  # the slot is already its own, and it has not run since
    assert await asyncio.wait_for(second, 5) == b"hi"
    assert (await asyncio.gather(first, return_exceptions=True))[0].__class__ is asyncio.CancelledError
    assert (upstream.in_flight, upstream.waiting) == (0, 0)


async def test_closing_ends_exchanges_and_refuses_new_ones(lab):
    upstream = lab.client(await lab.provider(hang), connections=2)
    calls = [asyncio.create_task(lab.get(upstream)) for _ in range(3)]
    await lab.until(lambda: upstream.in_flight == 2)
    await asyncio.sleep(0.02)
    await upstream.aclose()
    for outcome in await asyncio.wait_for(asyncio.gather(*calls, return_exceptions=True), 5):
        assert isinstance(outcome, ProviderUnavailable)
        assert "the client was closed" in str(outcome)
    with pytest.raises(ProviderUnavailable, match="the client was closed"):
        await lab.get(upstream)
    assert (upstream.in_flight, upstream.idle, upstream.waiting) == (0, 0, 0)


async def test_survives_a_storm_of_cancellations(lab):
    async def handler(talk):
        dice = random.Random(7)
        while await talk.request():
            await asyncio.sleep(dice.uniform(0, 0.002))
            await talk.send(OK)

    provider = await lab.provider(handler)
    upstream = lab.client(provider, connections=10)
    cancelled = 0

    async def caller(seed, until):
        nonlocal cancelled
        dice = random.Random(seed)
        while time.monotonic() < until:
            call = asyncio.create_task(lab.get(upstream))
            await asyncio.sleep(dice.uniform(0, 0.003))
            call.cancel()
            outcome = (await asyncio.gather(call, return_exceptions=True))[0]
            cancelled += isinstance(outcome, asyncio.CancelledError)
            assert outcome == b"hi" or isinstance(outcome, asyncio.CancelledError)

    await asyncio.gather(*(caller(seed, time.monotonic() + 5) for seed in range(20)))
    assert cancelled > 1000
    assert (upstream.in_flight, upstream.waiting) == (0, 0)
    assert await asyncio.gather(*(lab.get(upstream) for _ in range(100))) == [b"hi"] * 100
    assert upstream.idle <= 10
