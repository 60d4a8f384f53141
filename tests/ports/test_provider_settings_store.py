"""What every store of providers' settings promises."""

import asyncio

import pytest

from neuroroute.application.stores import Topic
from neuroroute.domain.access import Secret
from neuroroute.domain.credential import ProviderSettings
from neuroroute.domain.errors import NameTaken, NotStored
from neuroroute.infrastructure.memory.credentials import MemoryProviderSettings
from neuroroute.infrastructure.memory.revisions import MemoryRevisions
from neuroroute.infrastructure.sql.audit_trail import AuditTrail
from neuroroute.infrastructure.sql.database import Database
from neuroroute.infrastructure.sql.provider_settings import SqlProviderSettings
from neuroroute.infrastructure.sql.revisions import SqlRevisions
from neuroroute.infrastructure.sql.vault_keys import VaultKeys
from neuroroute.infrastructure.vault import MasterKeys

pytestmark = pytest.mark.anyio

MASTER = Secret("MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")


@pytest.fixture(params=["memory", "sqlite", "postgres"])
async def adapter(request):
    """The store, and the feed that tells of its changes."""
    if request.param == "memory":
        revisions = MemoryRevisions()
        yield MemoryProviderSettings(revisions), revisions
        return
    database = Database(Secret(request.getfixturevalue(f"{request.param}_database")))
    yield SqlProviderSettings(database, AuditTrail(VaultKeys(MasterKeys(MASTER)))), SqlRevisions(database)
    await database.close()


@pytest.fixture
def store(adapter):
    return adapter[0]


def settings(provider="openai", **fields):
    return ProviderSettings(id=0, provider=provider, **fields)


async def names(store):
    return [row.provider for row in await store.all()]


async def test_what_was_put_is_there_as_it_was_put(store):
    assert await store.all() == []
    kept = await store.put(settings(model="m", organization="o", api_base="http://x.test/v1"), by="admin")
    assert (kept.provider, kept.model, kept.organization, kept.api_base) == ("openai", "m", "o", "http://x.test/v1")
    assert await store.all() == [kept]


async def test_putting_again_replaces_all_but_the_id(store):
    first = await store.put(settings(model="m", organization="o", api_base="http://x.test/v1"), by="admin")
    again = await store.put(settings(), by="admin")
    assert again == ProviderSettings(id=first.id, provider="openai")
    assert await store.all() == [again]


async def test_rows_are_listed_in_the_order_of_their_ids(store):
    for provider in ("z", "a", "m"):
        await store.put(settings(provider), by="admin")
    await store.put(settings("z", model="m"), by="admin")
    assert await names(store) == ["z", "a", "m"]


async def test_an_id_is_never_given_again(store):
    first = await store.put(settings(), by="admin")
    await store.delete("openai", by="admin")
    assert (await store.put(settings(), by="admin")).id > first.id


async def test_replacing_may_rename_and_keeps_the_id(store):
    first = await store.put(settings("a", model="m1", organization="o"), by="admin")
    renamed = await store.replace("a", settings("c", model="m2"), by="admin")
    assert renamed == ProviderSettings(id=first.id, provider="c", model="m2")
    assert await store.all() == [renamed]


async def test_renaming_onto_another_changes_nothing(store):
    before = [await store.put(settings(provider, model=provider), by="admin") for provider in ("a", "b")]
    with pytest.raises(NameTaken):
        await store.replace("a", settings("b"), by="admin")
    assert await store.all() == before


async def test_replacing_or_deleting_what_is_not_there_changes_nothing(store):
    await store.put(settings("b"), by="admin")
    for change in (store.replace("none", settings("b"), by="admin"), store.delete("none", by="admin")):
        with pytest.raises(NotStored, match=r"^API key settings not found$"):
            await change
    assert await names(store) == ["b"]


async def test_what_was_deleted_is_gone_and_the_others_stay(store):
    await store.put(settings("a"), by="admin")
    await store.put(settings("b"), by="admin")
    await store.delete("a", by="admin")
    assert await names(store) == ["b"]


async def test_every_write_that_happened_is_told_to_who_follows_keys(adapter):
    store, revisions = adapter
    began = (await revisions.look())[Topic.CREDENTIALS]
    await store.put(settings("a"), by="admin")
    await store.replace("a", settings("b"), by="admin")
    await store.delete("b", by="admin")
    with pytest.raises(NotStored):
        await store.delete("b", by="admin")
    assert (await revisions.look())[Topic.CREDENTIALS] == began + 3


async def test_writers_at_once_make_one_row(store):
    kept = await asyncio.gather(*(store.put(settings(model=f"m{number}"), by="admin") for number in range(12)))
    assert len({row.id for row in kept}) == 1
    assert len(await store.all()) == 1
