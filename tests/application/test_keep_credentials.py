"""Keys are bound to where their provider is, and a change is known here before it is answered."""

import pytest
from catalogs import a_provider

from neuroroute.application.follow_state import FollowState, Held
from neuroroute.application.keep_credentials import KeepCredentials, KeepProviderSettings
from neuroroute.application.stores import Revisions, Topic
from neuroroute.domain.access import Secret
from neuroroute.domain.credential import CredentialStatus, ProviderSettings
from neuroroute.domain.errors import NameTaken, NotStored, StateUnavailable
from neuroroute.infrastructure.memory.catalog import MemoryCatalog
from neuroroute.infrastructure.memory.credentials import MemoryCredentials, MemoryProviderSettings
from neuroroute.infrastructure.memory.revisions import MemoryRevisions

pytestmark = pytest.mark.anyio

ACTIVE, OTHER = CredentialStatus.ACTIVE, CredentialStatus.OTHER_ORIGIN
OPENAI = a_provider("openai", base_url="https://api.openai.com/v1")
LOCAL = a_provider("lmstudio", base_url="http://localhost:1234/v1", local=True)


class Known(Held):
    """What this process holds of the keys."""

    topics = frozenset({Topic.CREDENTIALS})

    def __init__(self, store):
        self._store = store
        self.providers = []

    async def load(self):
        self.providers = [row.provider for row in await self._store.all()]


class Switched(Revisions):
    """A change feed that can be away."""

    def __init__(self, revisions):
        self._revisions = revisions
        self.away = False

    async def look(self):
        if self.away:
            raise StateUnavailable("away")
        return await self._revisions.look()


class Kept:
    """Everything that the use case joins."""

    def __init__(self):
        revisions = MemoryRevisions()
        credentials, settings = MemoryCredentials(revisions), MemoryProviderSettings(revisions)
        self.catalog = MemoryCatalog(revisions)
        self.feed, self.known = Switched(revisions), Known(credentials)
        follow_state = FollowState(self.feed, [self.known], prepare=nothing, tell=lambda _: None)
        self.keys = KeepCredentials(
            credentials=credentials, settings=settings, catalog=self.catalog, follow_state=follow_state
        )
        self.settings = KeepProviderSettings(settings=settings, follow_state=follow_state)

    async def put(self, provider="openai", *, is_active=True):
        return await self.keys.put(provider, key=Secret("sk-1"), is_active=is_active, by="admin")

    async def at(self, provider="openai", api_base=None):
        await self.settings.put(ProviderSettings(id=0, provider=provider, api_base=api_base), by="admin")

    async def status(self, provider="openai"):
        return (await self.keys.one(provider)).status


async def nothing():
    pass


@pytest.fixture
async def kept():
    kept = Kept()
    for provider in (OPENAI, LOCAL):
        await kept.catalog.put_provider(provider, by="startup")
    return kept


async def test_a_key_is_bound_to_where_the_catalogue_has_its_provider(kept):
    entered = await kept.put()
    assert (entered.credential.origin, entered.status) == ("https://api.openai.com:443", ACTIVE)


async def test_a_stored_address_counts_before_the_catalogues(kept):
    await kept.at(api_base="http://proxy.test:8080/v1")
    assert (await kept.put()).credential.origin == "http://proxy.test:8080"


async def test_another_origin_disables_a_key_until_it_is_entered_again(kept):
    await kept.put()
    await kept.at(api_base="https://evil.test/v1")
    assert await kept.status() is OTHER
    await kept.put()
    assert await kept.status() is ACTIVE
    await kept.settings.delete("openai", by="admin")
    assert await kept.status() is OTHER


@pytest.mark.parametrize("address", ["https://API.openai.com/v2", "https://api.openai.com:443", None])
async def test_another_way_of_writing_the_same_origin_changes_nothing(kept, address):
    await kept.put()
    await kept.at(api_base=address)
    assert await kept.status() is ACTIVE


@pytest.mark.parametrize("address", ["http://api.openai.com/v1", "https://api.openai.com:444", "https://openai.com"])
async def test_another_scheme_port_or_host_is_another_origin(kept, address):
    await kept.put()
    await kept.at(api_base=address)
    assert await kept.status() is OTHER


async def test_a_key_of_a_provider_without_an_address_goes_nowhere_when_it_gets_one(kept):
    entered = await kept.put("unheard-of")
    assert (entered.credential.origin, entered.status) == ("", CredentialStatus.NO_PROVIDER)
    await kept.at("unheard-of", "https://x.test")
    assert await kept.status("unheard-of") is OTHER


async def test_the_catalogues_new_address_is_another_origin_too(kept):
    await kept.put()
    await kept.catalog.put_provider(a_provider("openai", base_url="https://evil.test/v1", trusted=False), by="admin")
    assert await kept.status() is OTHER


@pytest.mark.parametrize("settled", ["local", "lmstudio"])
async def test_a_key_under_a_providers_other_name_is_for_the_same_provider(kept, settled):
    assert (await kept.put("local")).credential.origin == "http://localhost:1234"
    await kept.at(settled, "http://gpu.test:8000/v1")
    assert await kept.status("local") is OTHER
    assert (await kept.put("local")).credential.origin == "http://gpu.test:8000"


async def test_a_key_that_is_renamed_is_bound_to_its_new_provider(kept):
    await kept.put("a")
    renamed = await kept.keys.replace("a", provider="openai", key=Secret("sk-2"), is_active=False, by="admin")
    assert renamed.credential.origin == "https://api.openai.com:443"
    assert renamed.status is CredentialStatus.INACTIVE
    with pytest.raises(NotStored, match="API key not found"):
        await kept.keys.one("a")


async def test_a_change_is_known_here_when_it_is_answered(kept):
    await kept.put("a")
    assert kept.known.providers == ["a"]
    await kept.keys.replace("a", provider="b", key=Secret("sk-2"), is_active=True, by="admin")
    assert kept.known.providers == ["b"]
    await kept.keys.delete("b", by="admin")
    assert kept.known.providers == []


async def test_a_change_stands_though_it_cannot_be_read_back_now(kept):
    kept.feed.away = True
    await kept.put("a")
    await kept.at("a", "https://x.test")
    assert [row.credential.provider for row in await kept.keys.all()] == ["a"]
    assert [row.api_base for row in await kept.settings.all()] == ["https://x.test"]


async def test_what_is_not_there_is_said_so(kept):
    for asked in (
        kept.keys.one("x"),
        kept.keys.delete("x", by="admin"),
        kept.keys.replace("x", provider="x", key=Secret("k"), is_active=True, by="admin"),
    ):
        with pytest.raises(NotStored, match="API key not found"):
            await asked
    settings = ProviderSettings(id=0, provider="x")
    for asked in (
        kept.settings.one("x"),
        kept.settings.delete("x", by="admin"),
        kept.settings.replace("x", settings, by="admin"),
    ):
        with pytest.raises(NotStored, match="API key settings not found"):
            await asked


async def test_settings_are_replaced_renamed_and_found_again(kept):
    await kept.at("a", "https://x.test")
    await kept.at("b")
    renamed = await kept.settings.replace("a", ProviderSettings(id=0, provider="c", model="m"), by="admin")
    assert await kept.settings.one("c") == renamed
    with pytest.raises(NameTaken):
        await kept.settings.replace("c", ProviderSettings(id=0, provider="b"), by="admin")
