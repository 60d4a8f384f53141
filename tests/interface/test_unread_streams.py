"""A caller who stops reading a stream does not hold a provider for ever."""

import asyncio

import pytest
from interface.embedded import embedded
from interface.wire import request

from neuroroute.interface.alarm import Alarm
from neuroroute.interface.caller_watch import CallerWatch
from neuroroute.interface.respond import send_events

pytestmark = pytest.mark.anyio

PIECE = b"data: " + b"x" * 65_536 + b"\n\n"


class Told:
    """An application that streams `pieces`, `pause` seconds apart, and remembers how its stream ended."""

    def __init__(self, *, unread: float, pieces: int, pause: float = 0.0) -> None:
        self.sent = 0
        self.left = asyncio.Event()
        self._alarm = Alarm(0.02)
        self._unread, self._pieces, self._pause = unread, pieces, pause

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return
        with CallerWatch(receive, self._alarm, unread=self._unread) as watch:
            await receive()
            watch.answer()
            await send_events(send, self._events(), watch)

    async def _events(self):
        try:
            for _ in range(self._pieces):
                yield PIECE
                self.sent += 1
                await asyncio.sleep(self._pause)
        finally:
            self.left.set()


async def test_a_stream_that_nobody_reads_is_left_after_a_while():
    app = Told(unread=0.3, pieces=1_000_000)
    async with embedded(app) as port:
        reader, line = await asyncio.open_connection("127.0.0.1", port, limit=1024)
        line.write(request("/", method="POST"))
        assert (await reader.read(12)) == b"HTTP/1.1 200"
        line.transport.pause_reading()
        async with asyncio.timeout(5):
            await app.left.wait()
        assert 0 < app.sent < 1000
        line.transport.abort()


async def test_a_stream_that_is_read_lasts_longer_than_that():
    app = Told(unread=0.1, pieces=6, pause=0.1)
    async with embedded(app) as port:
        reader, line = await asyncio.open_connection("127.0.0.1", port)
        line.write(request("/", "Connection: close", method="POST"))
        async with asyncio.timeout(5):
            got = await reader.read()
        assert got.endswith(b"0\r\n\r\n")
        assert got.count(PIECE) == 6
        line.close()
        await line.wait_closed()
