"""What a change of the catalogue does: a pure plan, made before anything is written."""

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from neuroroute.domain.catalog import Catalog, Kind, KnownModel, KnownProvider
from neuroroute.domain.credential import origin_of
from neuroroute.domain.errors import NameTaken, NeuroRouteError, NotStored
from neuroroute.domain.model import Dialect

E = TypeVar("E", KnownProvider, KnownModel)


class FieldChange(Struct, frozen=True):
    """One field that becomes another."""

    field: str
    before: object
    after: object


class Change(Struct, frozen=True, kw_only=True):
    """One entry that is added, changed or removed."""

    kind: Kind
    name: str
    before: KnownProvider | KnownModel | None
    after: KnownProvider | KnownModel | None

    @property
    def word(self) -> str:
        """`added`, `changed` or `removed`."""
        if self.before is None:
            return "added"
        return "removed" if self.after is None else "changed"

    @property
    def fields(self) -> Sequence[FieldChange]:
        """What differs, of an entry that stays."""
        if self.before is None or self.after is None:
            return ()
        was, becomes = msgspec.structs.asdict(self.before), msgspec.structs.asdict(self.after)
        return tuple(FieldChange(field, was[field], becomes[field]) for field in was if was[field] != becomes[field])


class CatalogPlan(Struct, frozen=True):
    """What a change of the catalogue does, entry by entry and in registry order, and what it is then."""

    changes: tuple[Change, ...]
    result: Catalog


class Misfit(Struct, frozen=True, kw_only=True):
    """Something that does not fit the rest."""

    kind: Kind
    name: str
    field: str
    problem: str


class CatalogMisfit(NeuroRouteError):
    """The catalogue would not fit together; nothing was changed."""

    def __init__(self, misfits: Sequence[Misfit]) -> None:
        super().__init__("\n".join(f"{misfit.kind} {misfit.name}: {misfit.problem}" for misfit in misfits))
        self.misfits = tuple(misfits)


class ProviderInUse(NameTaken):
    """A provider has models, which would have nobody to serve them."""

    def __init__(self, name: str, models: Sequence[str]) -> None:
        told = ", ".join(models[:5]) + (f" and {len(models) - 5} more" if len(models) > 5 else "")
        super().__init__(f"Provider {name} serves {told}: delete them first, or give them another provider")


class AddressRefused(NeuroRouteError):
    """Over HTTP, an environment's key would follow its provider to another address, or be named anew."""

    def __init__(self) -> None:
        super().__init__(
            "api_key_env is the operator's word: over HTTP it can neither be set nor go with a provider to another "
            "address. Leave it out and enter a key by POST /api-keys/, or use `neuroroute catalog apply`"
        )


def plan(current: Catalog, wanted: Catalog, *, prune: bool) -> CatalogPlan:
    """Adds and changes what `wanted` names. What stays keeps its place, what is new comes after it.

    What `wanted` does not say of an entry that is known stays as it is: to enable a model is not to forget its price.
    An entry at another provider or address, or with another upstream, is another one, of which nothing stays.

    Pruning takes the written word alone: it keeps nothing that is not said. It also removes the enabled models that
    `wanted` does not name, and the providers that it does not name and that lose their last model by it. Models that
    are known and not enabled stay: nothing is routed to them.

    Raises:
        CatalogMisfit: the result would not fit together.
    """
    named = {model.id for model in wanted.models}
    kept = tuple(model for model in current.models if not prune or model.id in named or not model.enabled)
    unsaid = dict[str, tuple[str, ...]]() if prune else wanted.unsaid
    models = _merged(Kind.MODEL, kept, wanted.models, unsaid)
    lost = {model.provider for model in current.models} - {model.provider for model in models}
    left = tuple(provider for provider in current.providers if provider.name not in lost)
    providers = _merged(Kind.PROVIDER, left if prune else current.providers, wanted.providers, unsaid)
    return _planned(current, Catalog(providers, models))


def put_provider(current: Catalog, provider: KnownProvider) -> CatalogPlan:
    """As it comes in over HTTP: the address stays trusted while it is at the origin that was.

    Raises:
        AddressRefused: `api_key_env` is another than it was, or the origin is and it stays.
        CatalogMisfit: a model of it could not be asked.
    """
    was = current.provider(provider.name)
    same = was is not None and origin_of(was.base_url) == origin_of(provider.base_url)
    if provider.api_key_env is not None and not (same and was and was.api_key_env == provider.api_key_env):
        raise AddressRefused
    told = replace(provider, trusted=bool(same and was and was.trusted))
    return plan(current, Catalog(providers=(told,)), prune=False)


def put_model(current: Catalog, model: KnownModel) -> CatalogPlan:
    """Raises: CatalogMisfit."""
    return plan(current, Catalog(models=(model,)), prune=False)


def delete_provider(current: Catalog, name: str) -> CatalogPlan:
    """Raises: NotStored; ProviderInUse, while it has models."""
    if current.provider(name) is None:
        raise NotStored("Provider not found")
    if served := [model.id for model in current.models if model.provider == name]:
        raise ProviderInUse(name, served)
    providers = tuple(provider for provider in current.providers if provider.name != name)
    return _planned(current, Catalog(providers, current.models))


def delete_model(current: Catalog, model_id: str) -> CatalogPlan:
    """Raises: NotStored."""
    if current.model(model_id) is None:
        raise NotStored("Model not found")
    return _planned(
        current, Catalog(current.providers, tuple(model for model in current.models if model.id != model_id))
    )


def misfits(catalog: Catalog) -> Iterable[Misfit]:
    """What does not fit together, in registry order."""
    providers = {provider.name: provider for provider in catalog.providers}
    for model in catalog.models:
        provider = providers.get(model.provider)
        if provider is None:
            near = get_close_matches(model.provider, providers, n=1, cutoff=0)
            problem = f"its provider is nowhere. The nearest is {near[0]}" if near else "there is no provider yet"
            yield Misfit(kind=Kind.MODEL, name=model.id, field="provider", problem=problem)
        elif model.upstream is None and not (provider.local and provider.dialect is Dialect.OPENAI):
            problem = "has no upstream; only a local openai provider can do without"
            yield Misfit(kind=Kind.MODEL, name=model.id, field="upstream", problem=problem)


def _merged(
    kind: Kind, current: tuple[E, ...], wanted: tuple[E, ...], unsaid: Mapping[str, tuple[str, ...]]
) -> tuple[E, ...]:
    merged = {**_by_name(current)}
    for name, entry in _by_name(wanted).items():
        was, left_out = merged.get(name), unsaid.get(f"{kind} {name}", ())
        stays = left_out if was and _is_same(was, entry, left_out) else ()
        merged[name] = replace(entry, **{field: getattr(was, field) for field in stays})
    return tuple(merged.values())


def _is_same(was: KnownProvider | KnownModel, entry: KnownProvider | KnownModel, left_out: tuple[str, ...]) -> bool:
    match was, entry:
        case KnownModel(), KnownModel():
            return was.provider == entry.provider and ("upstream" in left_out or was.upstream == entry.upstream)
        case KnownProvider(), KnownProvider():
            return origin_of(was.base_url) == origin_of(entry.base_url)
        case _:
            return False


def _by_name(entries: tuple[E, ...]) -> Mapping[str, E]:
    return {_name(entry): entry for entry in entries}


def _name(entry: KnownProvider | KnownModel) -> str:
    return entry.id if isinstance(entry, KnownModel) else entry.name


def _planned(current: Catalog, result: Catalog) -> CatalogPlan:
    if found := tuple(misfits(result)):
        raise CatalogMisfit(found)
    changes = (
        *_changes(Kind.PROVIDER, _by_name(current.providers), _by_name(result.providers)),
        *_changes(Kind.MODEL, _by_name(current.models), _by_name(result.models)),
    )
    return CatalogPlan(tuple(changes), result)


def _changes(kind: Kind, was: Mapping[str, E], becomes: Mapping[str, E]) -> Iterable[Change]:
    for name in {**was, **becomes}:
        before, after = was.get(name), becomes.get(name)
        if before != after:
            yield Change(kind=kind, name=name, before=before, after=after)
