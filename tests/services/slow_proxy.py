"""A TCP proxy whose two directions can be delayed, or held back and let go later."""

import asyncio
from typing import final


@final
class Direction:
    """One way through the proxy."""

    def __init__(self) -> None:
        self.delay = 0.0
        """Seconds that each piece waits."""
        self._open = asyncio.Event()
        self._open.set()

    def hold(self) -> None:
        self._open.clear()

    def release(self) -> None:
        """What was held back goes on, even if its sender has left."""
        self._open.set()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while piece := await reader.read(65536):
                await asyncio.sleep(self.delay)
                await self._open.wait()
                writer.write(piece)
                await writer.drain()
            await self._open.wait()
        except ConnectionError:
            pass
        finally:
            writer.close()


@final
class SlowProxy:
    """`async with` it; then connect to `port` instead of to the server."""

    def __init__(self, port: int) -> None:
        self.port = 0
        self.to_server = Direction()
        self.to_client = Direction()
        self._server_port = port
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "SlowProxy":
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
        try:
            server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self._server_port)
        except ConnectionError:
            writer.close()
            return
        for carried in (self.to_server.carry(reader, server_writer), self.to_client.carry(server_reader, writer)):
            task = asyncio.create_task(carried)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
