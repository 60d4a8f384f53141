"""One caller's connection: HTTP/1.1 in, through h11; one task at a time that answers; gone when the caller is."""

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Final, TypeAlias, final

import h11

from neuroroute.infrastructure.simulated.sending import Sender
from neuroroute.infrastructure.simulated.wire import Piece, Request, Response, Stage

Answerer: TypeAlias = Callable[[Request, Sender], Awaitable[None]]

_MAX_BODY: Final = 64 * 1024 * 1024
_MAX_AHEAD: Final = 1024 * 1024
"""Bytes that a caller may send while it is being answered."""
_SILENCE: Final = 75.0
"""Seconds of silence after which an idle connection, or one with half a request, is closed."""


@final
class Connection(asyncio.Protocol):
    """Joins `connections` while it lives; when `limit` are there already it answers 503 and closes."""

    def __init__(self, answer: Answerer, connections: set["Connection"], *, limit: int) -> None:
        self._answer: Final = answer
        self._connections: Final = connections
        self._limit: Final = limit
        self._parser: Final = h11.Connection(h11.SERVER, max_incomplete_event_size=64 * 1024)
        self._transport: asyncio.Transport | None = None
        self._sender: Sender | None = None
        self._head: h11.Request | None = None
        self._body = bytearray()
        self._ahead = 0
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]  (a TCP server gives no other; uvloop's are not instances of it)
        self._transport = transport
        self._sender = Sender(transport, self._parser)
        if len(self._connections) >= self._limit:
            transport.write(b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            transport.close()
            return
        self._connections.add(self)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._connections.discard(self)
        self._unwatch()
        if self._task is not None:
            self._task.cancel()

    def pause_writing(self) -> None:
        if self._sender is not None:
            self._sender.pause()

    def resume_writing(self) -> None:
        if self._sender is not None:
            self._sender.resume()

    def data_received(self, data: bytes) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        if self._task is not None:
            self._ahead += len(data)
            if self._ahead > _MAX_AHEAD:
                self.abort()
                return
        else:
            self._watch()
        try:
            self._parser.receive_data(data)
            if self._task is None:
                self._advance()
        except h11.RemoteProtocolError as exc:
            self._refuse(exc.error_status_hint)

    def abort(self) -> asyncio.Task[None] | None:
        """Close at once; what is left to wait for."""
        if self._transport is not None:
            self._transport.abort()
        if self._task is not None:
            self._task.cancel()
        return self._task

    def _advance(self) -> None:
        while True:
            match self._parser.next_event():
                case h11.Request() as head:
                    self._head = head
                    self._body.clear()
                    if self._parser.they_are_waiting_for_100_continue:
                        self._write(self._parser.send(h11.InformationalResponse(status_code=100, headers=[])))
                case h11.Data(data=data):
                    self._body += data
                    if len(self._body) > _MAX_BODY:
                        return self._refuse(413)
                case h11.EndOfMessage():
                    return self._begin()
                case _:
                    return None

    def _begin(self) -> None:
        if self._head is None or self._sender is None:
            return
        self._unwatch()
        self._ahead = 0
        self._task = asyncio.get_running_loop().create_task(
            self._respond(_request(self._head, self._body), self._sender)
        )

    async def _respond(self, request: Request, sender: Sender) -> None:
        finished = False
        try:
            await self._answer(request, sender)
            finished = True
        except TimeoutError:
            # The caller does not read: there is nobody to tell.
            return
        finally:
            self._task = None
            if not finished and self._transport is not None:
                self._transport.abort()
        self._next()

    def _next(self) -> None:
        if self._transport is None:
            return
        self._watch()
        if self._transport.is_closing():
            return
        if self._parser.our_state is not h11.DONE or self._parser.their_state is not h11.DONE:
            self._transport.close()
            return
        self._parser.start_next_cycle()
        try:
            self._advance()
        except h11.RemoteProtocolError as exc:
            self._refuse(exc.error_status_hint)

    def _refuse(self, status: int) -> None:
        if self._transport is None:
            return
        if self._parser.our_state in {h11.IDLE, h11.SEND_RESPONSE} and self._task is None:
            body = f"[simulated] {HTTPStatus(status).phrase}".encode()
            response = Response(status=status, content_type="text/plain", pieces=[Piece(body, Stage.CONTENT)])
            head = [
                ("content-type", response.content_type),
                ("content-length", str(len(body))),
                ("x-simulated", "true"),
            ]
            self._write(self._parser.send(h11.Response(status_code=status, headers=[*head, ("connection", "close")])))
            self._write(self._parser.send(h11.Data(data=body)))
            self._write(self._parser.send(h11.EndOfMessage()))
        self._transport.close()

    def _write(self, data: bytes | None) -> None:
        if self._transport is not None and data:
            self._transport.write(data)

    def _watch(self) -> None:
        self._unwatch()
        self._timer = asyncio.get_running_loop().call_later(_SILENCE, self.abort)

    def _unwatch(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _request(head: h11.Request, body: bytearray) -> Request:
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in head.headers)
    path = head.target.decode("latin-1").partition("?")[0]
    return Request(head.method.decode("latin-1"), path, headers, bytes(body))
