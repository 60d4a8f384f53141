"""A catalogue that does not change while the process runs."""

from collections.abc import Mapping, Sequence
from typing import final

from neuroroute.application.ports import ModelCatalog, Provider, Registered
from neuroroute.domain.model import ModelCard, ProviderName
from neuroroute.infrastructure.effective_catalog import CatalogEntries


@final
class StaticCatalog(ModelCatalog):
    """What is given, as it is given: a snapshot."""

    def __init__(self, entries: CatalogEntries, providers: Mapping[ProviderName, Provider]) -> None:
        """`providers` are those of `entries`, built."""
        self.entries = entries
        obstacles = {provider.name: provider.obstacle for provider in entries.providers}
        self._cards = tuple(card for card in entries.cards if obstacles[card.provider] is None)
        self._registered = tuple(Registered(card, obstacles[card.provider]) for card in entries.cards)
        self._providers = providers
        self.version = entries.version

    def cards(self) -> Sequence[ModelCard]:
        return self._cards

    def registered(self) -> Sequence[Registered]:
        return self._registered

    def providers(self) -> Mapping[ProviderName, Provider]:
        return self._providers
