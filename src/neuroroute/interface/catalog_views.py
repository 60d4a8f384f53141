"""The catalogue as `/admin/providers` and `/admin/models` show it: in the words of its file."""

from msgspec import Struct

from neuroroute.dialects.catalog_tables import dollars
from neuroroute.domain.catalog import KnownModel, KnownProvider
from neuroroute.domain.model import Ability, Dialect, Price


class CatalogProvider(Struct, frozen=True, kw_only=True):
    """A provider that is known."""

    name: str
    dialect: Dialect
    base_url: str
    api_key_env: str | None
    """The name of the variable that its key may be in."""
    local: bool
    max_connections: int
    trusted: bool
    """Whether the address is the operator's own word, and not one that came in over HTTP."""


class CatalogProviders(Struct, frozen=True, kw_only=True):
    """All that are known, in registry order."""

    catalog_version: str
    """Of what this instance serves."""
    providers: list[CatalogProvider]
    count: int


class CatalogPrice(Struct, frozen=True, kw_only=True):
    """US dollars per million tokens, in decimals."""

    prompt: str
    completion: str
    cached: str | None = None
    """For tokens that the provider's cache spares; null: as any other."""
    cache_write: str | None = None
    """For tokens that it keeps; null: as any other."""


class CatalogRanks(Struct, frozen=True, kw_only=True):
    """The model's place under each priority, 1 (best) to 3."""

    speed: int = 2
    cost: int = 2
    quality: int = 2


class CatalogModel(Struct, frozen=True, kw_only=True):
    """A model that is known."""

    id: str
    name: str
    provider: str
    upstream: str | None
    capabilities: tuple[str, ...]
    max_tokens: int
    context_window: int | None
    avg_latency_ms: int
    price: CatalogPrice | None
    ranks: CatalogRanks
    abilities: tuple[Ability, ...]
    """What it takes or gives."""
    embedding_space: str | None
    """Of a model that makes embeddings: shared by those whose embeddings are the same."""
    enabled: bool


class CatalogModels(Struct, frozen=True, kw_only=True):
    """Those that were asked for, in registry order."""

    catalog_version: str
    """Of what this instance serves."""
    models: list[CatalogModel]
    count: int


def provider_view(provider: KnownProvider) -> CatalogProvider:
    """As it is shown."""
    return CatalogProvider(
        name=provider.name,
        dialect=provider.dialect,
        base_url=provider.base_url,
        api_key_env=provider.api_key_env,
        local=provider.local,
        max_connections=provider.max_connections,
        trusted=provider.trusted,
    )


def model_view(model: KnownModel) -> CatalogModel:
    """As it is shown; a body of the same can be put back."""
    return CatalogModel(
        id=model.id,
        name=model.name,
        provider=model.provider,
        upstream=model.upstream,
        capabilities=model.capabilities,
        max_tokens=model.max_tokens,
        context_window=model.context_window,
        avg_latency_ms=model.avg_latency_ms,
        price=None if model.price is None else _price_view(model.price),
        ranks=CatalogRanks(speed=model.ranks.speed, cost=model.ranks.cost, quality=model.ranks.quality),
        abilities=tuple(sorted(model.abilities)),
        embedding_space=model.embedding_space,
        enabled=model.enabled,
    )


def _price_view(price: Price) -> CatalogPrice:
    return CatalogPrice(
        prompt=dollars(price.prompt),
        completion=dollars(price.completion),
        cached=None if price.cached is None else dollars(price.cached),
        cache_write=None if price.cache_write is None else dollars(price.cache_write),
    )
