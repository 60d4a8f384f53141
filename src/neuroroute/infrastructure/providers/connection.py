"""One socket to a provider: one exchange at a time, its deadlines, its back-pressure, its failure."""

import asyncio
from collections.abc import Callable
from typing import Final, final

import msgspec

from neuroroute.domain.errors import ProviderUnavailable
from neuroroute.infrastructure.providers.response import BadResponse, Response

BUFFER_LIMIT: Final = 128 * 1024
"""Bytes of body that may wait for a slow reader before the socket is no longer read."""


class Timeouts(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds. None of them can be left out: nothing waits for ever."""

    connect: float
    """For a free connection, name resolution, TCP and TLS together."""
    first_byte: float
    """From the request sent to the headers of the answer."""
    idle: float
    """Between two pieces of the body."""
    total: float
    """From the call to the last byte; what was not read by then is lost."""


class _Failure(msgspec.Struct, frozen=True, kw_only=True):
    message: str
    timed_out: bool
    cause: Exception | None

    def raised(self) -> ProviderUnavailable:
        error = ProviderUnavailable(self.message, timed_out=self.timed_out)
        error.__cause__ = self.cause
        return error


@final
class Connection(asyncio.Protocol):
    """Made unconnected; `attach` gives it its transport."""

    def __init__(self, loop: asyncio.AbstractEventLoop, on_lost: Callable[["Connection"], None]) -> None:
        self.closed: asyncio.Future[None] = loop.create_future()
        """Done when the socket is gone."""
        self.idle_since: float = 0.0
        self.reused: bool = False
        """Has it already carried a whole exchange?"""
        self.stale: bool = False
        """The server had closed it while it was idle: not one byte answered what was sent over a used connection."""
        self._loop = loop
        self._on_lost = on_lost
        self._transport: asyncio.Transport | None = None
        self._response: Response | None = None
        self._timeouts: Timeouts | None = None
        self._failure: _Failure | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at: float = 0.0
        self._deadline: float = 0.0
        self._until: float = 0.0
        self._wants_whole: bool = False
        self._paused: bool = False

    def attach(self, transport: asyncio.Transport) -> None:
        self._transport = transport

    @property
    def usable(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def send(self, request: bytes, response: Response, timeouts: Timeouts, until: float) -> None:
        """Begin an exchange that ends at the loop's time `until` at the latest. The connection must be usable."""
        self._response, self._timeouts, self._until = response, timeouts, until
        if self._transport is not None:
            self._transport.write(request)

    async def head(self) -> None:
        """Wait for status and headers.

        Raises: ProviderUnavailable.
        """
        response, timeouts = self._current()
        deadline = min(self._loop.time() + timeouts.first_byte, self._until)
        while not response.status:
            self._check()
            await self._arrival(deadline)

    async def piece(self) -> bytes:
        """The body that has arrived, waiting for some if there is none; empty at its end.

        Raises: ProviderUnavailable.
        """
        response, timeouts = self._current()
        while not response.buffered:
            self._check()
            if response.complete:
                return b""
            await self._arrival(min(self._loop.time() + timeouts.idle, self._until))
        body = response.take()
        self._resume()
        return body

    async def rest(self) -> bytes:
        """All of the body that was not taken yet.

        Raises: ProviderUnavailable.
        """
        response, timeouts = self._current()
        self._wants_whole = True
        self._resume()
        while not response.complete:
            self._check()
            await self._arrival(min(self._loop.time() + timeouts.idle, self._until))
        return response.take()

    def extend(self, *, idle: float, total: float) -> None:
        """Bound the rest of the exchange anew, from now on. For who is not waiting for a piece of it."""
        _, timeouts = self._current()
        self._timeouts = msgspec.structs.replace(timeouts, idle=idle, total=total)
        self._until = self._deadline = self._loop.time() + total

    def finish(self) -> bool:
        """End the exchange; True if the connection may carry another one, else it is closed."""
        response, transport = self._response, self._transport
        self._response, self._wants_whole = None, False
        if response is None or not response.complete or not response.reusable or self._failure is not None:
            self.abort()
        elif transport is None or transport.is_closing() or transport.get_write_buffer_size():
            self.abort()  # an answer before the request was out: the rest of it would be read as the next request
        else:
            self._resume()
            self.reused = True
            return True
        return False

    def abort(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._transport is not None:
            self._transport.abort()

    def fail(self, message: str, *, timed_out: bool = False, cause: Exception | None = None) -> None:
        """Close the connection; whoever waits on it is told why."""
        if self._failure is None:
            self._failure = _Failure(message=message, timed_out=timed_out, cause=cause)
        self.abort()
        self._wake()

    def data_received(self, data: bytes) -> None:
        response = self._response
        if response is None:
            self.abort()  # nobody asked: whatever this is, it must not become the next answer
            return
        try:
            response.feed(data)
        except BadResponse as exc:
            self.fail(str(exc), cause=exc)
            return
        if not self._wants_whole:
            if response.buffered > BUFFER_LIMIT and not self._paused and self._transport is not None:
                self._paused = True
                self._transport.pause_reading()
            self._wake()
        elif response.complete:
            self._wake()
        elif self._timeouts is not None:
            self._deadline = min(self._loop.time() + self._timeouts.idle, self._until)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self.closed.done():
            self.closed.set_result(None)
        response = self._response
        if response is not None and not response.complete and self._failure is None:
            self.stale = self.reused and not response.started
            try:
                response.end(exc)
            except BadResponse as bad:
                self._failure = _Failure(message=str(bad), timed_out=False, cause=bad)
        self._wake()
        self._on_lost(self)

    def _current(self) -> tuple[Response, Timeouts]:
        if self._response is None or self._timeouts is None:
            raise RuntimeError("no exchange is going on")
        return self._response, self._timeouts

    def _check(self) -> None:
        if self._failure is not None:
            raise self._failure.raised()

    def _resume(self) -> None:
        if self._paused and self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()
        self._paused = False

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def _arrival(self, deadline: float) -> None:
        """Wait until something arrived, was lost or is overdue."""
        self._arm(deadline)
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None
            self._deadline = self._until  # a reader busy elsewhere is only bound by the whole

    def _arm(self, deadline: float) -> None:
        # One timer a connection, moved only to an earlier moment: when it rings too early it is set again. A timer an
        # exchange, or an asyncio.timeout, costs more than parsing the answer.
        self._deadline = deadline
        if self._timer is None or deadline < self._timer_at:
            if self._timer is not None:
                self._timer.cancel()
            self._timer_at = deadline
            self._timer = self._loop.call_at(deadline, self._ring)

    def _ring(self) -> None:
        self._timer = None
        response, timeouts = self._response, self._timeouts
        if response is None or timeouts is None or response.complete:
            return
        if self._loop.time() < self._deadline:
            self._arm(self._deadline)
        elif self._deadline == self._until:
            self.fail(f"not answered within {timeouts.total:g} s", timed_out=True)
        elif not response.status:
            self.fail(f"no answer within {timeouts.first_byte:g} s", timed_out=True)
        else:
            self.fail(f"the answer stopped for {timeouts.idle:g} s", timed_out=True)
