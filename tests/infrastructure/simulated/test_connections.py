"""HTTP as it comes: kept connections, pieces, nonsense, too many, and the end."""

import asyncio

import anyio
import httpx
import pytest

from neuroroute.infrastructure.simulated.replies import INSTANT
from neuroroute.infrastructure.simulated.server import FREE_PORTS, SimulatedPorts, Simulator
from neuroroute.infrastructure.simulated.wire import Persona

pytestmark = pytest.mark.anyio

GET = b"GET /v1/models HTTP/1.1\r\nhost: x\r\n\r\n"


async def talk(simulator, *pieces, answers=1):
    with anyio.fail_after(10):
        stream = await anyio.connect_tcp("127.0.0.1", simulator.ports.openai)
        async with stream:
            for piece in pieces:
                await stream.send(piece)
            got = b""
            try:
                while got.count(b"HTTP/1.1") < answers or not got.endswith(b"}"):
                    got += await stream.receive()
            except anyio.EndOfStream:
                pass
            return got


async def eventually(true):
    for _ in range(500):
        if true():
            return True
        await anyio.sleep(0.01)
    return False


async def test_a_connection_is_kept_and_pipelined_requests_are_answered_in_turn(simulator):
    got = await talk(simulator, GET + GET, GET, answers=3)
    assert got.count(b"HTTP/1.1 200") == 3


async def test_a_request_may_come_byte_by_byte(simulator):
    assert b"200" in await talk(simulator, *(bytes([byte]) for byte in GET))


async def test_a_connection_ends_when_the_caller_says_so(simulator):
    got = await talk(simulator, GET.replace(b"host", b"connection: close\r\nhost"), answers=2)
    assert got.count(b"HTTP/1.1 200") == 1


@pytest.mark.parametrize(
    "nonsense",
    [b"\x16\x03\x01\x00\r\n\r\n", b"GET\r\n\r\n", b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: z\r\n\r\n"],
)
async def test_what_is_not_http_is_refused(simulator, nonsense):
    assert b"HTTP/1.1 400" in await talk(simulator, nonsense, answers=2)


async def test_a_caller_may_wait_for_a_hundred(simulator):
    body = b'{"model":"m","messages":[{"role":"user","content":"x"}]}'
    head = b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: %d\r\n\r\n"
    with anyio.fail_after(10):
        async with await anyio.connect_tcp("127.0.0.1", simulator.ports.openai) as stream:
            await stream.send(head % len(body))
            assert (await stream.receive()).startswith(b"HTTP/1.1 100")
            await stream.send(body)
            assert (await stream.receive()).startswith(b"HTTP/1.1 200")


async def test_who_comes_on_top_is_answered_503():
    async with Simulator(FREE_PORTS, seed=1, pace=INSTANT, max_connections=1) as simulator:
        async with await anyio.connect_tcp("127.0.0.1", simulator.ports.openai) as first:
            await first.send(GET)
            await first.receive()
            assert b"503" in await talk(simulator, answers=2)
        assert await eventually(lambda: not simulator._connections[Persona.OPENAI])
        assert b"200" in await talk(simulator, GET)


async def test_only_loopback_listens(simulator):
    for server in simulator._servers:
        assert {listening.getsockname()[0] for listening in server.sockets} == {"127.0.0.1"}


async def test_leaving_ends_every_answer_and_leaves_no_task():
    before = asyncio.all_tasks()
    async with Simulator(FREE_PORTS, seed=1, pace=INSTANT) as simulator:
        streams = [await anyio.connect_tcp("127.0.0.1", simulator.ports.openai) for _ in range(5)]
        for stream in streams:
            await stream.send(GET.replace(b"host", b"x-simulate: delay=60\r\nhost"))
        assert await eventually(lambda: simulator.control._counts[Persona.OPENAI]["models"] == 5)
        began = anyio.current_time()
    assert anyio.current_time() - began < 5
    assert asyncio.all_tasks() == before
    for stream in streams:
        await stream.aclose()


async def test_a_taken_port_closes_those_already_open(simulator):
    taken = SimulatedPorts(openai=0, anthropic=simulator.ports.openai, lmstudio=0)
    second = Simulator(taken, seed=1, pace=INSTANT)
    with pytest.raises(OSError, match="address already in use"):
        await second.__aenter__()
    assert second._servers == []
    with pytest.raises(RuntimeError, match="not been started"):
        _ = second.urls


async def test_a_storm_of_cancelled_callers_leaves_it_answering(simulator):
    body = {"messages": [{"role": "user", "content": "x"}], "stream": True}
    url = f"{simulator.urls.lmstudio}/chat/completions"
    async with httpx.AsyncClient(limits=httpx.Limits(max_connections=None), timeout=10, verify=False) as client:
        for number in range(100):
            with anyio.move_on_after(0.0005 * (number % 10)):
                await client.post(url, json=body)
    async with httpx.AsyncClient(timeout=10, verify=False) as client:
        assert (await client.post(url, json=body)).text.endswith("[DONE]\n\n")
