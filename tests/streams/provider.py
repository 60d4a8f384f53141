"""A provider whose every byte a test decides: real sockets, and nothing that it does by itself."""

import asyncio
import re
import socket
import struct
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from enum import Enum
from time import monotonic
from typing import NamedTuple

CASE = re.compile(rb"case-([\w.-]+?)-end")
MODELS = b'{"object":"list","data":[]}'
RESET = struct.pack("ii", 1, 0)
"""SO_LINGER of no time: closing sends RST."""


class End(Enum):
    """How the bytes of an answer end."""

    WHOLE = "whole"
    """As HTTP says it; without framing there is nothing to say, and it is a FIN."""
    FIN = "fin"
    RST = "rst"
    HOLD = "hold"
    """Not at all: until the peer leaves."""


class Script(NamedTuple):
    """What is answered to one request."""

    pieces: Sequence[bytes | float]
    """Bytes of the body, and seconds of silence."""
    end: End = End.WHOLE
    framed: bool = True
    """By chunks; else its body ends where the connection does."""
    status: int = 200
    media: str = "text/event-stream"


class Provider:
    """What it answers to which case, and what became of its connections. Used in one event loop."""

    def __init__(self) -> None:
        self.scripts: dict[str, Script | Callable[[Line], Awaitable[None]]] = {}
        """By case; a function writes by itself."""
        self.spare: dict[str, Script] = {}
        """By path: what the model answers that takes over, which is asked below `/spare`."""
        self.asked: dict[str, int] = {}
        """How often, by case."""
        self.left: dict[str, float] = {}
        """When the peer closed a connection on which a case was being answered."""
        self.sees_asked: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self.sees_left: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)

    async def serve(self) -> tuple[asyncio.Server, int]:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Line(self), "127.0.0.1", 0, backlog=1024)
        return server, server.sockets[0].getsockname()[1]

    def script_of(self, path: str, case: str):
        if path.startswith("/spare"):
            return self.spare[path.removeprefix("/spare")]
        self.asked[case] = self.asked.get(case, 0) + 1
        self.sees_asked[case].set()
        return self.scripts[case]


class Line(asyncio.Protocol):
    """One connection: its requests one after the other."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._got = b""
        self._task: asyncio.Task[None] | None = None
        self._case = ""
        self._may_write = asyncio.Event()
        self._may_write.set()
        self.written = 0
        """Bytes of body that were handed to the kernel, or wait for it."""

    def connection_made(self, transport) -> None:
        self.transport = transport

    def connection_lost(self, exc) -> None:
        if self._case:
            self._provider.left[self._case] = monotonic()
            self._provider.sees_left[self._case].set()
        if self._task is not None:
            self._task.cancel()

    def pause_writing(self) -> None:
        self._may_write.clear()

    def resume_writing(self) -> None:
        self._may_write.set()

    def data_received(self, data: bytes) -> None:
        self._got += data
        head, found, body = self._got.partition(b"\r\n\r\n")
        if not found:
            return
        length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        if length and len(body) < int(length[1]):
            return
        self._got = b""
        method, path, _ = head.split(b" ", 2)
        if method == b"GET":
            self._whole(200, "application/json", MODELS)
            return
        case = CASE.search(body)
        self._case = case[1].decode() if case else ""
        script = self._provider.script_of(path.decode(), self._case)
        if isinstance(script, Script):
            self._play(script)
        else:
            self._task = asyncio.get_running_loop().create_task(script(self))

    def _whole(self, status: int, media: str, body: bytes) -> None:
        self.head(status, media, f"content-length: {len(body)}")
        self.transport.write(body)

    def head(self, status: int, media: str, *headers: str) -> None:
        lines = [f"HTTP/1.1 {status} Said", f"content-type: {media}", *headers]
        self.transport.write("\r\n".join(lines).encode() + b"\r\n\r\n")

    def _play(self, script: Script) -> None:
        self.head(script.status, script.media, "transfer-encoding: chunked" if script.framed else "connection: close")
        if any(isinstance(piece, float) for piece in script.pieces) or script.end is End.RST:
            self._task = asyncio.get_running_loop().create_task(self._slowly(script))
            return
        for piece in script.pieces:
            self.write(piece, framed=script.framed)
        self._end(script)

    async def _slowly(self, script: Script) -> None:
        for piece in script.pieces:
            if isinstance(piece, float):
                await asyncio.sleep(piece)
            else:
                self.write(piece, framed=script.framed)
        if script.end is End.RST:
            await asyncio.sleep(0.005)  # what was written is to arrive before the reset, as far as that can be said
        self._end(script)

    def write(self, body: bytes, *, framed: bool = True) -> None:
        if body:
            self.written += len(body)
            self.transport.write(b"%x\r\n%b\r\n" % (len(body), body) if framed else body)

    async def drained(self) -> None:
        """Until the peer has taken most of what was written."""
        await self._may_write.wait()

    def _end(self, script: Script) -> None:
        if script.end is End.HOLD:
            return
        self._case = ""
        if script.end is End.RST:
            self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            self.transport.abort()
        elif script.end is End.FIN or not script.framed:
            self.transport.close()
        else:
            self.transport.write(b"0\r\n\r\n")
