"""What every store of client keys promises."""

import asyncio
import os
from base64 import b64encode

import pytest

from neuroroute.application.stores import Topic
from neuroroute.domain.access import Secret
from neuroroute.domain.client_key import ClientKey, KeyScope
from neuroroute.domain.errors import NameTaken, NotStored
from neuroroute.domain.key_text import ENTROPY_BYTES, digest_of, key_id, write_key
from neuroroute.domain.model import ModelId
from neuroroute.infrastructure.memory.client_keys import MemoryClientKeys
from neuroroute.infrastructure.sql.audit_trail import AuditTrail
from neuroroute.infrastructure.sql.client_keys import SqlClientKeys
from neuroroute.infrastructure.sql.database import Database
from neuroroute.infrastructure.sql.revisions import SqlRevisions
from neuroroute.infrastructure.sql.vault_keys import VaultKeys
from neuroroute.infrastructure.vault import MasterKeys

pytestmark = pytest.mark.anyio


def sql_store(database):
    vault_keys = VaultKeys(MasterKeys(Secret(b64encode(os.urandom(32)).decode())))
    return SqlClientKeys(database, vault_keys=vault_keys, audit=AuditTrail(vault_keys))


@pytest.fixture(params=[None, "sqlite_database", "postgres_database"], ids=["memory", "sqlite", "postgres"])
async def kept(request):
    """The store, and how to see the topic's revision."""
    if request.param is None:
        memory = MemoryClientKeys()

        async def counted():
            return memory.revision

        yield memory, counted
        return
    database = Database(Secret(request.getfixturevalue(request.param)))

    async def looked():
        return (await SqlRevisions(database).look())[Topic.CLIENT_KEYS]

    yield sql_store(database), looked
    await database.close()


@pytest.fixture
def store(kept):
    return kept[0]


def made(**facts):
    """A key and its text."""
    key = ClientKey(
        **{
            "id": key_id(os.urandom(ENTROPY_BYTES)),
            "name": "a shop",
            "scopes": frozenset({KeyScope.CLIENT}),
            "created_at": 1_764_000_000.5,
            **facts,
        }
    )
    return key, text_of(key)


def text_of(key):
    return write_key(key.id, os.urandom(ENTROPY_BYTES))


async def only(store):
    (held,) = (await store.changed_since(0)).keys
    return held


async def fits(store, text, digest):
    hash_key = (await store.changed_since(0)).hash_keys[digest.hash_key]
    return digest_of(text.reveal().encode(), hash_key.bytes) == digest.digest


async def test_what_is_added_is_there_with_all_its_facts(store):
    key, text = made(
        scopes=frozenset(KeyScope),
        name="Mörike's 🗝 'shop'; DROP TABLE client_keys; --",
        expires_at=1_800_000_000.0,
        requests_per_minute=100_000,
        models=frozenset({ModelId("a"), ModelId("b'c")}),
        policy="rules",
    )
    await store.add(key, text, by="admin")
    held = await only(store)
    assert held.key == key
    assert held.previous is held.previous_until is None
    assert await fits(store, text, held.current)


async def test_a_key_that_says_nothing_more_is_unlimited_and_for_ever(store):
    key, text = made()
    await store.add(key, text, by="admin")
    assert (await only(store)).key == key


async def test_an_id_is_given_once(store):
    key, text = made()
    await store.add(key, text, by="admin")
    with pytest.raises(NameTaken, match=key.id):
        await store.add(key, text_of(key), by="admin")
    assert await fits(store, text, (await only(store)).current)


async def test_only_what_changed_is_read_again(store):
    pairs = [made() for _ in range(3)]
    for key, text in pairs:
        await store.add(key, text, by="admin")
    (first, second, third), seen = [key.id for key, _ in pairs], (await store.changed_since(0)).revision
    await store.revoke(first, at=1_764_000_100.0, by="admin")
    await store.rotate(second, text_of(pairs[1][0]), previous_until=None, by="admin")
    changed = await store.changed_since(seen)
    assert [held.key.id for held in changed.keys] == [first, second]
    assert [held.revision for held in changed.keys] == [seen + 1, seen + 2]
    assert changed.revision == seen + 2
    assert (await store.changed_since(changed.revision)).keys == ()
    assert [held.key.id for held in (await store.changed_since(0)).keys] == [third, first, second]


async def test_a_new_text_takes_the_place_of_the_one_before_at_once(store):
    key, before = made()
    await store.add(key, before, by="admin")
    after = text_of(key)
    assert await store.rotate(key.id, after, previous_until=None, by="admin") == key
    held = await only(store)
    assert held.previous is None
    assert await fits(store, after, held.current)
    assert not await fits(store, before, held.current)


async def test_the_text_before_is_kept_until_it_is_said(store):
    key, before = made()
    await store.add(key, before, by="admin")
    await store.rotate(key.id, text_of(key), previous_until=1_764_003_600.0, by="admin")
    held = await only(store)
    assert held.previous_until == 1_764_003_600.0
    assert await fits(store, before, held.previous)
    await store.rotate(key.id, text_of(key), previous_until=None, by="admin")
    held = await only(store)
    assert held.previous is held.previous_until is None


async def test_a_revoked_key_stays_revoked(store):
    key, text = made()
    await store.add(key, text, by="admin")
    revoked = await store.revoke(key.id, at=1_764_000_100.0, by="admin")
    assert revoked.revoked_at == 1_764_000_100.0
    assert await store.revoke(key.id, at=1_764_000_200.0, by="admin") == revoked
    with pytest.raises(NotStored, match="revoked"):
        await store.rotate(key.id, text_of(key), previous_until=None, by="admin")
    assert (await only(store)).key == revoked


async def test_what_is_not_there_can_be_neither_rotated_nor_revoked(store):
    key, text = made()
    with pytest.raises(NotStored, match=key.id):
        await store.rotate(key.id, text, previous_until=None, by="admin")
    with pytest.raises(NotStored, match=key.id):
        await store.revoke(key.id, at=1.0, by="admin")


async def test_the_last_use_is_remembered_and_is_no_change_to_follow(kept):
    store, revision = kept
    key, text = made()
    await store.add(key, text, by="admin")
    seen = await revision()
    await store.used({key.id: 1_764_000_020.0, "no such key": 1.0})
    await store.used({key.id: 1_764_000_010.0})
    assert (await only(store)).key.last_used_at == 1_764_000_020.0
    assert (await store.changed_since(seen)).keys == ()
    assert await revision() == seen


async def test_every_write_and_no_failed_one_makes_the_revision_grow(kept):
    store, revision = kept
    key, text = made()
    seen = [await revision()]
    await store.add(key, text, by="admin")
    seen.append(await revision())
    await store.rotate(key.id, text, previous_until=None, by="admin")
    seen.append(await revision())
    await store.revoke(key.id, at=1.0, by="admin")
    seen.append(await revision())
    assert seen == [0, 1, 2, 3]
    with pytest.raises(NotStored):
        await store.rotate(key.id, text, previous_until=None, by="admin")
    assert await revision() == 3


async def test_writers_at_the_same_moment_all_succeed(store):
    pairs = [made() for _ in range(8)]
    await asyncio.gather(*(store.add(key, text, by="admin") for key, text in pairs))
    changed = await store.changed_since(0)
    assert sorted(held.revision for held in changed.keys) == list(range(1, 9))
    assert len({held.current.hash_key for held in changed.keys}) == 1


async def test_neither_a_text_nor_a_hash_is_in_what_is_printed(store):
    key, text = made()
    await store.add(key, text, by="admin")
    changed = await store.changed_since(0)
    secrets = [text.reveal(), *(repr(hash_key.bytes) for hash_key in changed.hash_keys.values())]
    secrets.append(repr(changed.keys[0].current.digest))
    assert not [secret for secret in secrets if secret in repr(changed)]
