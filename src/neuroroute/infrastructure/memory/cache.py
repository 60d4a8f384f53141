"""Answers remembered in this process, or not at all."""

import time
from collections.abc import Callable
from typing import Final, final

import msgspec

from neuroroute.application.ports import CachedAnswer, ResponseCache
from neuroroute.domain.model import ModelId
from neuroroute.infrastructure.memory.clear_mark import ClearMark
from neuroroute.infrastructure.memory.lru import ByteLru

_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(CachedAnswer)
_UNSHARED: Final = (0,)


def pack(answer: CachedAnswer) -> bytes | None:
    """As bytes, whose size is known; `None` when it has none: text that is not Unicode, a number beyond 64 bits."""
    try:
        return _ENCODER.encode(answer)
    except (UnicodeEncodeError, OverflowError):
        return None


def unpack(packed: bytes) -> CachedAnswer:
    """What `pack` packed.

    Raises:
        msgspec.DecodeError: it was not, or by another version.
        UnicodeDecodeError: its text was damaged.
    """
    return _DECODER.decode(packed)


@final
class MemoryCache(ResponseCache):
    """The least recently used answers leave when `max_bytes` are full.

    Workers that share a `mark` follow each other's clears with their next look. Then a clear of one model forgets the
    answers of all, for the mark does not say whose they were; counted are those of that model that were held here.
    """

    def __init__(
        self, *, max_bytes: int, ttl: float, mark: ClearMark | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`ttl` is how many seconds an answer is kept when the caller does not say."""
        self._ttl = ttl
        self._lru = ByteLru(max_bytes=max_bytes, clock=clock)
        self._mark = mark
        self._current = _UNSHARED if mark is None else mark.current
        self._seen = self._current[0]

    async def get(self, key: str) -> CachedAnswer | None:
        if self._current[0] != self._seen:
            self._follow()
        packed = self._lru.get(key)
        return None if packed is None else unpack(packed)

    async def put(self, key: str, answer: CachedAnswer, *, ttl: float | None) -> None:
        packed = pack(answer)
        if self._current[0] != self._seen:
            self._follow()
        if packed is not None:
            self._lru.put(key, packed, group=answer.model, ttl=self._ttl if ttl is None else ttl)

    async def clear(self, model: ModelId | None) -> int:
        if self._mark is None:
            return len(self._lru.clear(model))
        if self._current[0] != self._seen:
            self._follow()
        cleared = len(self._lru.clear(model))
        # Marked before the rest is forgotten: a clear elsewhere that this mark overwrites has nothing left to forget.
        self._seen = self._mark.change()
        self._lru.clear(None)
        return cleared

    def _follow(self) -> None:
        """Something was cleared in another worker."""
        self._seen = self._current[0]
        self._lru.clear(None)


@final
class NoCache(ResponseCache):
    """Remembers nothing."""

    async def get(self, key: str) -> CachedAnswer | None:  # noqa: ARG002 - the port's
        return None

    async def put(self, key: str, answer: CachedAnswer, *, ttl: float | None) -> None:
        pass

    async def clear(self, model: ModelId | None) -> int:  # noqa: ARG002 - the port's
        return 0
