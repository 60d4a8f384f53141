"""The connections to one provider: how many, who waits, which are kept."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import final

from neuroroute.infrastructure.providers.connection import Connection


@final
class ConnectionPool:
    """A slot is the right to one connection; a slot given back goes to whoever waits longest.

    Connections in use and idle ones together are never more than `limit`: a new one is opened only when none is idle.
    """

    def __init__(self, connect: Callable[[Connection], Awaitable[None]], *, limit: int, keep: float) -> None:
        """`connect` attaches a transport or raises OSError; idle connections are kept for `keep` seconds."""
        self.in_use: int = 0
        self._connect = connect
        self._limit = limit
        self._keep = keep
        self._idle: deque[Connection] = deque()
        self._waiters: deque[asyncio.Future[None]] = deque()
        self._open: set[Connection] = set()
        self._sweep: asyncio.TimerHandle | None = None
        self._closed = False

    @property
    def idle(self) -> int:
        return len(self._idle)

    @property
    def waiting(self) -> int:
        return len(self._waiters)

    def take(self) -> Connection | None:
        """A kept connection at once, together with its slot."""
        kept = self._kept() if self.in_use < self._limit else None
        if kept is not None:
            self.in_use += 1
        return kept

    async def slot(self) -> None:
        """Wait in line for a slot. Cancelling loses none."""
        if self.in_use < self._limit:
            self.in_use += 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append(turn)
        try:
            await turn
        except BaseException:
            if turn.done() and not turn.cancelled():
                self._free()  # it was given and the caller is gone
            elif turn in self._waiters:
                self._waiters.remove(turn)
            raise

    async def kept_or_new(self) -> Connection:
        """A connection for the slot that the caller holds, which is given back if this raises."""
        return self._kept() or await self.new()

    async def new(self) -> Connection:
        """As `kept_or_new`, for a caller who distrusts the kept ones. The oldest idle one goes for it."""
        if self._idle:
            self._idle.popleft().abort()
        connection = Connection(asyncio.get_running_loop(), self._lost)
        try:
            await self._dial(connection)
        except BaseException:
            connection.abort()
            self._free()
            raise
        self._open.add(connection)
        return connection

    def release(self, connection: Connection) -> None:
        """End the exchange on it, keep it if it can be, and give the slot back."""
        if connection.finish():
            loop = asyncio.get_running_loop()
            connection.idle_since = loop.time()
            self._idle.append(connection)
            if self._sweep is None:
                self._sweep = loop.call_later(self._keep, self._drop_old, loop)
        self._free()

    def retire(self) -> None:
        """Keep no connection from now on: what is idle goes at once, the others as they are released."""
        self._keep = 0.0
        if self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None
        while self._idle:
            self._idle.popleft().abort()

    async def aclose(self) -> None:
        """Close all; exchanges that are going on fail."""
        self._closed = True
        if self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None
        connections = list(self._open)
        for connection in connections:
            connection.fail("the client was closed")
        if connections:
            await asyncio.wait([connection.closed for connection in connections], timeout=1.0)

    def _free(self) -> None:
        while self._waiters:
            turn = self._waiters.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self.in_use -= 1

    async def _dial(self, connection: Connection) -> None:
        if not self._closed:
            await self._connect(connection)
        if self._closed:
            raise ConnectionAbortedError("the client was closed")
        if not connection.usable:
            raise ConnectionResetError("the server closed it at once")

    def _kept(self) -> Connection | None:
        # The one used last: the others grow old and are dropped when the load has gone.
        while self._idle:
            connection = self._idle.pop()
            if connection.usable:
                return connection
        return None

    def _lost(self, connection: Connection) -> None:
        self._open.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)

    def _drop_old(self, loop: asyncio.AbstractEventLoop) -> None:
        self._sweep = None
        while self._idle and self._idle[0].idle_since + self._keep <= loop.time():
            self._idle.popleft().abort()
        if self._idle:
            self._sweep = loop.call_at(self._idle[0].idle_since + self._keep, self._drop_old, loop)
