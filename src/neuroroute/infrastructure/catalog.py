"""The enabled models and who serves them: NeuroRoute's own three, then the catalogue file, then the environment."""

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from hashlib import blake2b
from pathlib import Path
from typing import Final, final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from neuroroute.application.ports import ModelCatalog, Provider, Registered
from neuroroute.domain.access import Secret
from neuroroute.domain.model import Dialect, ModelCard, ModelId, Price, ProviderName, Ranks
from neuroroute.infrastructure.catalog_defaults import DEFAULTS
from neuroroute.infrastructure.catalog_file import (
    CatalogFile,
    CatalogFileError,
    ModelTable,
    ProviderTable,
    read_catalog,
)
from neuroroute.infrastructure.formats import KEY, Malformed

DEFAULT_URLS: Final[Mapping[str, str]] = {provider.name: provider.base_url for provider in DEFAULTS.providers}
DEFAULT_MODELS: Final[Mapping[str, str | None]] = {model.id: model.upstream for model in DEFAULTS.models}
NO_KEY: Final = "Authentication error: Check your API key"
"""The earlier service's words (CONTRACT.md 3)."""


class Override(Struct, frozen=True, kw_only=True):
    """What the environment says of one of the three default providers."""

    api_key: Secret | None = None
    base_url: str | None = None
    model: str | None = None
    """The provider's own name of the default model."""


class ProviderEntry(Struct, frozen=True, kw_only=True):
    """Where models are served, and how to be let in."""

    name: ProviderName
    dialect: Dialect
    base_url: str
    api_key: Secret | None
    local: bool
    """It needs no key."""
    max_connections: int

    @property
    def askable(self) -> bool:
        return self.local or self.api_key is not None


class CatalogEntries(Struct, frozen=True, kw_only=True):
    """Everything that is known, in registry order. Every card's provider is among the providers."""

    providers: tuple[ProviderEntry, ...]
    cards: tuple[ModelCard, ...]


@final
class StaticCatalog(ModelCatalog):
    """A catalogue that does not change while the process runs."""

    def __init__(self, entries: CatalogEntries, providers: Mapping[ProviderName, Provider]) -> None:
        """`providers` are those of `entries`, built."""
        askable = {provider.name for provider in entries.providers if provider.askable}
        self._cards = tuple(card for card in entries.cards if card.provider in askable)
        self._registered = tuple(
            Registered(card, None if card.provider in askable else NO_KEY) for card in entries.cards
        )
        self._providers = providers
        self.version = _version(entries)

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

    `environ` holds the keys that the file names by `api_key_env`.

    Raises:
        CatalogFileError: the file cannot be read, is wrong, or does not fit together.
    """
    added = read_catalog(file) if file else CatalogFile()
    overrides = {"openai": openai, "anthropic": anthropic, "lmstudio": lmstudio}
    problems = [
        *_twice("providers", "name", [provider.name for provider in added.providers]),
        *_twice("models", "id", [model.id for model in added.models]),
    ]
    providers = {provider.name: provider for provider in (*DEFAULTS.providers, *added.providers)}
    models = {model.id: model for model in (*DEFAULTS.models, *added.models)}
    entries = {
        name: _provider(provider, overrides.get(name, Override()), environ, problems)
        for name, provider in providers.items()
    }
    cards = [_card(_renamed(model, overrides), entries, problems) for model in models.values()]
    if problems:
        raise CatalogFileError(file or Path(), tuple(problems))
    return CatalogEntries(providers=tuple(entries.values()), cards=tuple(card for card in cards if card is not None))


def _provider(
    table: ProviderTable, override: Override, environ: Mapping[str, str], problems: list[str]
) -> ProviderEntry:
    at = f"provider {table.name}"
    if table.api_key_env is None and not table.local:
        problems.append(f"{at}: has neither api_key_env nor local = true.")
    return ProviderEntry(
        name=ProviderName(table.name),
        dialect=table.dialect,
        base_url=override.base_url or str(table.base_url),
        api_key=_key(table, override, environ, problems),
        local=table.local,
        max_connections=table.max_connections,
    )


def _key(table: ProviderTable, override: Override, environ: Mapping[str, str], problems: list[str]) -> Secret | None:
    variable = table.api_key_env
    if variable is None:
        return None
    # A file that names another variable for a default provider means that one.
    if any(variable == own.api_key_env and table.name == own.name for own in DEFAULTS.providers):
        return override.api_key
    try:
        text = environ.get(variable, "").strip()
        return KEY.parse(text) if text else None
    except Malformed as wrong:
        problems.append(f"provider {table.name}: {variable} {wrong}. Allowed: {KEY.allowed}.")
        return None


def _renamed(model: ModelTable, overrides: Mapping[str, Override]) -> ModelTable:
    """With the upstream name that the environment gives; the price was that of another model, then."""
    named = overrides[model.id].model if model.id == model.provider and model.id in overrides else None
    return model if named in {None, model.upstream} else replace(model, upstream=named, price=None)


def _card(model: ModelTable, providers: Mapping[str, ProviderEntry], problems: list[str]) -> ModelCard | None:
    provider = providers.get(model.provider)
    if provider is None:
        near = get_close_matches(model.provider, providers, n=1, cutoff=0)
        problems.append(f"model {model.id}: its provider is nowhere. The nearest is {near[0]}.")
        return None
    if model.upstream is None and not (provider.local and provider.dialect is Dialect.OPENAI):
        problems.append(f"model {model.id}: has no upstream; only a local openai provider can do without.")
    price, ranks = model.price, model.ranks
    return ModelCard(
        id=ModelId(model.id),
        name=model.name or model.id,
        provider=provider.name,
        dialect=provider.dialect,
        upstream=model.upstream,
        capabilities=model.capabilities,
        max_tokens=model.max_tokens,
        avg_latency_ms=model.avg_latency_ms,
        price=None if price is None else Price(prompt=int(price.prompt), completion=int(price.completion)),
        ranks=Ranks(speed=ranks.speed, cost=ranks.cost, quality=ranks.quality),
    )


def _twice(tables: str, field: str, names: Sequence[str]) -> Iterable[str]:
    for at, name in enumerate(names):
        if name in names[:at]:
            yield f"{tables}[{at}].{field}: is that of {tables}[{names.index(name)}] too."


def _version(entries: CatalogEntries) -> str:
    """Of all that is served and from where, and which of it can be asked; never of a key."""
    places = [(provider.name, provider.base_url, provider.askable) for provider in entries.providers]
    return blake2b(msgspec.json.encode((entries.cards, places)), digest_size=6).hexdigest()
