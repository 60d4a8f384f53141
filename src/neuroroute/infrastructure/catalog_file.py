"""The catalogue file (`NEUROROUTE_CATALOG`): providers and models as an operator writes them, in TOML.

The descriptions of the fields are what the report of errors, the JSON Schema and docs/catalog.md say.
No message holds a value of the file, which is no place for keys but may be mistaken for one.
"""

import re
import tomllib
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Final, TypeVar, get_args

import msgspec
from msgspec import Meta, Struct

from neuroroute.domain.errors import NeuroRouteError
from neuroroute.domain.model import Dialect
from neuroroute.infrastructure.formats import BASE_URL, Malformed

S = TypeVar("S", bound=Struct)

_NANO: Final = 10**9
_DEAREST: Final = 1_000_000
_END: Final = r"(?![\s\S])"
"""The very end, in Python's patterns and in JSON Schema's alike; Python's `$` lets a line break follow."""
_WORD: Final = rf"^[a-z][a-z0-9_]*{_END}"
_ID: Final = rf"^(?!auto$)[A-Za-z0-9][A-Za-z0-9._:-]{{0,63}}{_END}"
_VARIABLE: Final = rf"^(?!NEUROROUTE_)[A-Z][A-Z0-9_]*{_END}"


class CatalogFileError(NeuroRouteError):
    """The catalogue file does not hold. Its text names each place, what is wrong and what is allowed; no value."""

    def __init__(self, path: Path, problems: tuple[str, ...]) -> None:
        title = f"The catalogue {path} (NEUROROUTE_CATALOG) does not hold:"
        super().__init__("\n  ".join((title, *problems)))
        self.problems = problems


class BaseUrl(str):
    """An address that `formats.BASE_URL` let through."""

    __slots__ = ()


class Dollars(int):
    """US dollars, written in decimals and held in whole nano-dollars."""

    __slots__ = ()


class PriceTable(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """US dollars per million tokens, as numbers or as decimal text; at most nine decimals, all of which count."""

    prompt: Annotated[Dollars, Meta(description="for a million tokens that the model reads")]
    completion: Annotated[Dollars, Meta(description="for a million tokens that the model writes")]


class RanksTable(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The model's place under each priority: 1 is best, 3 is last."""

    speed: Annotated[int, Meta(ge=1, le=3)] = 2
    cost: Annotated[int, Meta(ge=1, le=3)] = 2
    quality: Annotated[int, Meta(ge=1, le=3)] = 2


class ProviderTable(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somewhere that serves models."""

    name: Annotated[str, Meta(pattern=_ID, description="letters, digits and . _ : -, at most 64")]
    dialect: Annotated[Dialect, Meta(description="openai or anthropic")]
    base_url: Annotated[
        BaseUrl, Meta(description=f"{BASE_URL.allowed}; for openai with its /v1, for anthropic without")
    ]
    api_key_env: Annotated[
        Annotated[str, Meta(pattern=_VARIABLE)] | None,
        Meta(description="the name of the variable that holds the key, in capitals; the key itself is never in here"),
    ] = None
    local: Annotated[bool, Meta(description="true where no key is needed")] = False
    max_connections: Annotated[int, Meta(ge=1, le=10_000, description="1 to 10000, kept and in use together")] = 100


class ModelTable(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A model, as its maker states it."""

    id: Annotated[str, Meta(pattern=_ID, description="letters, digits and . _ : -, at most 64; not auto")]
    name: Annotated[Annotated[str, Meta(min_length=1)] | None, Meta(description="the name shown; left out: the id")] = (
        None
    )
    provider: Annotated[str, Meta(description="the name of a provider")]
    upstream: Annotated[
        Annotated[str, Meta(min_length=1)] | None,
        Meta(description="the provider's own name of the model; a local one without asks for what is loaded"),
    ] = None
    capabilities: Annotated[
        tuple[Annotated[str, Meta(pattern=_WORD)], ...],
        Meta(min_length=1, description="words of lower-case letters, digits and _, as requests ask for them"),
    ] = ("basic_chat",)
    max_tokens: Annotated[int, Meta(ge=1, le=1_000_000_000, description="the most tokens, a whole number from 1")]
    avg_latency_ms: Annotated[
        int, Meta(ge=0, le=3_600_000, description="milliseconds to expect, a whole number; only shown")
    ] = 1000
    price: Annotated[
        PriceTable | None,
        Meta(description="{ prompt = …, completion = … } in US dollars per million tokens; left out: unpriced"),
    ] = None
    ranks: Annotated[
        RanksTable, Meta(description="{ speed = …, cost = …, quality = … }, each 1 (best) to 3; 2 where left out")
    ] = RanksTable()


class CatalogFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Providers and models that are added to NeuroRoute's own, or take the place of one of the same name."""

    providers: tuple[ProviderTable, ...] = ()
    models: tuple[ModelTable, ...] = ()


def read_catalog(path: Path) -> CatalogFile:
    """What the file says, table by table. Whether it fits together is asked in `catalog`.

    Raises:
        CatalogFileError: with everything that is wrong, or the line of the first error of TOML.
    """
    try:
        tables = tomllib.loads(path.read_text("utf-8-sig"), parse_float=Decimal)
    except OSError as exc:
        raise CatalogFileError(path, (f"it cannot be read ({exc.strerror}).",)) from None
    except UnicodeDecodeError:
        raise CatalogFileError(path, ("it is not UTF-8 text.",)) from None
    except (ValueError, ArithmeticError, RecursionError) as exc:  # beside its own, those of numbers too long to hold
        place = re.search(r"at (?:line \d+, column \d+|end of document)", str(exc))
        raise CatalogFileError(path, (f"it is not TOML{f' {place[0]}' if place else ''}.",)) from None
    problems = [
        f"{name}: is nothing this file holds. Allowed: [[providers]] and [[models]]."
        for name in tables
        if name not in CatalogFile.__struct_fields__
    ]
    providers = _each(tables.get("providers", []), ProviderTable, "providers", problems)
    models = _each(tables.get("models", []), ModelTable, "models", problems)
    if problems:
        raise CatalogFileError(path, tuple(problems))
    return CatalogFile(providers=providers, models=models)


def catalog_schema() -> str:
    """The JSON Schema of the file, for editors."""
    schema = msgspec.json.schema(CatalogFile, schema_hook=_schema)
    return msgspec.json.format(msgspec.json.encode(schema), indent=2).decode() + "\n"


def _each(written: object, kind: type[S], at: str, problems: list[str]) -> tuple[S, ...]:
    try:
        tables = msgspec.convert(written, list[dict[str, object]])
    except msgspec.ValidationError:
        problems.append(f"{at}: is not a list of tables. Allowed: each begins with a line [[{at}]].")
        return ()
    found = (_one(table, kind, f"{at}[{index}]", problems) for index, table in enumerate(tables))
    return tuple(table for table in found if table is not None)


def _one(table: dict[str, object], kind: type[S], at: str, problems: list[str]) -> S | None:
    before = len(problems)
    fields = {field.name: field for field in msgspec.structs.fields(kind)}
    for name in table:
        if name not in fields:
            near = get_close_matches(name, fields, n=1, cutoff=0)
            problems.append(f"{at}.{name}: is no field of it. The nearest is {near[0]}.")
    for name, field in fields.items():
        missing = ("", "is missing") if field.required else None
        if wrong := _wrong(table[name], field.type) if name in table else missing:
            problems.append(f"{at}.{name}{wrong[0]}: {wrong[1]}. Allowed: {_description(field.type)}.")
    return msgspec.convert(table, kind, dec_hook=_decode) if len(problems) == before else None


def _wrong(value: object, kind: object) -> tuple[str, str] | None:
    """Where inside the value, and what."""
    try:
        msgspec.convert(value, kind, dec_hook=_decode)
    except msgspec.ValidationError as exc:
        what, _, where = str(exc).partition(" - at `$")
        if what.startswith("Invalid enum value"):  # it would go on with the value
            what = "is none of the choices"
        if " matching regex " in what:
            what = "is not written as it must be"
        return where.removesuffix("`"), what
    return None


def _description(kind: object) -> str:
    return next((meta.description or "" for meta in get_args(kind) if isinstance(meta, Meta)), "")


def _decode(kind: type, value: object) -> object:
    if kind is BaseUrl and isinstance(value, str):
        return BaseUrl(BASE_URL.parse(value))
    if kind is Dollars and isinstance(value, int | str | Decimal) and not isinstance(value, bool):
        return _dollars(value)
    raise Malformed("is not text" if kind is BaseUrl else "is not a number")


def _dollars(value: int | str | Decimal) -> Dollars:
    try:
        exact = Decimal(value)
    except InvalidOperation:
        raise Malformed("is not a number") from None
    if not exact.is_finite() or not 0 <= exact <= _DEAREST:
        raise Malformed(f"is not between 0 and {_DEAREST}")
    # Bounded before it is turned into integers: "1e-999999999" is a short text.
    if exact and (exact.adjusted() < -9 or len(exact.as_tuple().digits) > 40):
        raise Malformed("has more than nine decimals")
    numerator, denominator = exact.as_integer_ratio() if exact else (0, 1)
    nano, rest = divmod(numerator * _NANO, denominator)
    if rest:
        raise Malformed("has more than nine decimals")
    return Dollars(nano)


def _schema(kind: type) -> dict[str, object]:
    if kind is BaseUrl:
        return {"type": "string", "format": "uri"}
    return {"type": ["number", "string"], "minimum": 0, "maximum": _DEAREST}


if __name__ == "__main__":
    print(catalog_schema(), end="")  # noqa: T201 -- `python -m … > docs/catalog.schema.json`
