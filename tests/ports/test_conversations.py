"""What every memory of conversations promises."""

import time
from contextlib import asynccontextmanager

import pytest
from services.waiting import comes_about

from neuroroute.domain.forecast import Warm
from neuroroute.infrastructure.memory.conversations import MemoryConversations
from neuroroute.infrastructure.redis.conversations import RedisConversations

pytestmark = pytest.mark.anyio

PATIENCE = 2.0
"""Seconds. This suite asks what an adapter knows, not how soon it gives up."""
WARM = Warm(model="middle", tokens=1200)


@asynccontextmanager
async def opened(conversations):
    await conversations.open()
    yield conversations
    await conversations.close()


@pytest.fixture(params=["memory", "redis", "redis, away"])
async def pair(request):
    """Two of one installation."""
    if request.param == "memory":
        conversations = MemoryConversations(clock=time.monotonic)
        yield conversations, conversations
    elif request.param == "redis":
        url, prefix = request.getfixturevalue("redis_url"), request.getfixturevalue("redis_prefix")
        one, other = (RedisConversations(url, prefix=prefix, timeout=PATIENCE) for _ in range(2))
        async with opened(one), opened(other):
            yield one, other
    else:
        async with opened(RedisConversations("redis://127.0.0.1:1/0")) as conversations:
            yield conversations, conversations  # one process is all that knows of each other then


async def known(conversations, key, warm):
    async def is_known():
        return await conversations.last(key) == warm

    return await comes_about(is_known, within=2)


async def test_who_answered_last_is_known_here_and_there(pair):
    here, there = pair
    here.keep("a", WARM)
    assert await here.last("a") == WARM
    await known(there, "a", WARM)
    there.keep("a", Warm(model="large", tokens=1300))
    await known(here, "a", Warm(model="large", tokens=1300))


async def test_of_what_nobody_kept_nothing_is_known(pair):
    here, there = pair
    here.keep("a", WARM)
    assert await there.last("b") is None


async def test_any_key_and_any_model_will_do(pair):
    here, there = pair
    for key in ("", "é\0\r\n", "x" * 10_000):
        warm = Warm(model=f"model {key}", tokens=0)
        here.keep(key, warm)
        await known(there, key, warm)
