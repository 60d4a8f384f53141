"""A catalogue that does not change while the process runs."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import final

from neuroroute.application.ports import ModelCatalog, Provider, Registered
from neuroroute.domain.catalog import Catalog, CatalogMisfit, plan
from neuroroute.domain.model import ModelCard, ProviderName
from neuroroute.infrastructure.catalog_defaults import DEFAULT_MODELS, DEFAULT_URLS, DEFAULTS, OWN_VARIABLES
from neuroroute.infrastructure.catalog_file import read_catalog
from neuroroute.infrastructure.effective_catalog import (
    NO_KEY,
    CatalogEntries,
    Environment,
    Override,
    ProviderEntry,
    effective_entries,
)

__all__ = [
    "DEFAULT_MODELS", "DEFAULT_URLS", "NO_KEY", "CatalogEntries", "Override", "ProviderEntry", "StaticCatalog",
    "catalog_entries",
]  # fmt: skip


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


def catalog_entries(
    file: Path | None, *, environ: Mapping[str, str], openai: Override, anthropic: Override, lmstudio: Override
) -> CatalogEntries:
    """The defaults, with what `file` adds or replaces by name, with what the environment says of the defaults.

    Raises:
        CatalogFileError: the file cannot be read, is wrong, or does not fit together.
    """
    written = read_catalog(file) if file else None
    try:
        known = plan(DEFAULTS, written.catalog if written else Catalog(), prune=False).result
    except CatalogMisfit as misfit:
        raise (written.misfitting(misfit) if written else misfit) from None
    return effective_entries(
        known,
        credentials=(),
        settings=(),
        environment=Environment(
            overrides={"openai": openai, "anthropic": anthropic, "lmstudio": lmstudio},
            own_variables=OWN_VARIABLES,
            variables=environ,
            forced=False,
        ),
    )
