"""What the shared limit does when Redis is not as it should be."""

import asyncio
import time

import pytest
import redis.asyncio

from neuroroute.infrastructure.redis.rate_limiter import RedisRateLimiter

pytestmark = pytest.mark.anyio


@pytest.fixture
async def limiter(valkey):
    limiter = RedisRateLimiter(valkey.url, prefix="t:", timeout=0.1)
    await limiter.open()
    yield limiter
    await limiter.close()


@pytest.fixture
async def client(valkey):
    async with redis.asyncio.Redis.from_url(valkey.url) as client:
        yield client


async def test_redis_holds_one_short_lived_number_under_the_public_id(limiter, client):
    await limiter.take("CDxtzxWtawMR", limit=60)
    assert await client.keys("*") == [b"t:limit:CDxtzxWtawMR"]
    assert int(await client.get("t:limit:CDxtzxWtawMR")) / 1e6 == pytest.approx(time.time() + 1, abs=5)
    assert 0 < await client.pttl("t:limit:CDxtzxWtawMR") <= 1000


@pytest.mark.parametrize("held", ["garbage", "-5", "1e300", ""])
async def test_what_is_no_moment_counts_as_nothing_or_as_a_whole_limit(limiter, client, held):
    await client.set("t:limit:key", held)
    allowance = await limiter.take("key", limit=60)
    assert allowance.remaining in {0, 59}
    assert allowance.reset <= 60


async def test_another_type_under_the_name_is_written_over(limiter, client):
    await client.lpush("t:limit:key", "x")
    assert [(await limiter.take("key", limit=2)).admitted for _ in range(3)] == [True, True, False]


async def test_scripts_that_redis_forgot_are_no_matter(limiter, client):
    await limiter.take("key", limit=2)
    await client.script_flush()
    assert [(await limiter.take("key", limit=2)).admitted for _ in range(2)] == [True, False]


async def test_a_redis_that_dies_costs_no_answer_and_the_process_counts_on_alone(limiter, valkey):
    await limiter.take("key", limit=5)
    valkey.kill()
    began = time.monotonic()
    answers = await asyncio.gather(*(limiter.take("key", limit=5) for _ in range(20)))
    assert time.monotonic() - began < 0.5
    assert sum(answer.admitted for answer in answers) == 4


async def test_a_frozen_redis_costs_one_time_out_at_most(limiter, valkey):
    valkey.freeze()
    try:
        began = time.monotonic()
        assert (await limiter.take("key", limit=5)).admitted
        assert time.monotonic() - began < 0.3
    finally:
        valkey.thaw()


async def test_a_redis_that_takes_no_writes_leaves_the_process_to_count_alone(limiter, client):
    await client.config_set("maxmemory-policy", "noeviction")
    await client.config_set("maxmemory", "1")
    assert [(await limiter.take("key", limit=2)).admitted for _ in range(3)] == [True, True, False]
    await client.config_set("maxmemory", "0")
    assert (await limiter.take("key", limit=2)).remaining == 1
