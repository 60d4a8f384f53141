"""The one connection to Redis.

All that is asked at one moment travels together, and nobody waits for a Redis that is away.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from typing import Final, Protocol, TypeAlias, final

import structlog
from msgspec import Struct
from redis.asyncio import ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ResponseError

from neuroroute.infrastructure.background import end

Command: TypeAlias = tuple[str | bytes | int, ...]
Replies: TypeAlias = list[object]
"""One for each command: bytes, an integer, `None`, a list of these, or a `ResponseError`."""

BEAT: Final = 0.25
"""Seconds between two beats: how soon a loss shows without a request, and other instances' news arrive."""
RETRY: Final = 1.0
"""Seconds at least between two attempts to connect."""
CONNECT_TIMEOUT: Final = 0.5
"""Seconds for a connection with its greeting. In the background: no request waits for it."""
SLOW: Final = 0.5
"""An exchange of more than this part of the time-out is a slow one."""
SLOW_IN_A_ROW: Final = 3
"""So many slow exchanges in a row are a loss: each would have cost its callers nearly the time-out."""
MOST_AT_ONCE: Final = 64
"""Callers served by one exchange, so that the last of them is not late."""

_log: Final = structlog.stdlib.get_logger("neuroroute.redis")


class _Asked(Struct, eq=False):
    commands: tuple[Command, ...]
    replies: asyncio.Future[Replies | None]


class _Connection(Protocol):
    """What is used of redis-py's, whose replies have no type."""

    async def connect(self) -> None: ...
    async def disconnect(self, *, nowait: bool) -> None: ...
    def pack_commands(self, commands: Iterable[Command]) -> list[bytes]: ...
    async def send_packed_command(self, command: Iterable[bytes], *, check_health: bool) -> None: ...
    async def read_response(self) -> object: ...


class RedisAway(Exception):
    """Redis does not answer, or too slowly."""


@final
class RedisLink:
    """A breaker and a pipeline in one.

    Callers never touch the connection: one task writes and reads it, so a caller who is cancelled cannot leave a reply
    behind for the next one. The first time-out, error or third slow exchange loses the connection; from then on every
    caller is told so at once, while a background task connects anew, at most once a second.
    """

    def __init__(self, url: str, *, timeout: float, beat: Callable[[], Awaitable[None]]) -> None:
        """Does no I/O. `timeout` bounds, in seconds, each exchange.

        `beat` is called on every new connection before the link is `up`, and again every 0.25 s. It may `ask`; what it
        raises loses the connection.

        Raises:
            ValueError: `url` is none of redis://, rediss:// and unix://, or has an unknown option.
        """
        self.up = False
        """Whether it is worth asking."""
        self._connected = False
        self._timeout = timeout
        self._beat = beat
        # RESP2 and no driver name: fewer round trips of greeting. The time-out here is of the connection's making; that
        # of an exchange is set around the whole of it, where a URL's query cannot change it.
        self._pool = ConnectionPool.from_url(  # pyright: ignore[reportUnknownMemberType] - its **kwargs are untyped
            url,
            driver_info=None,
            client_name="neuroroute",
            socket_timeout=None,
            socket_connect_timeout=None,  # the greeting's own bound is around it; two that ring together leave a cancel
            retry=Retry(NoBackoff(), 0),
        )
        self._pool.connection_kwargs.update(protocol=2, decode_responses=False)  # also where the URL says otherwise
        try:
            self._pool.make_connection()
        except TypeError as error:
            raise ValueError("the URL of Redis has an option that there is not") from error
        self._asked: deque[_Asked] = deque()
        self._wake = asyncio.Event()
        self._slow = 0
        self._tried = asyncio.Event()
        self._lost = False
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Start connecting, and wait for the first attempt to end: a moment, or the time-outs."""
        self._task = asyncio.create_task(self._keep())
        await self._tried.wait()

    async def close(self) -> None:
        """Let go. Nobody is left waiting."""
        task, self._task = self._task, None
        if task is not None:
            await end(task)
        self._let_down()

    async def ask(self, *commands: Command) -> Replies | None:
        """The replies, or `None` when Redis is away. Ends within two time-outs; who has less patience bounds it."""
        return await self._queued(commands) if self._connected else None

    def tell(self, *commands: Command) -> None:
        """As `ask`, and nobody waits for the replies."""
        if self._connected:
            self._queued(commands)

    def _queued(self, commands: tuple[Command, ...]) -> asyncio.Future[Replies | None]:
        replies: asyncio.Future[Replies | None] = asyncio.get_running_loop().create_future()
        self._asked.append(_Asked(commands, replies))
        self._wake.set()
        return replies

    async def _keep(self) -> None:
        while True:
            began = time.monotonic()
            error = await self._session()
            _forget_cancels()
            self._let_down()
            if not self._lost:
                self._lost = True
                _log.warning("redis_lost", error=error)
            self._tried.set()
            self._slow = SLOW_IN_A_ROW - 1
            await asyncio.sleep(began + RETRY - time.monotonic())

    async def _session(self) -> str:
        """Connect and stay so for as long as it goes well; the name of the error that ended it.

        Its text stays out: a server's reply may quote what it was sent.
        """
        error = ""
        connection: _Connection = self._pool.make_connection()
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                await connection.connect()
            self._connected = True
            async with asyncio.TaskGroup() as group:
                group.create_task(self._carry(connection))
                group.create_task(self._keep_beating())
        except* Exception as failed:  # noqa: BLE001 - whatever it was: the connection is no good, and the next may be
            error = type(failed.exceptions[0]).__name__
        finally:
            await connection.disconnect(nowait=True)
        return error

    async def _keep_beating(self) -> None:
        while True:
            await self._beat()
            if not self.up:
                self.up = True
                self._tried.set()
                _log.info("redis_back" if self._lost else "redis_connected")
                self._lost = False
            await asyncio.sleep(BEAT)

    async def _carry(self, connection: _Connection) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._asked:
                batch = [self._asked.popleft() for _ in range(min(len(self._asked), MOST_AT_ONCE))]
                began = time.monotonic()
                try:
                    async with asyncio.timeout(self._timeout):
                        await _exchange(connection, batch)
                finally:
                    _answer_nothing(batch)
                self._judge(time.monotonic() - began)

    def _judge(self, seconds: float) -> None:
        self._slow = self._slow + 1 if seconds > self._timeout * SLOW else 0
        if self._slow >= SLOW_IN_A_ROW:
            raise RedisAway("slow")

    def _let_down(self) -> None:
        self.up = self._connected = False
        _answer_nothing(self._asked)
        self._asked.clear()


def _forget_cancels() -> None:
    """Python 3.11 counts some time-outs as requests to end the task, and the next task group would believe them.

    Whoever really ends this task does so by a `CancelledError`, after which nobody comes here.
    """
    task = asyncio.current_task()
    while task is not None and task.cancelling():
        task.uncancel()


async def _exchange(connection: _Connection, batch: list[_Asked]) -> None:
    packed = connection.pack_commands(command for asked in batch for command in asked.commands)
    await connection.send_packed_command(packed, check_health=False)
    for asked in batch:
        replies: Replies = []
        for _ in asked.commands:
            try:
                reply: object = await connection.read_response()
            except ResponseError as refusal:
                reply = refusal
            replies.append(reply)
        if not asked.replies.done():
            asked.replies.set_result(replies)


def _answer_nothing(those: deque[_Asked] | list[_Asked]) -> None:
    for asked in those:
        if not asked.replies.done():
            asked.replies.set_result(None)
