"""A TCP proxy that cuts a connection when the server has done what was asked, and before it can say so."""

import asyncio
from contextlib import suppress
from typing import final


@final
class CuttingProxy:
    """`async with` it; then connect to `port` instead of to the server. Cuts while `cuts` is more than 0."""

    def __init__(self, port: int, *, at: bytes) -> None:
        """`at`: what a client sends, after which its connection is cut as soon as the server has answered."""
        self.port = 0
        self.cuts = 0
        self.done = 0
        """Connections that were cut."""
        self._at = at
        self._server_port = port
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "CuttingProxy":
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self._server.wait_closed()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._carry(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self._server_port)
        doomed = asyncio.Event()

        async def to_server() -> None:
            while piece := await reader.read(65536):
                if self.cuts and self._at in piece:
                    self.cuts -= 1
                    doomed.set()
                server_writer.write(piece)
                await server_writer.drain()

        async def to_client() -> None:
            while (piece := await server_reader.read(65536)) and not doomed.is_set():
                writer.write(piece)
                await writer.drain()
            self.done += doomed.is_set()

        ways = [asyncio.create_task(way()) for way in (to_server, to_client)]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
                with suppress(asyncio.CancelledError, ConnectionError):
                    await way
            for end in (writer, server_writer):
                end.close()
