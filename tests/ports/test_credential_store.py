"""What every store of providers' keys promises."""

import asyncio

import pytest

from neuroroute.application.stores import Topic
from neuroroute.domain.access import Secret
from neuroroute.domain.errors import NameTaken, NotStored
from neuroroute.infrastructure.memory.credentials import MemoryCredentials
from neuroroute.infrastructure.memory.revisions import MemoryRevisions
from neuroroute.infrastructure.sql.audit_trail import AuditTrail
from neuroroute.infrastructure.sql.credentials import SqlCredentials
from neuroroute.infrastructure.sql.database import Database
from neuroroute.infrastructure.sql.revisions import SqlRevisions
from neuroroute.infrastructure.sql.vault_keys import VaultKeys
from neuroroute.infrastructure.vault import MasterKeys

pytestmark = pytest.mark.anyio

MASTER = Secret("MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")
HERE = "https://api.test:443"


@pytest.fixture(params=["memory", "sqlite", "postgres"])
async def adapter(request):
    """The store, and the feed that tells of its changes."""
    if request.param == "memory":
        revisions = MemoryRevisions()
        yield MemoryCredentials(revisions), revisions
        return
    database = Database(Secret(request.getfixturevalue(f"{request.param}_database")))
    vault_keys = VaultKeys(MasterKeys(MASTER))
    yield SqlCredentials(database, vault_keys, AuditTrail(vault_keys)), SqlRevisions(database)
    await database.close()


@pytest.fixture
def store(adapter):
    return adapter[0]


def put(store, provider="openai", key="sk-1", *, is_active=True, origin=HERE):
    return store.put(provider, key=Secret(key), is_active=is_active, origin=origin, by="admin")


def replace(store, name, provider, key="sk-2"):
    return store.replace(name, provider=provider, key=Secret(key), is_active=True, origin=HERE, by="admin")


async def stored(store):
    return [(row.provider, row.key.reveal()) for row in await store.all()]


async def test_what_was_put_is_there_as_it_was_put(store):
    kept = await put(store, "openai", "sk-1", is_active=False, origin="http://x.test:80")
    assert (kept.provider, kept.key, kept.is_active, kept.origin) == (
        "openai", Secret("sk-1"), False, "http://x.test:80",
    )  # fmt: skip
    assert await store.all() == [kept]


async def test_there_is_nothing_at_first(store):
    assert await store.all() == []


async def test_putting_again_replaces_all_but_the_id(store):
    first = await put(store, key="sk-1")
    again = await put(store, key="sk-2", is_active=False, origin="")
    assert again.id == first.id
    assert await store.all() == [again]
    assert (again.key, again.is_active, again.origin) == (Secret("sk-2"), False, "")


async def test_rows_are_listed_in_the_order_of_their_ids(store):
    kept = [await put(store, provider) for provider in ("z", "a", "m")]
    await put(store, "z", "sk-new")
    assert [row.id for row in await store.all()] == sorted(row.id for row in kept)
    assert [row.provider for row in await store.all()] == ["z", "a", "m"]


async def test_an_id_is_never_given_again(store):
    first = await put(store)
    await store.delete("openai", by="admin")
    assert (await put(store)).id > first.id


async def test_replacing_may_rename_and_keeps_the_id(store):
    first = await put(store, "a")
    renamed = await replace(store, "a", "c")
    assert (renamed.id, renamed.provider) == (first.id, "c")
    assert await stored(store) == [("c", "sk-2")]


async def test_replacing_under_its_own_name_is_no_clash(store):
    await put(store, "a")
    await replace(store, "a", "a")
    assert await stored(store) == [("a", "sk-2")]


async def test_renaming_onto_another_changes_nothing(store):
    await put(store, "a", "sk-a")
    await put(store, "b", "sk-b")
    with pytest.raises(NameTaken):
        await replace(store, "a", "b")
    assert await stored(store) == [("a", "sk-a"), ("b", "sk-b")]


async def test_replacing_what_is_not_there_stores_nothing(store):
    await put(store, "b")
    for provider in ("none", "b"):
        with pytest.raises(NotStored, match=r"^API key not found$"):
            await replace(store, "none", provider)
    assert await stored(store) == [("b", "sk-1")]


async def test_what_was_deleted_is_gone_and_the_others_stay(store):
    await put(store, "a")
    await put(store, "b")
    await store.delete("a", by="admin")
    assert await stored(store) == [("b", "sk-1")]
    with pytest.raises(NotStored, match=r"^API key not found$"):
        await store.delete("a", by="admin")


@pytest.mark.parametrize("provider", ["Ünï çödé 模型", "a b", "x" * 255, "%00", "'; DROP TABLE credentials; --", "A"])
async def test_any_name_is_kept_as_it_is(store, provider):
    await put(store, provider.lower())
    await put(store, provider, "sk-2")
    assert (provider, "sk-2") in await stored(store)


async def test_every_write_that_happened_is_told_to_who_follows(adapter):
    store, revisions = adapter

    async def revision():
        return (await revisions.look())[Topic.CREDENTIALS]

    began = await revision()
    await put(store, "a")
    await put(store, "a")
    await replace(store, "a", "b")
    await store.delete("b", by="admin")
    assert await revision() == began + 4
    for refused in (replace(store, "a", "b"), store.delete("a", by="admin")):
        with pytest.raises(NotStored):
            await refused
    assert await revision() == began + 4


async def test_writers_at_once_make_one_row(store):
    kept = await asyncio.gather(*(put(store, "openai", f"sk-{number}") for number in range(12)))
    assert len({row.id for row in kept}) == 1
    (row,) = await store.all()
    assert row.key in {one.key for one in kept}


async def test_a_row_prints_without_its_key(store):
    await put(store, key="sk-canary-4711")
    assert "canary" not in repr(await store.all())
