"""What a Redis that fails costs: at most one short time-out, never an error, never a restart."""

import asyncio
import random
import time

import pytest
from services.slow_proxy import SlowProxy
from services.valkey import start_valkey
from services.waiting import comes_about
from structlog.testing import capture_logs

from neuroroute.application.ports import CachedAnswer
from neuroroute.domain.completion import Completion, Finished, FinishReason
from neuroroute.domain.model import ModelId
from neuroroute.domain.routing import Selection, SelectionMethod

pytestmark = pytest.mark.anyio

TIMEOUT = 0.2
"""Of an instance that is to give up soon; the others are patient."""
SPARE = 1.0
"""Seconds that a busy machine may add to some hundred calls, which cost a minute if each waits for a time-out."""
BACK = 3.0
"""Seconds within which a Redis that is back is used again: one attempt a second, and what a busy machine adds."""


def answer(text="Paris", model="a"):
    finished = Finished(reason=FinishReason.STOP, native_reason="stop", usage=None)
    selection = Selection(method=SelectionMethod.CALLER, model=ModelId(model))
    return CachedAnswer(
        model=ModelId(model), selection=selection, completion=Completion(text, finished), latency_ms=412
    )


def events(logs):
    return [line["event"] for line in logs]


def shares_again(cache, other):
    """Whether what one puts is known to the other."""
    numbers = iter(range(1_000_000))

    async def shared():
        key = f"probe {next(numbers)}"
        await cache.put(key, answer(), ttl=None)
        return await other.get(key) is not None

    return shared


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
        await comes_about(shares_again(cache, other), within=BACK)
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
        await comes_about(shares_again(cache, other), within=BACK)
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
    await comes_about(shares_again(cache, other), within=BACK)


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
        await comes_about(shares_again(cache, await instance(valkey.url)), within=BACK)


async def test_a_connection_that_is_cut_is_replaced_at_once(valkey, instance, raw):
    cache, other = await instance(valkey.url), await instance(valkey.url)
    await asyncio.sleep(1.0)
    await raw.client_kill_filter(_type="normal", skipme=True)
    assert await comes_about(shares_again(cache, other), within=BACK) < 0.9


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

        async def forgotten():
            return await other.get("k") is None

        await comes_about(forgotten, within=BACK)
    assert events(logs).count("redis_clear_deferred") == 1


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
            await comes_about(shares_again(one, other), within=BACK)  # its memory is freed in the background
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
    await comes_about(shares_again(cache, other), within=BACK)


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
    await comes_about(shares_again(one, other), within=BACK)
    assert await other.get("k") is None


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
