"""What the memory of conversations does when Redis is not as it should be, and what it leaves there."""

import time

import pytest
import redis.asyncio
from services.waiting import comes_about

from neuroroute.domain.forecast import Warm
from neuroroute.infrastructure.memory.conversations import WARM_SECONDS
from neuroroute.infrastructure.redis.conversations import RedisConversations

pytestmark = pytest.mark.anyio

WARM = Warm(model="middle", tokens=1200)
OTHER = Warm(model="large", tokens=7)
SPOILED = (b"", b"garbage", b"\xff", b"[]", b'{"model":"m"}', b'{"model":"m","tokens":-1}', b'{"model":1,"tokens":1}')


@pytest.fixture
async def here(valkey):
    conversations = RedisConversations(valkey.url, prefix="t:", timeout=0.1)
    await conversations.open()
    yield conversations
    await conversations.close()


@pytest.fixture
async def there(valkey):
    conversations = RedisConversations(valkey.url, prefix="t:", timeout=0.1)
    await conversations.open()
    yield conversations
    await conversations.close()


@pytest.fixture
async def client(valkey):
    async with redis.asyncio.Redis.from_url(valkey.url) as client:
        yield client


async def arrived(client, key=b"t:conversation:a"):
    async def is_there():
        return await client.exists(key)

    await comes_about(is_there, within=5)


async def known(conversations, warm, *, within=5):
    async def is_known():
        return await conversations.last("a") == warm

    await comes_about(is_known, within=within)


async def test_redis_holds_a_model_and_a_number_for_as_long_as_a_provider_does(here, client):
    here.keep("a", WARM)
    await arrived(client)
    assert await client.keys("*") == [b"t:conversation:a"]
    assert await client.get("t:conversation:a") == b'{"model":"middle","tokens":1200}'
    assert (WARM_SECONDS - 5) * 1000 < await client.pttl("t:conversation:a") <= WARM_SECONDS * 1000


async def test_what_is_no_conversation_is_as_if_it_were_not_there(here, client):
    for held in SPOILED:
        await client.set("t:conversation:a", held)
        assert await here.last("a") is None, held


async def test_another_type_under_the_name_is_nothing_and_is_written_over(here, there, client):
    await client.lpush("t:conversation:a", "x")
    assert await here.last("a") is None
    here.keep("a", WARM)
    await known(there, WARM)


async def test_while_redis_is_dead_a_process_knows_what_it_kept_itself(here, there, valkey):
    here.keep("a", WARM)
    await known(there, WARM)
    valkey.kill()
    here.keep("b", OTHER)
    began = time.monotonic()
    assert [await here.last(key) for key in ("a", "b", "c")] == [WARM, OTHER, None]
    assert await there.last("a") is None
    assert time.monotonic() - began < 0.5


async def test_a_redis_that_is_back_is_used_again(here, there, valkey):
    valkey.kill()
    here.keep("a", WARM)
    valkey.start()

    async def told():
        here.keep("a", OTHER)
        return await there.last("a") == OTHER

    await comes_about(told, within=10)


async def test_a_frozen_redis_costs_one_time_out_at_most_and_keeping_nothing(here, valkey):
    valkey.freeze()
    try:
        began = time.monotonic()
        for number in range(1000):
            here.keep(f"{number}", WARM)
        assert time.monotonic() - began < 0.5
        began = time.monotonic()
        assert await here.last("7") == WARM
        assert time.monotonic() - began < 0.3
    finally:
        valkey.thaw()


async def test_a_redis_that_takes_no_writes_leaves_each_process_what_it_kept_itself(here, client):
    await client.config_set("maxmemory-policy", "noeviction")
    await client.config_set("maxmemory", "1")
    here.keep("a", WARM)
    assert await here.last("a") == WARM
    await client.config_set("maxmemory", "0")


async def test_what_redis_forgot_is_known_to_who_kept_it(here, there, client):
    here.keep("a", WARM)
    await known(there, WARM)
    await client.flushdb()
    assert await here.last("a") == WARM
    assert await there.last("a") is None


async def test_what_another_instance_kept_later_counts(here, there):
    here.keep("a", WARM)
    await known(there, WARM)
    there.keep("a", OTHER)
    await known(here, OTHER)


def test_an_address_that_is_none_of_redis_is_refused():
    with pytest.raises(ValueError, match="redis"):
        RedisConversations("http://127.0.0.1")
