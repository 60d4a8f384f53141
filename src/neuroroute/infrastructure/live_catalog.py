"""The catalogue that this process routes by: a snapshot of what is stored, put in place whole whenever that changes."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, final

from msgspec.structs import replace

from neuroroute.application.follow_state import Held
from neuroroute.application.ports import HealthBoard, ModelCatalog, Provider, Registered
from neuroroute.application.stores import CatalogStore, CredentialStore, ProviderSettingsStore, Topic
from neuroroute.domain.health import ModelHealth
from neuroroute.domain.model import ModelCard, ModelId, ProviderName
from neuroroute.infrastructure.catalog import StaticCatalog
from neuroroute.infrastructure.effective_catalog import CatalogEntries, Environment, effective_entries
from neuroroute.infrastructure.providers.pools import ProviderPools

_NOTHING: Final = StaticCatalog(CatalogEntries(providers=(), cards=()), {})


@final
class LiveCatalog(ModelCatalog, Held):
    """Empty until it is loaded. Reading it never waits, and whoever has begun with a snapshot ends with it."""

    topics = frozenset({Topic.CATALOG, Topic.CREDENTIALS})

    def __init__(
        self,
        *,
        catalog: CatalogStore,
        credentials: CredentialStore,
        settings: ProviderSettingsStore,
        environment: Environment,
        pools: ProviderPools,
        health: HealthBoard,
    ) -> None:
        """Does no I/O."""
        self._catalog = catalog
        self._credentials = credentials
        self._settings = settings
        self._environment = environment
        self._pools = pools
        self._health = health
        self._now = _NOTHING
        self.version = _NOTHING.version

    async def load(self) -> None:
        # Of three moments: what was changed in between is seen by the next look, and each key says where it may go.
        settings, credentials = await self._settings.all(), await self._credentials.all()
        entries = effective_entries(
            await self._catalog.known(), credentials=credentials, settings=settings, environment=self._environment
        )
        was = self._now.entries
        if entries == was:
            return
        self._now = StaticCatalog(entries, self._pools.serve(entries.providers))
        self.version = self._now.version
        self._forget(was, entries)

    @property
    def entries(self) -> CatalogEntries:
        """What is enabled, with addresses and keys."""
        return self._now.entries

    def cards(self) -> Sequence[ModelCard]:
        return self._now.cards()

    def registered(self) -> Sequence[Registered]:
        return self._now.registered()

    def providers(self) -> Mapping[ProviderName, Provider]:
        return self._now.providers()

    def connections(self) -> Iterable[tuple[str, str, int]]:
        """Provider, state and number, for the metrics."""
        return self._pools.connections()

    async def close(self) -> None:
        """Let go of every connection."""
        await self._pools.close()

    def _forget(self, was: CatalogEntries, now: CatalogEntries) -> None:
        """What was seen of a model at another address, or with another key, says nothing of it any more."""
        before, after = _ways(was), _ways(now)
        for model in before.keys() & after.keys():
            if before[model] != after[model]:
                self._health.show(model, ModelHealth(tally=self._health.of(model).tally))


def _ways(entries: CatalogEntries) -> Mapping[ModelId, object]:
    """How each model is asked."""
    providers = {provider.name: replace(provider, max_connections=0) for provider in entries.providers}
    return {card.id: (providers[card.provider], card.upstream) for card in entries.cards}
