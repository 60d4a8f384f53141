"""How instances share answers through Redis, and how a clear reaches all of them."""

import asyncio

import pytest
import redis
from services.sharing import answer, forgets
from services.slow_proxy import SlowProxy
from services.valkey import start_valkey
from services.waiting import comes_about

from neuroroute.domain.model import ModelId
from neuroroute.infrastructure.redis.scripts import SWEEP, SWEPT_AT_ONCE

pytestmark = pytest.mark.anyio

SOON = 1.0
"""Seconds within which the port promises that other instances follow."""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = start_valkey(tmp_path_factory.mktemp("valkey"))
    yield server
    server.stop()


@pytest.fixture
def valkey(server):
    """Nothing breaks it here, so that one does for all."""
    with redis.Redis.from_url(server.url) as client:
        client.flushall()
    return server


async def test_what_one_instance_learns_the_other_knows_at_once(valkey, instance):
    one, other = await instance(valkey.url), await instance(valkey.url)
    for at in range(50):
        await one.put(f"k{at}", answer(str(at), model=f"m{at}"), ttl=None)
        assert await other.get(f"k{at}") == answer(str(at), model=f"m{at}")


async def test_outlives_the_instance_that_learned_it(valkey, instance):
    one = await instance(valkey.url)
    await one.put("k", answer(), ttl=None)
    await one.close()
    assert await (await instance(valkey.url)).get("k") == answer()


async def test_is_kept_no_longer_than_asked_in_redis_and_in_the_copies_of_others(valkey, instance, raw):
    one, other = await instance(valkey.url), await instance(valkey.url)
    await one.put("k", answer(), ttl=1.0)
    assert 500 < await raw.pttl("t:cache:k") <= 1000
    assert await other.get("k") == answer()
    await asyncio.sleep(1.05)
    assert await other.get("k") is None


@pytest.mark.parametrize("model", [None, "a"])
async def test_a_clear_empties_the_own_copies_of_every_instance_within_a_second(valkey, instance, model):
    one, other = await instance(valkey.url), await instance(valkey.url)
    await one.put("k", answer(), ttl=None)
    assert await other.get("k") == answer()
    assert await one.clear(model) == 1
    assert await one.get("k") is None
    await comes_about(forgets(other, "k"), within=SOON)


async def test_a_clear_of_one_model_leaves_the_own_copies_of_others(valkey, instance, raw):
    one, other = await instance(valkey.url), await instance(valkey.url)
    for model in ("a", "b"):
        await one.put(model, answer(model=model), ttl=None)
        assert await other.get(model) == answer(model=model)
    await raw.delete("t:cache:b")
    await one.clear(ModelId("a"))
    await comes_about(forgets(other, "a"), within=SOON)
    assert await other.get("b") == answer(model="b")


async def test_an_answer_held_here_and_in_redis_counts_once(valkey, instance, raw):
    one, other = await instance(valkey.url), await instance(valkey.url)
    await one.put("both", answer(), ttl=None)
    await other.put("redis only", answer(), ttl=None)
    await one.put("here only", answer(), ttl=None)
    await raw.delete("t:cache:here only")
    assert await one.clear(None) == 3


@pytest.mark.parametrize("model", [None, "a"])
async def test_a_cleared_instance_remembers_at_once_what_comes_after(valkey, instance, model):
    """The other one has not heard of the clear yet when it puts; nobody's next answer may suffer for that."""
    one, other = await instance(valkey.url), await instance(valkey.url)
    for at in range(20):
        await other.put("k", answer("old"), ttl=None)
        assert await one.clear(model) == 1
        await other.put("k", answer(str(at)), ttl=None)
        assert await other.get("k") == answer(str(at))
        assert await one.get("k") == answer(str(at))


async def test_a_put_that_was_given_up_does_not_land_after_a_clear(valkey, instance, raw):
    async with SlowProxy(valkey.port) as proxy:
        one = await instance(valkey.url)
        slow = await instance(f"redis://127.0.0.1:{proxy.port}/0", timeout=0.2)
        await one.put("first", answer(), ttl=None)
        proxy.to_server.hold()
        await slow.put("late", answer(), ttl=None)
        await one.clear(ModelId("a"))
        handled = (await raw.info("commandstats")).get("cmdstat_eval", {"calls": 0})["calls"]
        proxy.to_server.release()

        async def landed():
            return (await raw.info("commandstats"))["cmdstat_eval"]["calls"] > handled

        await comes_about(landed, within=5)
        assert await raw.exists("t:cache:late") == 0
        assert await one.get("late") is None


async def test_a_copy_made_while_a_clear_runs_does_not_stay(valkey, instance):
    async with SlowProxy(valkey.port) as proxy:
        one = await instance(valkey.url)
        slow = await instance(f"redis://127.0.0.1:{proxy.port}/0")
        await one.put("k", answer(), ttl=None)
        proxy.to_client.hold()
        asked = asyncio.create_task(slow.get("k"))
        await asyncio.sleep(0.2)
        assert await one.clear(None) == 1
        proxy.to_client.release()
        await asked
        await comes_about(forgets(slow, "k"), within=SOON)
        await asyncio.sleep(0.5)
        assert await slow.get("k") is None


async def test_puts_and_clears_at_the_same_time_leave_nothing_that_a_clear_cannot_reach(valkey, instance, raw):
    instances = [await instance(valkey.url) for _ in range(3)]

    async def puts(cache):
        for at in range(100):
            await cache.put(f"k{at % 10}", answer(str(at), model="ab"[at % 2]), ttl=None)

    async def clears(cache):
        for at in range(30):
            await cache.clear((ModelId("a"), None)[at % 2])

    await asyncio.gather(*map(puts, instances), *map(clears, instances))
    assert await instances[0].clear(None) <= 10
    for cache in instances:
        for at in range(10):
            await comes_about(forgets(cache, f"k{at}"), within=SOON)
    assert await raw.keys("t:cache:index:*") == []


async def test_leaves_nothing_in_redis_that_never_expires_but_the_generations(valkey, instance, raw):
    one = await instance(valkey.url)
    for at in range(200):
        await one.put(f"k{at}", answer(model="ab"[at % 2]), ttl=0.05 if at < 190 else 60)
    await asyncio.sleep(0.1)
    await one.put("k", answer(), ttl=60)
    await one.put("k", answer(), ttl=0.001)
    for name in await raw.keys("*"):
        lasts = await raw.pttl(name)
        assert lasts > 0 or name == b"t:cache:generations", name
    sizes = [await raw.zcard(name) for name in await raw.keys("t:cache:index:*")]
    assert sum(sizes) < 200


async def test_what_redis_did_not_take_is_kept_here_and_cleared_by_others_all_the_same(valkey, instance, raw):
    one, other = await instance(valkey.url), await instance(valkey.url)
    await raw.config_set("min-replicas-to-write", 1)
    await one.put("k", answer(), ttl=None)
    await raw.config_set("min-replicas-to-write", 0)
    await other.put("k2", answer(), ttl=None)
    await asyncio.sleep(0.6)
    assert await other.get("k") is None
    assert await one.get("k") == answer()
    await one.put("k3", answer(model="b"), ttl=None)
    await other.clear(ModelId("c"))
    await raw.config_set("min-replicas-to-write", 1)
    await one.put("k4", answer(model="d"), ttl=None)
    await raw.config_set("min-replicas-to-write", 0)
    assert await one.get("k4") == answer(model="d")
    await other.clear(ModelId("d"))
    await comes_about(forgets(one, "k4"), within=SOON)
    assert await one.get("k3") == answer(model="b")


async def test_sweeping_an_old_generation_spares_what_was_stored_since(valkey, instance, raw):
    one = await instance(valkey.url)
    await one.put("k", answer(), ttl=None)
    await raw.zadd("t:cache:index:0123456789abcdef", {"k": 1, "gone": 2})
    swept = await raw.eval(SWEEP, 1, "t:cache:index:0123456789abcdef", "t:cache:", "0123456789abcdef", SWEPT_AT_ONCE)
    assert swept == [2, []]
    assert await raw.exists("t:cache:k") == 1


async def test_models_that_were_never_used_leave_nothing_behind(valkey, instance, raw):
    one = await instance(valkey.url)
    for at in range(100):
        assert await one.clear(ModelId(f"model {at}")) == 0
    assert await raw.hlen("t:cache:generations") == 1


async def test_keeps_away_from_what_is_not_its_own(valkey, instance, raw):
    await raw.set("other", "x")
    await raw.set("t:keys:other", "x")
    one = await instance(valkey.url)
    await one.put("k", answer(), ttl=None)
    assert await one.clear(None) == 1
    assert await raw.get("other") == b"x"
    assert await raw.get("t:keys:other") == b"x"
