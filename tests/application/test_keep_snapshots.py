"""The cards of a version are kept when it is loaded, if that can be."""

import pytest
from decisions import CARDS

from neuroroute.application.keep_snapshots import KeepSnapshots
from neuroroute.application.stores import DecisionStore, Topic
from neuroroute.domain.errors import StateUnavailable
from neuroroute.domain.model import Dialect, ProviderName
from neuroroute.infrastructure.catalog import StaticCatalog
from neuroroute.infrastructure.effective_catalog import NO_KEY, CatalogEntries, ProviderEntry
from neuroroute.infrastructure.memory.decisions import MemoryDecisions
from neuroroute.infrastructure.memory.ledger import MemoryLedger

pytestmark = pytest.mark.anyio


class Fickle(DecisionStore):
    """Takes nothing while it is told to; else counts what it is told."""

    def __init__(self):
        self.refuses = False
        self.writes = 0
        self.kept = MemoryDecisions(MemoryLedger())

    async def find(self, decision_id):
        return await self.kept.find(decision_id)

    async def since(self, moment, *, after, limit):
        return await self.kept.since(moment, after=after, limit=limit)

    async def keep_cards(self, version, cards):
        if self.refuses:
            raise StateUnavailable("It is read-only")
        self.writes += 1
        await self.kept.keep_cards(version, cards)

    async def cards(self, version):
        return await self.kept.cards(version)


def catalog(*, obstacle=None):
    provider = ProviderEntry(
        name=ProviderName("openai"),
        dialect=Dialect.OPENAI,
        base_url="https://openai.example/v1",
        api_key=None,
        local=False,
        max_connections=10,
        obstacle=obstacle,
    )
    return StaticCatalog(CatalogEntries(providers=(provider,), cards=CARDS), {})


async def test_the_cards_that_can_be_asked_are_kept_once_under_their_version():
    here, store = catalog(), Fickle()
    keep = KeepSnapshots(here, store)
    for _ in range(2):
        await keep.load()
    assert await store.cards(here.version) == CARDS
    assert store.writes == 1


async def test_a_key_that_is_missing_makes_another_version_with_other_cards():
    store = Fickle()
    with_key, without = catalog(), catalog(obstacle=NO_KEY)
    for one in (with_key, without):
        await KeepSnapshots(one, store).load()
    assert (await store.cards(with_key.version), await store.cards(without.version)) == (CARDS, ())


async def test_a_database_that_takes_nothing_is_no_obstacle_and_asked_again():
    here, store = catalog(), Fickle()
    keep = KeepSnapshots(here, store)
    store.refuses = True
    await keep.load()
    store.refuses = False
    await keep.load()
    assert await store.cards(here.version) == CARDS


def test_it_follows_what_a_version_depends_on():
    assert KeepSnapshots(catalog(), Fickle()).topics == {Topic.CATALOG, Topic.CREDENTIALS}
