"""The adapters of each port."""

import pytest

from neuroroute.infrastructure.memory.cache import MemoryCache
from neuroroute.infrastructure.redis.cache import RedisCache

PATIENCE = 2.0
"""Seconds. These suites ask what an adapter does, not how soon it gives up."""


@pytest.fixture(params=["memory", "redis", "redis, away"])
async def response_cache(request):
    match request.param:
        case "memory":
            yield MemoryCache(max_bytes=1_000_000, ttl=600)
        case "redis, away":
            cache = RedisCache("redis://127.0.0.1:1/0", max_bytes=1_000_000, ttl=600)
            await cache.open()
            yield cache
            await cache.close()
        case _:
            url, prefix = request.getfixturevalue("redis_url"), request.getfixturevalue("redis_prefix")
            cache = RedisCache(url, prefix=prefix, max_bytes=1_000_000, ttl=600, timeout=PATIENCE)
            await cache.open()
            yield cache
            await cache.clear(None)
            await cache.close()
