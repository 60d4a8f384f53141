"""Instances of the cache on a Redis, and a look at what lies there."""

from contextlib import AsyncExitStack

import pytest
import redis.asyncio

from neuroroute.infrastructure.redis.cache import RedisCache

PREFIX = "t:"


@pytest.fixture
async def instance():
    """Starts instances of the cache. `timeout` is patient where a test does not ask how soon it gives up."""
    async with AsyncExitStack() as stack:

        async def start(url, *, timeout=2.0, max_bytes=1_000_000):
            cache = RedisCache(url, prefix=PREFIX, ttl=600, max_bytes=max_bytes, timeout=timeout)
            stack.push_async_callback(cache.close)
            await cache.open()
            return cache

        yield start


@pytest.fixture
async def raw(valkey):
    """A plain client, to look at and to spoil what lies there."""
    client = redis.asyncio.Redis.from_url(valkey.url)
    yield client
    await client.aclose()
