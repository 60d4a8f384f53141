"""Who answered which conversation last, shared by all instances through Redis, with this process's own memory beside.

neuroroute:conversation:<key>  ->  {"model": …, "tokens": …}, for as long as providers keep a prompt in a cache
"""

import asyncio
import time
from typing import Final, final

import msgspec

from neuroroute.application.ports import Conversations
from neuroroute.domain.forecast import Warm
from neuroroute.infrastructure.memory.conversations import WARM_SECONDS, MemoryConversations
from neuroroute.infrastructure.redis.link import RedisAway, RedisLink

_MILLISECONDS: Final = int(WARM_SECONDS * 1000)
_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(Warm).decode


@final
class RedisConversations(Conversations):
    """`open` and `close` it; in between, looking costs one exchange, and at most `timeout`.

    What this process kept itself it knows, too, while Redis is away, or forgets.
    """

    def __init__(self, url: str, *, prefix: str = "neuroroute:", timeout: float = 0.1) -> None:
        """Raises: ValueError: `url` is not that of a Redis, or has an unknown option."""
        self._prefix = f"{prefix}conversation:"
        self._timeout = timeout
        self._link = RedisLink(url, timeout=timeout, beat=self._look)
        self._own = MemoryConversations(clock=time.monotonic)

    async def open(self) -> None:
        """Connect, or find that Redis is away: within a second, and without an error."""
        await self._link.open()

    async def close(self) -> None:
        await self._link.close()

    async def last(self, key: str) -> Warm | None:
        found = await self._shared(key) if self._link.up else None
        return await self._own.last(key) if found is None else found

    def keep(self, key: str, warm: Warm) -> None:
        self._own.keep(key, warm)
        # What Redis has not taken within a time-out is given up with the connection: no more than that ever waits.
        self._link.tell(("SET", self._prefix + key, _encode(warm), "PX", _MILLISECONDS))

    async def _shared(self, key: str) -> Warm | None:
        try:
            async with asyncio.timeout(self._timeout):
                replies = await self._link.ask(("GET", self._prefix + key))
        except TimeoutError:
            return None
        match replies:
            case [bytes() as value]:
                return _read(value)
            case _:
                return None

    async def _look(self) -> None:
        """The link's beat: a loss shows without a request."""
        if await self._link.ask(("PING",)) is None:
            raise RedisAway


def _read(value: bytes) -> Warm | None:
    """Whatever else lies there is nothing."""
    try:
        warm = _decode(value)
    except msgspec.DecodeError:
        return None
    return warm if warm.tokens >= 0 else None
