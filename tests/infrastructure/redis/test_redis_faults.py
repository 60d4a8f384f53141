"""What a Redis that is down, frozen or slow costs: at most one short time-out, never an error, never a restart."""

import asyncio
import time

import pytest
from services.sharing import answer, forgets, shares
from services.slow_proxy import SlowProxy
from services.valkey import start_valkey
from services.waiting import comes_about
from structlog.testing import capture_logs

from neuroroute.infrastructure.redis.cache import RedisCache

pytestmark = pytest.mark.anyio

TIMEOUT = 0.2
"""Of an instance that is to give up soon; the others are patient."""
SPARE = 1.0
"""Seconds that a busy machine may add to some hundred calls, which cost a minute if each waits for a time-out."""
BACK = 3.0
"""Seconds within which a Redis that is back is used again: one attempt a second, and what a busy machine adds."""


def events(logs):
    return [line["event"] for line in logs]


async def cost(cache, *, calls=200):
    """The seconds of some gets and puts, one after the other."""
    began = time.monotonic()
    for at in range(calls):
        assert await cache.get(f"unknown {at}") is None
        await cache.put(f"put {at}", answer(str(at)), ttl=None)
        assert await cache.get(f"put {at}") == answer(str(at))
    return time.monotonic() - began


async def test_starts_without_redis_and_finds_it_when_it_comes(tmp_path, instance):
    server = start_valkey(tmp_path)
    server.stop()
    began = time.monotonic()
    cache, other = await instance(server.url), await instance(server.url)
    assert await cost(cache) < SPARE
    assert time.monotonic() - began < 2 * SPARE
    server.start()
    try:
        await comes_about(shares(cache, other), within=BACK)
    finally:
        server.stop()


async def test_a_killed_redis_costs_nothing_and_is_used_again_without_a_restart(valkey, instance):
    with capture_logs() as logs:
        cache, other = await instance(valkey.url), await instance(valkey.url)
        await cache.put("k", answer(), ttl=None)
        valkey.stop()
        assert await cost(cache) < SPARE
        assert await cache.get("k") == answer()
        valkey.start()
        await comes_about(shares(cache, other), within=BACK)
    assert sorted(events(logs)) == sorted(["redis_connected", "redis_lost", "redis_back"] * 2)


async def test_a_frozen_redis_costs_one_time_out_and_then_nothing(valkey, instance):
    cache, other = await instance(valkey.url, timeout=TIMEOUT), await instance(valkey.url)
    await cache.put("k", answer(), ttl=None)
    valkey.freeze()
    began = time.monotonic()
    found = await asyncio.gather(*(cache.get(f"unknown {at}") for at in range(200)))
    assert found == [None] * 200
    assert time.monotonic() - began < TIMEOUT + SPARE
    assert await cost(cache) < SPARE
    assert await cache.get("k") == answer()
    await asyncio.sleep(1.5)
    assert await cost(cache) < SPARE
    valkey.thaw()
    await comes_about(shares(cache, other), within=BACK)


async def test_a_redis_that_freezes_again_and_again_is_used_again_each_time(valkey, instance):
    cache, other = await instance(valkey.url, timeout=TIMEOUT), await instance(valkey.url, timeout=10.0)
    for _ in range(3):
        valkey.freeze()
        assert await cost(cache) < TIMEOUT + SPARE
        await asyncio.sleep(1.6)  # an attempt to connect times out in the meantime
        valkey.thaw()
        await comes_about(shares(cache, other), within=BACK)


async def test_a_loss_shows_before_a_request_meets_it(valkey, instance):
    cache = await instance(valkey.url, timeout=TIMEOUT)
    valkey.freeze()
    with capture_logs() as logs:

        async def told():
            return "redis_lost" in events(logs)

        await comes_about(told, within=2.0)
    assert await cost(cache) < SPARE
    valkey.thaw()


@pytest.mark.parametrize("delay", [0.15, 1.0])
async def test_a_slow_redis_costs_a_few_exchanges_at_most(valkey, instance, delay):
    async with SlowProxy(valkey.port) as proxy:
        cache = await instance(f"redis://127.0.0.1:{proxy.port}/0", timeout=TIMEOUT)
        await cache.put("k", answer(), ttl=None)
        proxy.to_client.delay = delay
        assert await cost(cache) < 3 * TIMEOUT + SPARE
        await asyncio.sleep(1.5)
        assert await cost(cache) < SPARE
        proxy.to_client.delay = 0.0
        await comes_about(shares(cache, await instance(valkey.url)), within=BACK)


async def test_a_connection_that_is_cut_is_replaced_at_once(valkey, instance, raw):
    cache, other = await instance(valkey.url), await instance(valkey.url)
    await asyncio.sleep(1.0)
    await raw.client_kill_filter(_type="normal", skipme=True)
    assert await comes_about(shares(cache, other), within=BACK) < 0.9


@pytest.mark.parametrize("model", [None, "a"])
async def test_what_is_cleared_while_redis_is_away_is_not_told_when_it_is_back(valkey, instance, model):
    cache, other = await instance(valkey.url, timeout=TIMEOUT), await instance(valkey.url)
    await cache.put("k", answer(), ttl=None)
    assert await other.get("k") == answer()
    valkey.freeze()
    with capture_logs() as logs:
        assert await cache.clear(model) == 1
        assert await cache.get("k") is None
        valkey.thaw()

        async def told():
            return "redis_clear_done" in events(logs)

        await comes_about(told, within=BACK)
        assert await cache.get("k") is None
        await comes_about(forgets(other, "k"), within=BACK)
    assert events(logs).count("redis_clear_deferred") == 1


async def test_a_wrong_password_is_no_error_and_its_line_shows_no_key(valkey, instance, raw):
    await raw.config_set("requirepass", "right")
    with capture_logs() as logs:
        cache = await instance(f"redis://:wrong-secret@127.0.0.1:{valkey.port}/0")
        assert await cost(cache) < SPARE
        await asyncio.sleep(1.2)
    assert [(line["event"], line["error"]) for line in logs] == [("redis_lost", "AuthenticationError")]
    assert "wrong-secret" not in repr(logs)


async def test_no_line_holds_a_key_or_an_answer(valkey, instance, raw):
    with capture_logs() as logs:
        cache = await instance(valkey.url, timeout=TIMEOUT)
        await raw.lpush("t:cache:secret-key", "x")
        await raw.config_set("min-replicas-to-write", 1)
        await cache.get("secret-key")
        await cache.put("secret-key", answer("secret-text"), ttl=None)
        valkey.stop()
        await cache.get("secret-key2")
        await cache.put("secret-key2", answer("secret-text"), ttl=None)
        await cache.clear(None)
        await asyncio.sleep(0.5)
    assert "redis_lost" in events(logs)
    assert "secret" not in repr(logs)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "127.0.0.1:6379", "redis://127.0.0.1/?colour=red"])
def test_a_url_that_is_none_is_refused_before_anything_starts(url):
    with pytest.raises(ValueError, match="URL"):
        RedisCache(url, ttl=600, max_bytes=1_000_000)


async def test_options_of_the_url_change_nothing_that_the_cache_relies_on(valkey, instance):
    options = "decode_responses=true&protocol=3&socket_timeout=60&socket_connect_timeout=60&retry_on_timeout=true"
    cache, other = await instance(f"{valkey.url}?{options}", timeout=TIMEOUT), await instance(valkey.url)
    await cache.put("k", answer(), ttl=None)
    assert await other.get("k") == answer()
    valkey.freeze()
    assert await cost(cache) < TIMEOUT + SPARE
    valkey.thaw()


async def test_closing_leaves_nobody_waiting(valkey, instance):
    cache = await instance(valkey.url)
    valkey.freeze()
    asking = [asyncio.create_task(cache.get(f"k{at}")) for at in range(10)]
    await asyncio.sleep(0)
    await asyncio.wait_for(cache.close(), 1.0)
    assert await asyncio.wait_for(asyncio.gather(*asking), 1.0) == [None] * 10
    await cache.put("k", answer(), ttl=None)
    assert await cache.get("k") == answer()
    assert await cache.clear(None) == 1
    valkey.thaw()
