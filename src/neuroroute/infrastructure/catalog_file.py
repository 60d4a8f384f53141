"""The catalogue file (`NEUROROUTE_CATALOG`, `neuroroute catalog apply`): providers and models in TOML, or as JSON."""

import json
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from hashlib import blake2b
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct

from neuroroute.dialects.catalog_tables import ModelTable, ProviderTable, read_table, table_schema
from neuroroute.domain.catalog import Catalog, Kind
from neuroroute.domain.catalog_plan import CatalogMisfit
from neuroroute.domain.errors import NeuroRouteError
from neuroroute.infrastructure.catalog_lines import line_of
from neuroroute.infrastructure.formats import BASE_URL

S = TypeVar("S", ProviderTable, ModelTable)


class CatalogFileError(NeuroRouteError):
    """The catalogue file does not hold. Its text names each place, what is wrong and what is allowed; no value."""

    def __init__(self, path: Path, problems: tuple[str, ...]) -> None:
        super().__init__("\n  ".join((f"The catalogue {path} does not hold; nothing was changed:", *problems)))
        self.problems = problems


class CatalogFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Providers and models that are added to those that are known, or take the place of one of the same name."""

    providers: tuple[ProviderTable, ...] = ()
    models: tuple[ModelTable, ...] = ()


class Written(Struct, frozen=True, kw_only=True):
    """A catalogue, and the file that it is from."""

    path: Path
    text: str
    catalog: Catalog

    @property
    def digest(self) -> str:
        """Of what it says, however it is written."""
        return blake2b(msgspec.json.encode(self.catalog, order="deterministic"), digest_size=16).hexdigest()

    def misfitting(self, misfit: CatalogMisfit) -> CatalogFileError:
        """The same, told by line and field as far as it is of this file's making."""
        return CatalogFileError(self.path, tuple(self._told(misfit)))

    def _told(self, misfit: CatalogMisfit) -> Iterable[str]:
        names: Mapping[Kind, Sequence[str]] = {
            Kind.PROVIDER: [str(provider.name) for provider in self.catalog.providers],
            Kind.MODEL: [str(model.id) for model in self.catalog.models],
        }
        for one in misfit.misfits:
            problem = f"{one.kind} {one.name}: {one.problem}."
            if one.name in names[one.kind]:
                yield _place(self.text, f"{one.kind}s", names[one.kind].index(one.name), one.field) + problem
            else:
                yield problem


def read_catalog(path: Path) -> Written:
    """What the file says. Whether it fits to what is known is asked when it is applied.

    Raises:
        CatalogFileError: with everything that is wrong, or the line of the first error of TOML.
    """
    try:
        text = path.read_text("utf-8-sig")
        tables = _tables(text, path)
    except OSError as exc:
        raise CatalogFileError(path, (f"it cannot be read ({exc.strerror}).",)) from None
    except UnicodeDecodeError:
        raise CatalogFileError(path, ("it is not UTF-8 text.",)) from None
    except (ValueError, ArithmeticError, RecursionError) as exc:  # beside its own, those of numbers too long to hold
        kind = "JSON" if path.suffix == ".json" else "TOML"
        place = re.search(r"at (?:line \d+, column \d+|end of document)|line \d+ column \d+", str(exc))
        raise CatalogFileError(path, (f"it is not {kind}{f' {place[0]}' if place else ''}.",)) from None
    problems = [
        f"{name}: is nothing this file holds. Allowed: [[providers]] and [[models]]."
        for name in tables
        if name not in CatalogFile.__struct_fields__
    ]
    providers, unsaid_of_providers = _each(tables.get("providers", []), ProviderTable, "providers", text, problems)
    models, unsaid_of_models = _each(tables.get("models", []), ModelTable, "models", text, problems)
    if not problems:
        problems += _twice("providers", "name", [table.name for table in providers], text)
        problems += _twice("models", "id", [table.id for table in models], text)
    if problems:
        raise CatalogFileError(path, tuple(problems))
    catalog = Catalog(
        tuple(table.known(trusted=True) for table in providers),
        tuple(table.known() for table in models),
        {f"{Kind.PROVIDER} {table.name}": unsaid for table, unsaid in zip(providers, unsaid_of_providers, strict=True)}
        | {f"{Kind.MODEL} {table.id}": unsaid for table, unsaid in zip(models, unsaid_of_models, strict=True)},
    )
    return Written(path=path, text=text, catalog=catalog)


def catalog_schema() -> str:
    """The JSON Schema of the file, for editors."""
    schema = msgspec.json.schema(CatalogFile, schema_hook=table_schema)
    return msgspec.json.format(msgspec.json.encode(schema), indent=2).decode() + "\n"


def _tables(text: str, path: Path) -> dict[str, object]:
    if path.suffix != ".json":
        return tomllib.loads(text, parse_float=Decimal)
    read: Callable[..., object] = json.loads
    return msgspec.convert(read(text, parse_float=Decimal), dict[str, object])


def _each(
    written: object, kind: type[S], at: str, text: str, problems: list[str]
) -> tuple[Sequence[S], Sequence[tuple[str, ...]]]:
    """The tables that hold, and of each the fields that it leaves out; who is named is enabled unless it says no."""
    try:
        tables = msgspec.convert(written, list[dict[str, object]])
    except msgspec.ValidationError:
        problems.append(f"{at}: is not a list of tables. Allowed: each begins with a line [[{at}]].")
        return (), ()
    found, unsaid = list[S](), list[tuple[str, ...]]()
    for index, table in enumerate(tables):
        match read_table(table, kind, BASE_URL.parse):
            case tuple() as faults:
                problems += [f"{_place(text, at, index, fault.field)}{fault.problem}" for fault in faults]
            case read:
                found.append(read)
                unsaid.append(tuple(sorted({*kind.__struct_fields__} - table.keys() - {"enabled"})))
    return found, unsaid


def _place(text: str, tables: str, index: int, field: str) -> str:
    line = line_of(text, tables, index, field)
    return f"{f'line {line}, ' if line else ''}{tables}[{index}].{field}: "


def _twice(tables: str, field: str, names: Sequence[str], text: str) -> Iterable[str]:
    for at, name in enumerate(names):
        if name in names[:at]:
            yield f"{_place(text, tables, at, field)}is that of {tables}[{names.index(name)}] too."


if __name__ == "__main__":
    print(catalog_schema(), end="")  # noqa: T201 -- `python -m … > docs/catalog.schema.json`
