"""What a Redis whose contents are spoilt, lost or not to be written costs: answers, never an error."""

import asyncio
import random

import pytest
from services.sharing import answer, shares
from services.valkey import start_valkey
from services.waiting import comes_about
from structlog.testing import capture_logs

from neuroroute.domain.model import ModelId

pytestmark = pytest.mark.anyio

BACK = 3.0
"""Seconds within which it is right again, on a busy machine too."""


def events(logs):
    return [line["event"] for line in logs]


async def test_a_full_redis_still_tells_what_it_has_and_can_be_cleared(tmp_path, instance):
    server = start_valkey(tmp_path, "--maxmemory", "4mb", "--maxmemory-policy", "noeviction")
    try:
        one, other = await instance(server.url), await instance(server.url)
        await one.put("k", answer(), ttl=None)
        with capture_logs() as logs:
            for at in range(100):
                await one.put(f"k{at}", answer("x" * 100_000), ttl=None)
                assert await one.get(f"k{at}") == answer("x" * 100_000)
            assert await other.get("k") == answer()
            assert await one.clear(ModelId("a")) >= 10
            assert await one.get("k") is None
            await comes_about(shares(one, other), within=BACK)  # its memory is freed in the background
        assert events(logs)[0] == "redis_refuses_writes"
        assert events(logs)[-1] == "redis_accepts_writes"
        assert len(logs) < 10
    finally:
        server.stop()


async def test_a_redis_that_may_not_be_written_says_so_once_and_owes_the_clear(valkey, instance, raw):
    cache = await instance(valkey.url)
    await cache.put("k", answer(), ttl=None)
    await raw.config_set("min-replicas-to-write", 1)
    with capture_logs() as logs:
        for at in range(20):
            await cache.put(f"k{at}", answer(), ttl=None)
        await cache.clear(None)
        assert await cache.get("k") is None
        await raw.config_set("min-replicas-to-write", 0)

        async def told():
            return "redis_clear_done" in events(logs)

        await comes_about(told, within=BACK)
    assert await raw.exists("t:cache:k") == 0 or await cache.get("k") is None
    assert events(logs)[:2] == ["redis_refuses_writes", "redis_clear_deferred"]


async def test_garbage_reads_as_nothing_and_is_removed(valkey, instance, raw):
    writer = await instance(valkey.url)
    await writer.put("k", answer(), ttl=None)
    good = await raw.get("t:cache:k")
    dice = random.Random(5)
    spoilt = [b"", b"x", good[:16], good[:-1], good + b"\x00", good[:16] + b"\x02" + good[17:], b"0" * 16 + good[16:]]
    spoilt += [good[:cut] for cut in range(1, len(good), 7)]
    for _ in range(300):
        at, bit = dice.randrange(len(good)), dice.randrange(8)
        spoilt.append(good[:at] + bytes([good[at] ^ 1 << bit]) + good[at + 1 :])
    reader = await instance(valkey.url)
    for at, value in enumerate(spoilt):
        await raw.set(f"t:cache:bad{at}", value, px=60_000)
        await raw.set("t:cache:k2", value, px=60_000)
        assert await reader.get(f"bad{at}") is None
    await raw.set("t:cache:of another", good)
    assert await reader.get("of another") is None
    await reader.get("unknown")
    assert await raw.keys("t:cache:bad*") == []
    assert await reader.get("k") == answer()


@pytest.mark.parametrize("make", ["lpush", "hset", "sadd"])
async def test_another_type_reads_as_nothing_and_can_be_overwritten(valkey, instance, raw, make):
    cache, other = await instance(valkey.url), await instance(valkey.url)
    for key in ("k1", "k2"):
        await raw.execute_command(make, f"t:cache:{key}", "x", *(["y"] if make == "hset" else []))
    assert await cache.get("k1") is None
    await cache.put("k1", answer(), ttl=None)
    await cache.put("k2", answer(), ttl=None)
    assert await other.get("k1") == await other.get("k2") == answer()


async def test_another_type_in_place_of_the_generations_is_put_right(valkey, instance, raw):
    cache, other = await instance(valkey.url), await instance(valkey.url)
    await cache.put("k", answer(), ttl=None)
    await raw.set("t:cache:generations", "garbage")
    await comes_about(shares(cache, other), within=BACK)


@pytest.mark.parametrize("lost", ["FLUSHALL", "DEL t:cache:generations", "DEL t:cache:index"])
async def test_a_redis_that_lost_its_memory_brings_back_nothing_that_was_cleared(valkey, instance, raw, lost):
    one, other = await instance(valkey.url), await instance(valkey.url)
    await one.put("k", answer("old"), ttl=None)
    await other.get("k")
    for name in await raw.keys("t:cache:index:*"):
        await raw.execute_command(lost.replace("t:cache:index", name.decode()))
    await one.clear(None)
    await asyncio.sleep(1.0)
    assert await one.get("k") is None
    assert await other.get("k") is None
    await comes_about(shares(one, other), within=BACK)
    assert await other.get("k") is None
