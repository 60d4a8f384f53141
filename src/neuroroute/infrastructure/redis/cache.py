"""Answers shared by all instances through Redis, with this process's own copies in front.

Redis is never needed: while it is away this is the cache of one process. What is cleared meanwhile is cleared there as
soon as it is back, before anything is read from it; only what other instances hold can stay until then.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from typing import Final, final

import msgspec
import structlog
from redis.exceptions import ResponseError

from neuroroute.application.ports import CachedAnswer, ResponseCache
from neuroroute.domain.model import ModelId
from neuroroute.infrastructure.memory.cache import pack, unpack
from neuroroute.infrastructure.memory.lru import ByteLru
from neuroroute.infrastructure.redis.generations import Generations, new_generation
from neuroroute.infrastructure.redis.link import RedisAway, RedisLink
from neuroroute.infrastructure.redis.scripts import CLEAR, STORE, SWEEP, SWEPT_AT_ONCE
from neuroroute.infrastructure.redis.sealing import seal, unseal

_EXPIRED: Final = -2
"""What PTTL says of a key that is not there."""
LONGEST_TTL: Final = 30 * 86_400.0
"""Seconds. Beyond this Redis' own arithmetic is not worth trusting."""
SWEEP_SECONDS: Final = 5.0
"""How long a clear removes what it has forgotten. What is left then expires."""

_log: Final = structlog.stdlib.get_logger("neuroroute.redis")

_AWAY: Final = (TimeoutError, RedisAway, ResponseError)


@final
class RedisCache(ResponseCache):
    """`open` and `close` it; in between, an operation costs one exchange, and at most `timeout`.

    Other instances' clears arrive with the link's beat, four times a second. What is too large for the own copies does
    not go to Redis either.
    """

    def __init__(
        self,
        url: str,
        *,
        ttl: float,
        max_bytes: int,
        prefix: str = "neuroroute:",
        timeout: float = 0.1,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`ttl` is how many seconds an answer is kept when the caller does not say; `max_bytes` bounds the own copies.

        Raises:
            ValueError: `url` is not that of a Redis, or has an unknown option.
        """
        self._ttl = ttl
        self._timeout = timeout
        self._local = ByteLru(max_bytes=max_bytes, clock=clock)
        self._link = RedisLink(url, timeout=timeout, beat=self._catch_up)
        self._generations_name = f"{prefix}cache:generations"
        self._index_prefix = f"{prefix}cache:index:"
        self._prefix = f"{prefix}cache:"
        self._generations = Generations()
        self._owed: set[ModelId | None] = set()
        """What was cleared here and Redis does not know yet."""
        self._refused = False

    async def open(self) -> None:
        """Connect, or find that Redis is away: within a second, and without an error."""
        await self._link.open()

    async def close(self) -> None:
        await self._link.close()

    async def get(self, key: str) -> CachedAnswer | None:
        packed = self._local.get(key)
        if packed is not None:
            return unpack(packed)
        if not self._link.up:
            return None
        try:
            async with asyncio.timeout(self._timeout):
                return await self._fetch(key)
        except _AWAY:
            return None

    async def put(self, key: str, answer: CachedAnswer, *, ttl: float | None) -> None:
        packed = pack(answer)
        seconds = min(self._ttl if ttl is None else ttl, LONGEST_TTL)
        if packed is None or not self._local.put(key, packed, group=answer.model, ttl=seconds) or not self._link.up:
            return
        try:
            async with asyncio.timeout(self._timeout):
                if await self._stored(key, answer.model, packed, seconds):
                    return
                # Something was cleared at another instance, and this answer is put after that, or at the same time.
                await self._look()
                self._local.put(key, packed, group=answer.model, ttl=seconds)
                await self._stored(key, answer.model, packed, seconds)
        except _AWAY:
            return

    async def clear(self, model: ModelId | None) -> int:
        keys = self._local.clear(model)
        try:
            forgotten = await self._forgotten(model)
        except asyncio.CancelledError:
            self._owed.add(model)
            raise
        if forgotten is None:
            self._owed.add(model)
            _log.warning("redis_clear_deferred", model=model)
            return len(keys | self._local.clear(model))  # a copy may have been made in the meantime
        removed = 0
        try:
            async with asyncio.timeout(SWEEP_SECONDS):
                for generation in forgotten:
                    async for swept in self._swept(generation):
                        keys -= swept
                        removed += len(swept)
        except TimeoutError:
            _log.warning("redis_sweep_cut", model=model, removed=removed)
        return removed + len(keys)

    async def _fetch(self, key: str) -> CachedAnswer | None:
        name = self._prefix + key
        match await self._link.ask(("GET", name), ("PTTL", name)):
            case [bytes() as value, int() as milliseconds] if milliseconds != _EXPIRED:
                found, left = unseal(key, value), milliseconds / 1000 if milliseconds > 0 else self._ttl
            case [ResponseError() as refusal, _] if _is_wrong_type(refusal):
                found, left = None, 0.0
            case _:
                return None
        if found is None or not await self._is_current(found.answer.model, found.generation):
            self._link.tell(("UNLINK", name))
            return None
        model = found.answer.model
        if model in self._owed or None in self._owed:
            return None
        self._local.put(key, found.packed, group=model, ttl=left)
        return found.answer

    async def _is_current(self, model: ModelId, generation: bytes) -> bool:
        """Looks once more before it says no: another instance may have stored this model's first answer just now."""
        if not self._generations.is_current(model, generation):
            await self._look()
        return self._generations.is_current(model, generation)

    async def _stored(self, key: str, model: ModelId, packed: bytes, seconds: float) -> bool:
        """False when something was cleared since we last looked."""
        epoch = self._generations.epoch
        if epoch is None:
            return True
        value, milliseconds = seal(key, packed), max(1, int(seconds * 1000))
        names = self._generations_name, self._prefix + key
        arguments = epoch, model, new_generation(), value, milliseconds, self._index_prefix, key
        match await self._link.ask(("EVAL", STORE, len(names), *names, *arguments)):
            case [bytes() as generation]:
                self._generations.learn(model, generation, epoch=epoch)
                self._accepted()
            case [None]:
                return False
            case [ResponseError() as refusal]:
                self._refuses(refusal)
            case _:
                pass
        return True

    async def _forgotten(self, model: ModelId | None) -> list[bytes] | None:
        """Forget in Redis; the generations that were forgotten, or `None` when it could not be done."""
        arguments = (new_generation(),) if model is None else (new_generation(), model)
        name = self._generations_name
        match await self._link.ask(("EVAL", CLEAR, 1, name, *arguments), ("HGETALL", name)):
            case [ResponseError() as refusal, _]:
                self._refuses(refusal)
            case [forgotten, fields]:
                self._adopt(fields)
                return msgspec.convert(forgotten, list[bytes])
            case _:
                pass
        return None

    async def _swept(self, generation: bytes) -> AsyncGenerator[set[str], None]:
        """Remove what was forgotten from Redis; the keys, some at a time."""
        looked_at = SWEPT_AT_ONCE
        index = self._index_prefix + generation.decode()
        while looked_at == SWEPT_AT_ONCE:
            replies = await self._link.ask(("EVAL", SWEEP, 1, index, self._prefix, generation, SWEPT_AT_ONCE))
            if replies is None or isinstance(replies[0], ResponseError):
                return
            looked_at, removed = msgspec.convert(replies[0], tuple[int, list[bytes]])
            yield {key.decode() for key in removed}

    async def _catch_up(self) -> None:
        """The link's beat: tell Redis what it missed, then hear what we missed."""
        for model in tuple(self._owed):
            if await self._forgotten(model) is not None:
                self._owed.discard(model)
                _log.info("redis_clear_done", model=model)
        await self._look()

    async def _look(self) -> None:
        """See what was cleared at other instances.

        Raises:
            RedisAway: nothing could be seen.
            ResponseError: Redis does not let us look.
        """
        name = self._generations_name
        match await self._link.ask(("HSETNX", name, "", new_generation()), ("HGETALL", name)):
            case [_, ResponseError() as refusal] if _is_wrong_type(refusal):
                self._link.tell(("UNLINK", name))
                self._adopt([])
            case [_, ResponseError() as refusal]:
                raise refusal
            case [_, fields]:
                self._adopt(fields)
            case _:
                raise RedisAway

    def _adopt(self, fields: object) -> None:
        """Take over what Redis says, and forget own copies of what was cleared since we last looked."""
        for model in self._generations.adopt(fields, held=self._local.groups):
            self._local.clear(model)

    def _refuses(self, refusal: ResponseError) -> None:
        if not self._refused:
            self._refused = True
            _log.warning("redis_refuses_writes", error=type(refusal).__name__)

    def _accepted(self) -> None:
        if self._refused:
            self._refused = False
            _log.info("redis_accepts_writes")


def _is_wrong_type(refusal: ResponseError) -> bool:
    return str(refusal).startswith("WRONGTYPE")
