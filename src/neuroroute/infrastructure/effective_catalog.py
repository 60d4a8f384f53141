"""What the catalogue comes to: what is stored, what the environment says and what administrators keep, joined.

What wins, lowest first: the catalogue, the environment, the stored keys and settings, `--simulate`. A pure function:
it reads nothing.

Where a key may go:
- A stored key goes to the origin that it was entered for, or to the address that the environment gives instead, which
  is the operator's word. A provider that has another origin now does not get it.
- An environment's key goes to addresses of the operator's own: the catalogue's while trusted, and the environment's. An
  address that came in over HTTP gets it only at one of these origins.
"""

import re
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from neuroroute.domain.access import Secret
from neuroroute.domain.catalog import Catalog, KnownModel, KnownProvider
from neuroroute.domain.credential import CredentialStatus, ProviderCredential, ProviderSettings, origin_of
from neuroroute.domain.model import Dialect, ModelCard, ProviderName
from neuroroute.infrastructure.formats import BASE_URL, KEY, Malformed
from neuroroute.infrastructure.providers.reach import Reach

NO_KEY: Final = "Authentication error: Check your API key"
"""The earlier service's words (CONTRACT.md 3)."""
_VISIBLE: Final = re.compile(r"[!-~](?:[ -~]*[!-~])?")


class Override(Struct, frozen=True, kw_only=True):
    """What the environment says of one of the three default providers."""

    api_key: Secret | None = None
    base_url: str | None = None
    model: str | None = None
    """The provider's own name of the default model."""


class Environment(Struct, frozen=True, kw_only=True):
    """What the environment says of providers. Prints without its variables, of which any may be a secret."""

    overrides: Mapping[str, Override]
    """By provider."""
    own_variables: Mapping[str, str]
    """By provider of `overrides`, the name of the variable that its key is in."""
    variables: Mapping[str, str]
    """Where keys are that the catalogue names by `api_key_env`."""
    forced: bool
    """Whether `overrides` win over what is stored: the providers are simulated."""

    def __repr__(self) -> str:
        return f"Environment(overrides={self.overrides!r}, forced={self.forced!r})"


class ProviderEntry(Struct, frozen=True, kw_only=True):
    """Where models are served, and how to be let in."""

    name: ProviderName
    dialect: Dialect
    base_url: str
    api_key: Secret | None
    local: bool
    """It needs no key."""
    max_connections: int
    organization: str | None = None
    reach: Reach = Reach.ANYWHERE
    obstacle: str | None = None
    """Why it cannot be asked."""

    @property
    def askable(self) -> bool:
        return self.obstacle is None


class CatalogEntries(Struct, frozen=True, kw_only=True):
    """What is enabled, in registry order. Every card's provider is among the providers."""

    providers: tuple[ProviderEntry, ...]
    cards: tuple[ModelCard, ...]

    @property
    def version(self) -> str:
        """Of all that is served and from where, and which of it can be asked; never of a key."""
        places = [(provider.name, provider.base_url, provider.askable) for provider in self.providers]
        return blake2b(msgspec.json.encode((self.cards, places), order="deterministic"), digest_size=6).hexdigest()


def effective_entries(
    catalog: Catalog,
    *,
    credentials: Sequence[ProviderCredential],
    settings: Sequence[ProviderSettings],
    environment: Environment,
) -> CatalogEntries:
    """The enabled models whose provider is known, and those providers."""
    keys = {credential.provider: credential for credential in credentials}
    kept = {one.provider: one for one in settings}
    known = {provider.name: provider for provider in catalog.providers}
    entries, cards = dict[ProviderName, ProviderEntry](), list[ModelCard]()
    for model in catalog.models:
        provider = known.get(model.provider)
        if provider is None or not model.enabled:
            continue
        override = environment.overrides.get(provider.name, Override())
        names = () if environment.forced and provider.name in environment.overrides else catalog.stored_names(provider)
        stored = next((kept[name] for name in names if name in kept), None)
        named = override.model if model.id == provider.name else None
        if provider.name not in entries:
            named = (stored and stored.model) or named
            credential = next((keys[name] for name in names if name in keys), None)
            entries[provider.name] = _entry(provider, override, stored, credential, environment)
        cards.append(_card(_renamed(model, named, provider, catalog), provider))
    order = (provider.name for provider in catalog.providers if provider.name in entries)
    return CatalogEntries(providers=tuple(entries[name] for name in order), cards=tuple(cards))


def _entry(
    provider: KnownProvider,
    override: Override,
    stored: ProviderSettings | None,
    credential: ProviderCredential | None,
    environment: Environment,
) -> ProviderEntry:
    over_http = _address(stored.api_base) if stored else None
    base_url = over_http or override.base_url or provider.base_url
    operators = over_http is None and (override.base_url is not None or provider.trusted)
    key, obstacle = _stored_key(credential, origin_of(over_http or provider.base_url))
    if key is None:
        own = {origin_of(override.base_url or ""), origin_of(provider.base_url) if provider.trusted else ""}
        key, obstacle = _environment_key(
            provider, override, environment, obstacle, may_go=operators or origin_of(base_url) in own
        )
    return ProviderEntry(
        name=provider.name,
        dialect=provider.dialect,
        base_url=base_url,
        api_key=key,
        local=provider.local,
        max_connections=provider.max_connections,
        organization=_header_value(stored.organization) if stored else None,
        reach=Reach.ANYWHERE if operators else (Reach.NEARBY if provider.local else Reach.PUBLIC),
        obstacle=None if key or provider.local else obstacle,
    )


def _stored_key(credential: ProviderCredential | None, origin: str) -> tuple[Secret | None, str]:
    """The key if it may be used at `origin`, or why there is none."""
    match credential and credential.status(origin):
        case CredentialStatus.ACTIVE:
            return _key(credential and credential.key), f"{NO_KEY}: the stored one cannot be sent"
        case CredentialStatus.UNDECRYPTABLE:
            return None, f"{NO_KEY}: the stored one cannot be decrypted"
        case CredentialStatus.OTHER_ORIGIN:
            return None, f"{NO_KEY}: the stored one is for another address; enter it again"
        case _:
            return None, NO_KEY


def _environment_key(
    provider: KnownProvider, override: Override, environment: Environment, obstacle: str, *, may_go: bool
) -> tuple[Secret | None, str]:
    variable = provider.api_key_env
    # A catalogue that names another variable for a default provider means that one.
    if environment.own_variables.get(provider.name) == variable or (environment.forced and override.api_key):
        text = override.api_key.reveal() if override.api_key else ""
    else:
        text = environment.variables.get(variable or "", "").strip()
    if not text:
        return None, obstacle
    if not may_go:
        return None, f"{NO_KEY}: the environment's is not sent to an address set over HTTP; enter it by POST /api-keys/"
    try:
        return KEY.parse(text), obstacle
    except Malformed as wrong:
        return None, f"{NO_KEY}: {variable} {wrong}"


def _key(key: Secret | None) -> Secret | None:
    """Only what a header can carry."""
    try:
        return KEY.parse(key.reveal()) if key else None
    except Malformed:
        return None


def _address(text: str | None) -> str | None:
    """What does not look like one, stored by an earlier version or another service, is as if it were not there."""
    try:
        return BASE_URL.parse(text) if text else None
    except Malformed:
        return None


def _header_value(text: str | None) -> str | None:
    return text if text and _VISIBLE.fullmatch(text) else None


def _renamed(model: KnownModel, named: str | None, provider: KnownProvider, catalog: Catalog) -> KnownModel:
    """With another upstream name. Price, window and abilities were another model's: those of this one if it is known,
    else none.

    A local provider's price is that of the machine, whichever model it has loaded.
    """
    if named in {None, model.upstream}:
        return model
    same = next((one for one in catalog.models if (one.provider, one.upstream) == (model.provider, named)), None)
    price = model.price if provider.local and same is None else (same and same.price)
    return replace(
        model,
        upstream=named,
        price=price,
        context_window=same and same.context_window,
        abilities=same.abilities if same else frozenset(),
        embedding_space=same and same.embedding_space,
    )


def _card(model: KnownModel, provider: KnownProvider) -> ModelCard:
    return ModelCard(
        id=model.id,
        name=model.name,
        provider=provider.name,
        dialect=provider.dialect,
        upstream=model.upstream,
        capabilities=model.capabilities,
        max_tokens=model.max_tokens,
        avg_latency_ms=model.avg_latency_ms,
        price=model.price,
        ranks=model.ranks,
        context_window=model.context_window,
        abilities=model.abilities,
        embedding_space=model.embedding_space,
    )
