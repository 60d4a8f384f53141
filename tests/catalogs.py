"""Entries of catalogues, plain where a test does not care."""

from msgspec.structs import replace

from neuroroute.domain.catalog import Catalog, KnownModel, KnownProvider
from neuroroute.domain.model import Dialect, ModelId, Price, ProviderName, Ranks
from neuroroute.infrastructure.catalog_defaults import DEFAULTS, OWN_VARIABLES
from neuroroute.infrastructure.effective_catalog import CatalogEntries, Environment, Override, effective_entries

PRICE = Price(prompt=2_500_000_000, completion=10_000_000_000, cached=1_250_000_000, cache_write=3_000_000_000)


def a_provider(name: str = "acme", /, **fields) -> KnownProvider:
    plain = KnownProvider(
        name=ProviderName(name),
        dialect=Dialect.OPENAI,
        base_url=f"https://{name}.example/v1",
        api_key_env=None,
        local=False,
        max_connections=10,
        trusted=True,
    )
    return replace(plain, **fields)


def a_model(name: str = "m", provider: str = "acme", /, **fields) -> KnownModel:
    plain = KnownModel(
        id=ModelId(name),
        name=f"The {name}",
        provider=ProviderName(provider),
        upstream=f"{name}-2026",
        capabilities=("basic_chat", "math"),
        max_tokens=4096,
        context_window=128_000,
        avg_latency_ms=700,
        price=PRICE,
        ranks=Ranks(speed=1, cost=2, quality=3),
        abilities=frozenset(),
        embedding_space=None,
        enabled=True,
    )
    return replace(plain, **fields)


def a_catalog(*entries: KnownProvider | KnownModel) -> Catalog:
    return Catalog(
        tuple(entry for entry in entries if isinstance(entry, KnownProvider)),
        tuple(entry for entry in entries if isinstance(entry, KnownModel)),
    )


def default_entries(catalog: Catalog = DEFAULTS, *, environ=None, **overrides: Override) -> CatalogEntries:
    """What `catalog` comes to where nothing is stored and the environment says this."""
    return effective_entries(
        catalog,
        credentials=(),
        settings=(),
        environment=Environment(
            overrides=overrides, own_variables=OWN_VARIABLES, variables=environ or {}, forced=False
        ),
    )
