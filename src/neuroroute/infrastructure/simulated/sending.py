"""How an answer leaves: at its pace, and with the faults of time and of the socket."""

import asyncio
import fcntl
import socket
import struct
import termios
from collections.abc import Iterator
from http import HTTPStatus
from typing import Final, Literal, final

import h11

from neuroroute.infrastructure.simulated.faults import NONE, Faults
from neuroroute.infrastructure.simulated.wire import Piece, Response, Stage

_STALL_FOR: Final = 60.0
_WRITE_TIMEOUT: Final = 60.0
"""Seconds that a caller may leave what was sent unread."""
_LOOK: Final = 0.002
_LOOKS: Final = 1000
_TRICKLE: Final = 20
"""Pieces a second of a body that is sent slowly."""


@final
class Sender:
    """Writes one connection's answers. The protocol tells it when the socket takes no more."""

    def __init__(self, transport: asyncio.Transport, parser: h11.Connection) -> None:
        self._transport: Final = transport
        self._parser: Final = parser
        self._writable: Final = asyncio.Event()
        self._writable.set()
        # Written means handed to the kernel: a reset then loses nothing that was sent before it.
        transport.set_write_buffer_limits(high=0)

    def pause(self) -> None:
        self._writable.clear()

    def resume(self) -> None:
        self._writable.set()

    async def send(self, response: Response, faults: Faults = NONE) -> bool:
        """Write the response, or as much of it as the faults leave; true when all of it went out.

        Raises:
            TimeoutError: the caller does not read.
        """
        await self._write(self._parser.send(_head(response)))
        began = asyncio.get_running_loop().time()
        left = faults.cut_after
        contents = 0
        for piece in response.pieces:
            if _stalls(piece, contents, faults.stall_after):
                await asyncio.sleep(_STALL_FOR if faults.stall_for is None else faults.stall_for)
                self.drop("fin")
                return False
            contents += piece.stage is Stage.CONTENT
            wait = began + piece.at - asyncio.get_running_loop().time()
            if wait > 0:
                await asyncio.sleep(wait)
            for part in _parts(piece, faults.bytes_per_second):
                if faults.bytes_per_second is not None:
                    await asyncio.sleep(len(part) / faults.bytes_per_second)
                if left is not None and left <= len(part):
                    await self._cut(part, left, response, faults.cut or "rst")
                    return False
                left = None if left is None else left - len(part)
                await self._write(self._parser.send(h11.Data(data=part)))
        if left is not None and response.chunked:
            await self._cut(b"", 0, response, faults.cut or "rst")
            return False
        await self._write(self._parser.send(h11.EndOfMessage()))
        return True

    def drop(self, how: Literal["fin", "rst"]) -> None:
        """Close: `fin` as a server that ends, `rst` as one that dies."""
        if how == "rst":
            connection: socket.socket | None = self._transport.get_extra_info("socket")
            if connection is not None:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._transport.abort()
        else:
            self._transport.close()

    async def _cut(self, part: bytes, left: int, response: Response, how: Literal["fin", "rst"]) -> None:
        if left:
            await self._write((b"%x\r\n" % len(part) if response.chunked else b"") + part[:left])
        if how == "rst":
            await self._delivered()
        self.drop(how)

    async def _delivered(self) -> None:
        """Wait until the caller's kernel has what was written: a reset throws away what is still on its way."""
        connection: socket.socket | None = self._transport.get_extra_info("socket")
        for _ in range(_LOOKS):
            if connection is None or not _unsent(connection):
                return
            await asyncio.sleep(_LOOK)

    async def _write(self, data: bytes | None) -> None:
        self._transport.write(data or b"")
        if not self._writable.is_set():
            async with asyncio.timeout(_WRITE_TIMEOUT):
                await self._writable.wait()


def _head(response: Response) -> h11.Response:
    length = sum(len(piece.data) * piece.times for piece in response.pieces)
    framing = ("transfer-encoding", "chunked") if response.chunked else ("content-length", str(length))
    reason = "Overloaded"
    if response.status != 529:
        reason = HTTPStatus(response.status).phrase if response.status in _STATUSES else "Simulated"
    headers = [("content-type", response.content_type), framing, ("x-simulated", "true"), *response.headers]
    return h11.Response(status_code=response.status, headers=headers, reason=reason)


_STATUSES: Final = frozenset(HTTPStatus)


def _unsent(connection: socket.socket) -> bool:
    queued = bytearray(4)
    try:
        fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, queued)
    except OSError:
        return False
    return any(queued)


def _stalls(piece: Piece, contents: int, after: int | None) -> bool:
    if after is None:
        return False
    if after < 0:
        return True
    match piece.stage:
        case Stage.OPENING:
            return False
        case Stage.CONTENT:
            return contents == after
        case Stage.FINISHING | Stage.TERMINATOR:
            return True


def _parts(piece: Piece, bytes_per_second: int | None) -> Iterator[bytes]:
    step = len(piece.data) if bytes_per_second is None else max(1, bytes_per_second // _TRICKLE)
    for _ in range(piece.times if step else 0):
        for place in range(0, len(piece.data), step):
            yield piece.data[place : place + step]
