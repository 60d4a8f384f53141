"""What every rate limiter promises."""

import asyncio
import time

import pytest

from neuroroute.infrastructure.memory.rate_limiter import MemoryRateLimiter
from neuroroute.infrastructure.redis.rate_limiter import RedisRateLimiter

pytestmark = pytest.mark.anyio
PATIENCE = 2.0
"""Seconds. This suite asks what an adapter counts, not how soon it gives up."""


@pytest.fixture(params=["memory", "redis", "redis, away"])
async def limiters(request):
    """Two of one installation."""
    if request.param == "memory":
        limiter = MemoryRateLimiter(clock=time.monotonic)
        yield limiter, limiter  # one process is all that counts in memory together
        return
    if request.param == "redis":
        url, prefix = request.getfixturevalue("redis_url"), request.getfixturevalue("redis_prefix")
        pair = [RedisRateLimiter(url, prefix=prefix, timeout=PATIENCE) for _ in range(2)]
    else:
        pair = [RedisRateLimiter("redis://127.0.0.1:1/0")] * 2
    for limiter in set(pair):
        await limiter.open()
    yield tuple(pair)
    for limiter in set(pair):
        await limiter.close()


async def test_of_a_crowd_exactly_the_limit_is_admitted(limiters):
    taken = [limiters[number % 2].take("key", limit=20) for number in range(100)]
    allowances = await asyncio.gather(*taken)
    assert sum(allowance.admitted for allowance in allowances) == 20
    assert sorted(allowance.remaining for allowance in allowances if allowance.admitted) == list(range(20))


async def test_a_refused_request_does_not_count(limiters):
    limiter, _ = limiters
    for _ in range(6):  # ten a second
        await limiter.take("key", limit=600)
    assert [(await limiter.take("other", limit=1)).admitted for _ in range(50)] == [True] + 49 * [False]
    refused = await limiter.take("other", limit=1)
    assert 59 < refused.retry_after <= 60


async def test_what_is_left_comes_back_with_time(limiters):
    limiter, other = limiters
    for _ in range(1200):  # twenty a second
        await limiter.take("key", limit=1200)
    refused = await other.take("key", limit=1200)
    while refused.admitted:  # some came back while the others were asked for
        refused = await other.take("key", limit=1200)
    assert 0 < refused.retry_after <= 0.05
    await asyncio.sleep(refused.retry_after + 0.01)
    assert (await other.take("key", limit=1200)).admitted


async def test_callers_do_not_share_a_limit(limiters):
    for caller in ("a", "b"):
        assert [(await limiters[0].take(caller, limit=2)).admitted for _ in range(3)] == [True, True, False]


async def test_an_allowance_says_what_is_left(limiters):
    allowance = await limiters[0].take("key", limit=60)
    assert (allowance.limit, allowance.remaining, allowance.retry_after) == (60, 59, 0)
    assert 0.9 < allowance.reset <= 1
