"""The catalogue as it is kept: the providers and models that are known."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final

from msgspec import Struct

from neuroroute.domain.model import Ability, Dialect, ModelId, Price, ProviderName, Ranks

_ALIASES: Final[Mapping[str, str]] = {"lmstudio": "local"}
"""By provider, the other name under which `/api-keys/` knows it: that of its model in the earlier service."""


class KnownProvider(Struct, frozen=True, kw_only=True):
    """Somewhere that serves models."""

    name: ProviderName
    dialect: Dialect
    base_url: str
    api_key_env: str | None
    """The name of the variable that holds its key."""
    local: bool
    """It needs no key, and may be on this machine or in a private network."""
    max_connections: int
    trusted: bool
    """Whether the address is the operator's own word (seed, file, command) and not one that came in over HTTP."""


class KnownModel(Struct, frozen=True, kw_only=True):
    """A model, as its maker states it. The fields are those of `ModelCard`."""

    id: ModelId
    name: str
    provider: ProviderName
    upstream: str | None
    capabilities: tuple[str, ...]
    max_tokens: int
    context_window: int | None
    avg_latency_ms: int
    price: Price | None
    ranks: Ranks
    abilities: frozenset[Ability]
    embedding_space: str | None
    enabled: bool
    """Whether it is routed to. Others are known, for their price and to be enabled."""


class Catalog(Struct, frozen=True):
    """In registry order."""

    providers: tuple[KnownProvider, ...] = ()
    models: tuple[KnownModel, ...] = ()
    unsaid: Mapping[str, tuple[str, ...]] = {}
    """Of a catalogue that somebody wrote: by kind and name (`model openai`) the fields that it does not speak of."""

    def provider(self, name: str) -> KnownProvider | None:
        return next((provider for provider in self.providers if provider.name == name), None)

    def stored_names(self, provider: KnownProvider) -> Sequence[str]:
        """Under which its key and settings may be stored: its own first, then another unless that is a provider too."""
        alias = _ALIASES.get(provider.name)
        return (provider.name,) if alias is None or self.provider(alias) else (provider.name, alias)

    def stored_as(self, name: str) -> KnownProvider | None:
        """The provider that a key stored under `name` is for."""
        return next((provider for provider in self.providers if name in self.stored_names(provider)), None)

    def model(self, model_id: str) -> KnownModel | None:
        return next((model for model in self.models if model.id == model_id), None)


class Kind(StrEnum):
    """What a catalogue holds."""

    PROVIDER = "provider"
    MODEL = "model"
