"""The adapters of each port, and the real Redis that some of them need."""

import os
import uuid
from pathlib import Path

import pytest
from services.valkey import start_valkey

from neuroroute.infrastructure.memory.cache import MemoryCache
from neuroroute.infrastructure.redis.cache import RedisCache

PATIENCE = 2.0
"""Seconds. These suites ask what an adapter does, not how soon it gives up."""


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory):
    if url := os.environ.get("TEST_REDIS_URL"):
        yield url
        return
    home: Path = tmp_path_factory.mktemp("redis")
    server = start_valkey(home)
    yield server.url
    server.stop()


@pytest.fixture
def redis_prefix():
    """A test's own corner of a Redis that others may use too."""
    return f"test:{uuid.uuid4().hex}:"


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
