"""Requests counted in Redis, by all instances together."""

import asyncio
import time
from typing import Final, final

import structlog
from redis.exceptions import ResponseError

from neuroroute.application.ports import RateLimiter
from neuroroute.domain.rate_limit import Allowance, allowance, interval_of
from neuroroute.infrastructure.memory.rate_limiter import MemoryRateLimiter
from neuroroute.infrastructure.redis.link import RedisAway, RedisLink
from neuroroute.infrastructure.redis.scripts import TAKE

_log: Final = structlog.stdlib.get_logger("neuroroute.redis")


@final
class RedisRateLimiter(RateLimiter):
    """`open` and `close` it; in between, a request costs one exchange, and at most `timeout`.

    By the clock of Redis, so that instances need not agree on the time. While Redis is away, or refuses, each process
    counts for itself, from where the common count stood: of one limit at most as much as it has processes.
    """

    def __init__(self, url: str, *, prefix: str = "neuroroute:", timeout: float = 0.1) -> None:
        """Raises: ValueError: `url` is not that of a Redis, or has an unknown option."""
        self._prefix = f"{prefix}limit:"
        self._timeout = timeout
        self._link = RedisLink(url, timeout=timeout, beat=self._look)
        self._alone = MemoryRateLimiter(clock=time.monotonic)
        self._refused = False

    async def open(self) -> None:
        """Connect, or find that Redis is away: within a second, and without an error."""
        await self._link.open()

    async def close(self) -> None:
        await self._link.close()

    async def take(self, caller: str, *, limit: int) -> Allowance:
        if self._link.up:
            try:
                async with asyncio.timeout(self._timeout):
                    counted = await self._counted(caller, limit)
            except TimeoutError:
                counted = None
            if counted is not None:
                return counted
        return await self._alone.take(caller, limit=limit)

    async def _counted(self, caller: str, limit: int) -> Allowance | None:
        interval = interval_of(limit)
        match await self._link.ask(("EVAL", TAKE, 1, self._prefix + caller, interval, limit * interval)):
            case [[int() as admitted, int() as owed]]:
                self._refused = False
                self._alone.follow(caller, owed)
                return allowance(admitted=admitted == 1, owed=owed, limit=limit)
            case [ResponseError() as refusal]:
                if not self._refused:
                    self._refused = True
                    _log.warning("redis_refuses_limits", error=type(refusal).__name__)
            case _:
                pass
        return None

    async def _look(self) -> None:
        """The link's beat: a loss shows without a request."""
        if await self._link.ask(("PING",)) is None:
            raise RedisAway
