"""An application served in the test's own process, for what a whole service cannot be made to do."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server
from litestar.types import ASGIApp
from running import free_port

from neuroroute.infrastructure.log import GRANIAN


@asynccontextmanager
async def embedded(app: ASGIApp) -> AsyncIterator[int]:
    """The port it is served on."""
    port = free_port()
    server = Server(
        app,
        "127.0.0.1",
        port,
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,
        websockets=False,
        log_dictconfig=GRANIAN,
    )
    serving = asyncio.create_task(server.serve())
    try:
        async with asyncio.timeout(10):
            await _accepts(port)
        yield port
    finally:
        server.stop()
        async with asyncio.timeout(10):
            await serving


async def _accepts(port: int) -> None:
    while True:
        try:
            _, line = await asyncio.open_connection("127.0.0.1", port)
        except ConnectionRefusedError:
            await asyncio.sleep(0.01)
        else:
            line.close()
            await line.wait_closed()
            return
