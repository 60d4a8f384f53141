"""`neuroroute catalog`: what is known, and what a file or a switch changes of it."""

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Final, NoReturn

from msgspec.structs import replace

from neuroroute.commands.stored import stored
from neuroroute.dialects.catalog_tables import dollars
from neuroroute.domain.catalog import Catalog, KnownModel
from neuroroute.domain.catalog_plan import CatalogMisfit, CatalogPlan, plan
from neuroroute.domain.errors import MAX_TOLD, NotStored
from neuroroute.domain.model import Price, Ranks
from neuroroute.infrastructure.catalog_file import read_catalog

_SIGNS: Final = {"added": "+", "changed": "~", "removed": "-"}


async def plan_file(environ: Mapping[str, str], path: Path, *, prune: bool) -> str:
    """What applying the file would do, in words; nothing is changed.

    Raises:
        NeuroRouteError: the file does not hold or does not fit, a setting is wrong, or the database does not answer.
    """
    written = read_catalog(path)
    async with stored(environ) as container:
        try:
            planned = plan(await container.catalog_store().known(), written.catalog, prune=prune)
        except CatalogMisfit as misfit:
            raise written.misfitting(misfit) from None
    return "\n".join([*words_of(planned), _summary(planned, "would be", "would be"), "Nothing was changed."])


async def apply_file(environ: Mapping[str, str], path: Path, *, prune: bool) -> str:
    """What was done, in words.

    Raises:
        NeuroRouteError: as `plan_file`; nothing was changed then.
    """
    written = read_catalog(path)
    async with stored(environ) as container:
        try:
            done = await container.catalog_store().apply(written.catalog, prune=prune, by="cli")
        except CatalogMisfit as misfit:
            raise written.misfitting(misfit) from None
    return "\n".join([*words_of(done), _summary(done, "was", "were")])


async def list_catalog(environ: Mapping[str, str], *, everything: bool) -> str:
    """The models in registry order, a line each: id, provider, upstream name, price and what they can do.

    Raises:
        NeuroRouteError: a setting is wrong, or the database does not answer.
    """
    async with stored(environ) as container:
        known = await container.catalog_store().known()
    return "\n".join(_line(model) for model in known.models if model.enabled or everything)


async def switch_models(environ: Mapping[str, str], ids: Sequence[str], *, enabled: bool) -> str:
    """Enable or disable what is known, all or none of it; what was done, in words.

    Raises:
        NeuroRouteError: one of them is not known, a setting is wrong, or the database does not answer.
    """
    async with stored(environ) as container:
        store = container.catalog_store()
        known = await store.known()
        models = [known.model(one) or _unknown(one, known) for one in ids]
        wanted = Catalog(models=tuple(replace(model, enabled=enabled) for model in models))
        done = await store.apply(wanted, prune=False, by="cli")
    return "\n".join([*words_of(done), _summary(done, "was", "were")])


def words_of(planned: CatalogPlan) -> Iterable[str]:
    """A line for each entry that comes, changes or goes, and one for each field that changes."""
    for change in planned.changes:
        yield f"{_SIGNS[change.word]} {change.kind} {change.name}"
        for field in change.fields:
            yield f"    {field.field}: {_value(field.before)} -> {_value(field.after)}"


def _summary(planned: CatalogPlan, one: str, several: str) -> str:
    if not planned.changes:
        return "The catalogue is so already."
    counts = [(word, sum(change.word == word for change in planned.changes)) for word in _SIGNS]
    number = len(planned.changes)
    entries = f"1 entry {one}" if number == 1 else f"{number} entries {several}"
    return f"{entries} changed: {', '.join(f'{count} {word}' for word, count in counts)}."


def _line(model: KnownModel) -> str:
    state = "" if model.enabled else "  (not enabled)"
    price = _value(model.price) if model.price else "unpriced"
    able = f"  embeddings: {model.embedding_space}" if model.embedding_space else ""
    if model.abilities:
        able = f"  {_value(model.abilities)}"
    return f"{model.id:<32} {model.provider:<12} {model.upstream or '-':<28} {price}{able}{state}"


def _unknown(said: str, known: Catalog) -> NoReturn:
    near = get_close_matches(said, [model.id for model in known.models], n=1, cutoff=0)
    raise NotStored(f"There is no model {said[:MAX_TOLD]}. The nearest is {near[0] if near else 'nothing yet'}")


def _value(value: object) -> str:
    match value:
        case None:
            return "none"
        case bool():
            return "true" if value else "false"
        case Price():
            parts = [("prompt", value.prompt), ("completion", value.completion), ("cached", value.cached),
                     ("cache_write", value.cache_write)]  # fmt: skip
            return "{ " + ", ".join(f"{name} = {dollars(price)}" for name, price in parts if price is not None) + " }"
        case Ranks():
            return f"{{ speed = {value.speed}, cost = {value.cost}, quality = {value.quality} }}"
        case tuple() | frozenset():
            words = list(map(str, value))  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType] - of words
            return f"[{', '.join(words if isinstance(value, tuple) else sorted(words))}]"
        case _:
            return str(value)
