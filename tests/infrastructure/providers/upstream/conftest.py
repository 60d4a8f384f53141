"""A provider whose every byte the test decides, and clients that are closed in the end."""

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import final

import msgspec
import pytest

from neuroroute.infrastructure.providers.reach import Reach
from neuroroute.infrastructure.providers.upstream import Exchange, Timeouts, Upstream

PATIENT = Timeouts(connect=5.0, first_byte=5.0, idle=5.0, total=10.0)


@pytest.fixture(params=[True, False], ids=["uvloop", "asyncio"])
def anyio_backend(request):
    return "asyncio", {"use_uvloop": request.param}


@final
class Talk:
    """The server's end of one connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def request(self) -> bytes:
        """The next request, head and body; raises IncompleteReadError when the client has gone."""
        head = await self._reader.readuntil(b"\r\n\r\n")
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                head += await self._reader.readexactly(int(line.partition(b":")[2]))
        return head

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def gone(self) -> None:
        """Wait until the client has closed."""
        while await self._reader.read(65536):
            pass

    def reset(self) -> None:
        """Cut the connection by RST instead of closing it."""
        raw = self._writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()


Handler = Callable[[Talk], Awaitable[None]]


@final
class Provider:
    """Runs `handler` for each connection and closes it when the handler returns."""

    def __init__(self, handler: Handler) -> None:
        self.connections = 0
        self.most_open = 0
        self.port = 0
        self.tls = False
        self._handler = handler
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self, context: ssl.SSLContext | None) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=context, backlog=1024)
        self.port, self.tls = self._server.sockets[0].getsockname()[1], context is not None

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.get_running_loop().create_task(self._talk(reader, writer))
        self._tasks.add(task)
        self.most_open = max(self.most_open, len(self._tasks))
        task.add_done_callback(self._tasks.discard)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                await self._handler(Talk(reader, writer))
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError, ssl.SSLError):
                await writer.wait_closed()

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@final
class Lab:
    """Starts providers and clients."""

    def __init__(self) -> None:
        self.stack = contextlib.AsyncExitStack()

    async def provider(self, handler: Handler, context: ssl.SSLContext | None = None) -> Provider:
        provider = Provider(handler)
        await provider.start(context)
        self.stack.push_async_callback(provider.stop)
        return provider

    def client(self, provider: Provider, *, connections=10, limit=1 << 20, host="127.0.0.1", context=None) -> Upstream:
        base = f"http{'s' if provider.tls else ''}://{host}:{provider.port}/v1"
        upstream = Upstream(
            base, max_connections=connections, max_response_bytes=limit, reach=Reach.ANYWHERE, ssl_context=context
        )
        self.stack.push_async_callback(upstream.aclose)
        return upstream

    async def answering(self, *answers: bytes, limit=1 << 20) -> Upstream:
        """A client of a provider that gives these answers on every connection, then closes it."""

        async def handler(talk: Talk) -> None:
            for answer in answers:
                await talk.request()
                await talk.send(answer)

        return self.client(await self.provider(handler), limit=limit)

    @staticmethod
    def ask(upstream: Upstream, *, method="POST", path="/chat", headers=(), body=b"{}", **seconds: float) -> Exchange:
        timeouts = msgspec.structs.replace(PATIENT, **seconds)
        return upstream.exchange(method, path, headers=headers, body=body, timeouts=timeouts)

    async def get(self, upstream: Upstream, **how) -> bytes:
        async with self.ask(upstream, **how) as reply:
            return await reply.read()

    async def pieces(self, upstream: Upstream, into: list[bytes], **how) -> None:
        async with self.ask(upstream, **how) as reply:
            async for piece in reply.chunks():
                into.append(piece)  # noqa: PERF401 - what came before a failure is wanted

    @staticmethod
    async def until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
        async with asyncio.timeout(seconds):
            while not condition():  # noqa: ASYNC110 - what is watched has no event to wait for
                await asyncio.sleep(0.002)


@pytest.fixture
async def lab() -> AsyncGenerator[Lab, None]:
    made = Lab()
    async with made.stack:
        yield made
