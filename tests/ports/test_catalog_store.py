"""What every catalogue store promises."""

import asyncio

import pytest
from catalogs import a_catalog, a_model, a_provider

from neuroroute.application.stores import Topic
from neuroroute.domain.access import Secret
from neuroroute.domain.audit import AuditFilter
from neuroroute.domain.catalog_plan import AddressRefused, CatalogMisfit, ProviderInUse
from neuroroute.domain.errors import NotStored
from neuroroute.domain.model import Ability, Dialect, Price
from neuroroute.infrastructure.memory.catalog import MemoryCatalog
from neuroroute.infrastructure.memory.revisions import MemoryRevisions
from neuroroute.infrastructure.sql.audit_log import SqlAuditLog
from neuroroute.infrastructure.sql.audit_trail import AuditTrail
from neuroroute.infrastructure.sql.catalog import SqlCatalog
from neuroroute.infrastructure.sql.database import Database
from neuroroute.infrastructure.sql.revisions import SqlRevisions
from neuroroute.infrastructure.sql.vault_keys import VaultKeys
from neuroroute.infrastructure.vault import MasterKeys

pytestmark = pytest.mark.anyio

MASTER = MasterKeys(Secret("QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="))
FEW = a_catalog(
    a_provider("zeta", api_key_env="ZETA_KEY"),
    a_provider("acme", dialect=Dialect.ANTHROPIC, local=True, base_url="http://localhost:9"),
    a_model("second", "zeta", price=None, context_window=None, abilities=frozenset(Ability), embedding_space="ada"),
    a_model("first", price=Price(prompt=0, completion=1), enabled=False),
)


@pytest.fixture
async def opened(database):
    held = Database(Secret(database))
    yield held
    await held.close()


@pytest.fixture(params=["memory", "sqlite", "postgres"])
async def store(request):
    if request.param == "memory":
        yield MemoryCatalog(MemoryRevisions())
        return
    held = Database(Secret(request.getfixturevalue(f"{request.param}_database")))
    yield SqlCatalog(held, audit=AuditTrail(VaultKeys(MASTER)))
    await held.close()


async def test_nothing_is_known_at_first(store):
    assert await store.known() == a_catalog()


async def test_what_was_applied_is_known_in_the_order_of_its_coming(store):
    done = await store.apply(FEW, prune=False, by="cli")
    assert [change.word for change in done.changes] == ["added"] * 4
    assert await store.known() == FEW == done.result
    await store.apply(a_catalog(a_model("alpha"), a_model("second", "zeta", max_tokens=1)), prune=False, by="cli")
    known = await store.known()
    assert [model.id for model in known.models] == ["second", "first", "alpha"]
    assert known.model("second").max_tokens == 1


async def test_pruning_removes(store):
    await store.apply(FEW, prune=False, by="cli")
    await store.apply(a_catalog(a_provider("acme"), a_model("other")), prune=True, by="cli")
    known = await store.known()
    assert [provider.name for provider in known.providers] == ["acme"]
    assert [model.id for model in known.models] == ["first", "other"]


async def test_a_misfit_changes_nothing(store):
    await store.apply(FEW, prune=False, by="cli")
    with pytest.raises(CatalogMisfit):
        await store.apply(a_catalog(a_provider("new"), a_model("x", "nowhere")), prune=False, by="cli")
    with pytest.raises(CatalogMisfit):
        await store.put_model(a_model("x", "nowhere"), by="admin")
    assert await store.known() == FEW


async def test_a_name_is_applied_once(store):
    assert await store.apply_once(FEW, name="seeds", by="startup") is not None
    await store.delete_model("second", by="admin")
    assert await store.apply_once(FEW, name="seeds", by="startup") is None
    assert (await store.known()).model("second") is None
    assert await store.apply_once(FEW, name="other", by="startup") is not None


async def test_of_many_that_apply_one_name_at_once_one_does(store):
    done = await asyncio.gather(*(store.apply_once(FEW, name="seeds", by="startup") for _ in range(8)))
    assert sum(one is not None for one in done) == 1
    assert await store.known() == FEW


async def test_one_entry_is_put_and_put_again(store):
    put = await store.put_provider(a_provider("acme", trusted=True), by="admin")
    assert put.trusted is False
    assert await store.put_model(a_model("m"), by="admin") == a_model("m")
    await store.put_model(a_model("m", name="New"), by="admin")
    assert await store.known() == a_catalog(put, a_model("m", name="New"))


async def test_an_environments_key_does_not_follow_an_address_over_http(store):
    await store.apply(FEW, prune=False, by="cli")
    with pytest.raises(AddressRefused):
        await store.put_provider(
            a_provider("zeta", api_key_env="ZETA_KEY", base_url="https://evil.test/v1"), by="admin"
        )
    assert await store.known() == FEW


async def test_what_is_deleted_is_gone(store):
    await store.apply(FEW, prune=False, by="cli")
    with pytest.raises(ProviderInUse, match="second"):
        await store.delete_provider("zeta", by="admin")
    await store.delete_model("second", by="admin")
    await store.delete_provider("zeta", by="admin")
    known = await store.known()
    assert (known.provider("zeta"), known.model("second")) == (None, None)
    with pytest.raises(NotStored):
        await store.delete_provider("zeta", by="admin")
    with pytest.raises(NotStored):
        await store.delete_model("second", by="admin")


async def test_every_write_is_followed_and_audited(opened):
    keys = VaultKeys(MASTER)
    trail = AuditTrail(keys)
    store, revisions = SqlCatalog(opened, audit=trail), SqlRevisions(opened)
    before = (await revisions.look())[Topic.CATALOG]
    await store.apply(FEW, prune=False, by="cli")
    await store.put_model(a_model("first", max_tokens=1), by="admin")
    await store.put_model(a_model("first", max_tokens=1), by="admin")  # as it is: nothing to tell
    await store.delete_model("first", by="nr_key")
    assert (await revisions.look())[Topic.CATALOG] > before
    found = await SqlAuditLog(opened, keys, trail).entries(AuditFilter(), before=None, limit=10)
    entries = list(reversed(found))
    assert [(entry.actor, entry.action, entry.target) for entry in entries] == [
        ("cli", "catalog.apply", "file"),
        ("admin", "model.put", "first"),
        ("nr_key", "model.delete", "first"),
    ]
    assert '"provider zeta":{}' in entries[0].after
    assert '"max_tokens":1' in entries[1].after
    assert '"max_tokens":1' in entries[2].before
