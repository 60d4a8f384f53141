"""What two instances of a response cache tell each other."""

import itertools
from collections.abc import Awaitable, Callable

from neuroroute.application.ports import CachedAnswer, ResponseCache
from neuroroute.domain.completion import Completion, Finished, FinishReason
from neuroroute.domain.model import ModelId
from neuroroute.domain.routing import Selection, SelectionMethod


def answer(text: str = "Paris", model: str = "a") -> CachedAnswer:
    """A small answer."""
    finished = Finished(reason=FinishReason.STOP, native_reason="stop", usage=None)
    selection = Selection(method=SelectionMethod.CALLER, model=ModelId(model))
    return CachedAnswer(
        model=ModelId(model), selection=selection, completion=Completion(text, finished), latency_ms=412
    )


def forgets(cache: ResponseCache, key: str) -> Callable[[], Awaitable[bool]]:
    """Whether the cache no longer knows the key."""

    async def forgot() -> bool:
        return await cache.get(key) is None

    return forgot


def shares(cache: ResponseCache, other: ResponseCache) -> Callable[[], Awaitable[bool]]:
    """Whether what one puts is known to the other."""
    keys = (f"shared {number}" for number in itertools.count())

    async def shared() -> bool:
        key = next(keys)
        await cache.put(key, answer(), ttl=None)
        return await other.get(key) is not None

    return shared
