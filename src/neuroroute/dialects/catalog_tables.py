"""Providers and models as people write them: in a catalogue file, and to `/admin/providers` and `/admin/models`.

The descriptions of the fields are what the report of errors, the JSON Schema and docs/catalog.md say.
No message holds a value: a catalogue is no place for keys, but may be mistaken for one.
"""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from itertools import islice
from typing import Annotated, Final, TypeVar, get_args

import msgspec
from msgspec import Meta, Struct

from neuroroute.domain.catalog import KnownModel, KnownProvider
from neuroroute.domain.model import Ability, Dialect, ModelId, Price, ProviderName, Ranks

S = TypeVar("S", bound=Struct)

_NANO: Final = 10**9
_DEAREST: Final = 1_000_000
_END: Final = r"(?![\s\S])"
"""The very end, in Python's patterns and in JSON Schema's alike; Python's `$` lets a line break follow."""
_WORD: Final = rf"^[a-z][a-z0-9_]*{_END}"
ID: Final = rf"^(?!auto$)[A-Za-z0-9][A-Za-z0-9._:-]{{0,63}}{_END}"
_VARIABLE: Final = rf"^(?!NEUROROUTE_)[A-Z][A-Z0-9_]*{_END}"
_LINE: Final = rf"^[^\x00-\x1f\x7f]+{_END}"
_DECIMAL: Final = r"^(?:0|[1-9][0-9]{0,5})(?:\.[0-9]{1,9})?$"
"""Of US dollars, as the schemas have them in text."""
_MAX_NAME: Final = 64
_MAX_FAULTS: Final = 20
"""Of one table that are told."""
_ADDRESS: Final = "http[s]://host[:port][/prefix], without user, query or fragment"

_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?"
_WORD_OF_16_BITS: Final = r"[0-9A-Fa-f]{1,4}"
_PORT: Final = r"[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]"
ADDRESS: Final = (
    rf"https?://(?:{_LABEL}(?:\.{_LABEL})*\.?|\[(?:(?:{_WORD_OF_16_BITS}:){{7}}{_WORD_OF_16_BITS}"
    rf"|(?:{_WORD_OF_16_BITS}:){{1,6}}:{_WORD_OF_16_BITS}|::1)\])(?::(?:{_PORT}))?(?:/[!\x22$->@-~]*)?"
)
"""The same as a pattern for the OpenAPI document; what decides is `ReadBaseUrl`."""

ReadBaseUrl = Callable[[str], str]
"""An address in its plain form. Raises a `ValueError` that says what is wrong without repeating it."""


class BaseUrl(str):
    """An address that was let through."""

    __slots__ = ()


class Dollars(int):
    """US dollars, written in decimals and held in whole nano-dollars."""

    __slots__ = ()


class PriceTable(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """US dollars per million tokens, as numbers or as decimal text; at most nine decimals, all of which count."""

    prompt: Annotated[Dollars, Meta(description="for a million tokens that the model reads")]
    completion: Annotated[Dollars, Meta(description="for a million tokens that the model writes")]
    cached: Annotated[
        Dollars | None, Meta(description="for a million tokens that it reads from its cache; left out: as prompt")
    ] = None
    cache_write: Annotated[
        Dollars | None, Meta(description="for a million tokens that it keeps in its cache; left out: as prompt")
    ] = None


class RanksTable(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The model's place under each priority: 1 is best, 3 is last."""

    speed: Annotated[int, Meta(ge=1, le=3)] = 2
    cost: Annotated[int, Meta(ge=1, le=3)] = 2
    quality: Annotated[int, Meta(ge=1, le=3)] = 2


class ProviderTable(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somewhere that serves models."""

    name: Annotated[str, Meta(pattern=ID, description="letters, digits and . _ : -, at most 64; not auto")]
    dialect: Annotated[Dialect, Meta(description="openai or anthropic")]
    base_url: Annotated[BaseUrl, Meta(description=f"{_ADDRESS}; for openai with its /v1, for anthropic without")]
    api_key_env: Annotated[
        Annotated[str, Meta(pattern=_VARIABLE)] | None,
        Meta(
            description="the name of the variable that holds the key, in capitals; the key itself is never in here. "
            "Left out: the key is entered by POST /api-keys/"
        ),
    ] = None
    local: Annotated[bool, Meta(description="true where no key is needed")] = False
    max_connections: Annotated[int, Meta(ge=1, le=10_000, description="1 to 10000, kept and in use together")] = 100

    def known(self, *, trusted: bool) -> KnownProvider:
        """`trusted` when it is the operator who says it."""
        return KnownProvider(
            name=ProviderName(self.name),
            dialect=self.dialect,
            base_url=str(self.base_url),
            api_key_env=self.api_key_env,
            local=self.local,
            max_connections=self.max_connections,
            trusted=trusted,
        )


class ModelTable(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A model, as its maker states it."""

    id: Annotated[str, Meta(pattern=ID, description="letters, digits and . _ : -, at most 64; not auto")]
    name: Annotated[
        Annotated[str, Meta(pattern=_LINE, max_length=255)] | None,
        Meta(description="the name shown, one line of at most 255 characters; left out: the id"),
    ] = None
    provider: Annotated[str, Meta(max_length=64, description="the name of a provider")]
    upstream: Annotated[
        Annotated[str, Meta(pattern=_LINE, max_length=255)] | None,
        Meta(
            description="the provider's own name of the model, one line of at most 255 characters; a local one without "
            "asks for what is loaded"
        ),
    ] = None
    capabilities: Annotated[
        tuple[Annotated[str, Meta(pattern=_WORD, max_length=64)], ...],
        Meta(
            min_length=1,
            max_length=100,
            description="words of lower-case letters, digits and _, at most 64 each and 100, as requests ask for them",
        ),
    ] = ("basic_chat",)
    max_tokens: Annotated[int, Meta(ge=1, le=1_000_000_000, description="the most tokens, a whole number from 1")]
    context_window: Annotated[
        Annotated[int, Meta(ge=1, le=1_000_000_000)] | None,
        Meta(description="the most tokens that it reads, a whole number from 1; left out: not known"),
    ] = None
    avg_latency_ms: Annotated[int, Meta(ge=0, le=3_600_000, description="milliseconds to expect, a whole number")] = (
        1000
    )
    price: Annotated[
        PriceTable | None,
        Meta(
            description="{ prompt = …, completion = …, cached = …, cache_write = … } in US dollars per million tokens, "
            "the last two may be left out; all left out: unpriced"
        ),
    ] = None
    ranks: Annotated[
        RanksTable, Meta(description="{ speed = …, cost = …, quality = … }, each 1 (best) to 3; 2 where left out")
    ] = RanksTable()
    abilities: Annotated[
        frozenset[Ability],
        Meta(description="any of tools, images, files, audio, json_schema: what it takes or gives; left out: none"),
    ] = frozenset()
    embedding_space: Annotated[
        Annotated[str, Meta(pattern=_LINE, max_length=255)] | None,
        Meta(
            description="of a model that makes embeddings and nothing else: a name, one line of at most 255 "
            "characters, that it shares with those whose embeddings are the same; left out: it makes none"
        ),
    ] = None
    enabled: Annotated[bool, Meta(description="false: known, and not routed to")] = True

    def known(self) -> KnownModel:
        """The model that it says."""
        price, ranks = self.price, self.ranks
        return KnownModel(
            id=ModelId(self.id),
            name=self.name or self.id,
            provider=ProviderName(self.provider),
            upstream=self.upstream,
            capabilities=self.capabilities,
            max_tokens=self.max_tokens,
            context_window=self.context_window,
            avg_latency_ms=self.avg_latency_ms,
            price=None if price is None else _price(price),
            ranks=Ranks(speed=ranks.speed, cost=ranks.cost, quality=ranks.quality),
            abilities=self.abilities,
            embedding_space=self.embedding_space,
            enabled=self.enabled,
        )


class Fault(Struct, frozen=True):
    """What is wrong with one field."""

    field: str
    """`price.prompt`, `capabilities[1]`, …"""
    problem: str


def read_table(table: Mapping[str, object], kind: type[S], base_url: ReadBaseUrl) -> S | tuple[Fault, ...]:
    """The table as `kind`, or everything that is wrong with it."""
    decode = _decoding(base_url)
    faults = tuple(islice(_faults(table, kind, decode), _MAX_FAULTS))
    return faults or msgspec.convert(dict(table), kind, dec_hook=decode)


def table_schema(kind: type) -> dict[str, object]:
    """The JSON Schema of a field's type that is ours; of others msgspec knows it. Raises: NotImplementedError."""
    if kind is BaseUrl:
        return {"type": "string", "pattern": f"^{ADDRESS}$"}
    if kind is Dollars:
        return {"type": ["number", "string"], "minimum": 0, "maximum": _DEAREST, "pattern": _DECIMAL}
    raise NotImplementedError


def dollars(nano: int) -> str:
    """As it is written: the shortest decimal text that is exact."""
    whole, rest = divmod(nano, _NANO)
    return f"{whole}.{rest:09d}".rstrip("0").rstrip(".")


def _price(table: PriceTable) -> Price:
    optional = [None if said is None else int(said) for said in (table.cached, table.cache_write)]
    return Price(
        prompt=int(table.prompt), completion=int(table.completion), cached=optional[0], cache_write=optional[1]
    )


def _faults(
    table: Mapping[str, object], kind: type[Struct], decode: Callable[[type, object], object]
) -> Iterable[Fault]:
    fields = {field.name: field for field in msgspec.structs.fields(kind)}
    for name in table:
        if name not in fields:
            near = get_close_matches(name[:_MAX_NAME], fields, n=1, cutoff=0)
            yield Fault(name, f"is no field of it. The nearest is {near[0]}.")
    for name, field in fields.items():
        missing = ("", "is missing") if field.required else None
        if wrong := _wrong(table[name], field.type, decode) if name in table else missing:
            yield Fault(f"{name}{wrong[0]}", f"{wrong[1]}. Allowed: {_description(field.type)}.")


def _wrong(value: object, kind: object, decode: Callable[[type, object], object]) -> tuple[str, str] | None:
    """Where inside the value, and what."""
    try:
        msgspec.convert(value, kind, dec_hook=decode)
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


def _decoding(base_url: ReadBaseUrl) -> Callable[[type, object], object]:
    def decode(kind: type, value: object) -> object:
        if kind is BaseUrl and isinstance(value, str):
            return BaseUrl(base_url(value))
        if kind is Dollars and isinstance(value, int | float | str | Decimal) and not isinstance(value, bool):
            return read_dollars(repr(value) if isinstance(value, float) else value)
        raise ValueError("is not text" if kind is BaseUrl else "is not a number")

    return decode


def read_dollars(value: int | str | Decimal) -> Dollars:
    """Raises: ValueError, which says what is wrong without the value."""
    try:
        exact = Decimal(value)
    except InvalidOperation:
        raise ValueError("is not a number") from None
    if not exact.is_finite() or not 0 <= exact <= _DEAREST:
        raise ValueError(f"is not between 0 and {_DEAREST}")
    # Bounded before it is turned into integers: "1e-999999999" is a short text.
    if exact and (exact.adjusted() < -9 or len(exact.as_tuple().digits) > 40):
        raise ValueError("has more than nine decimals")
    numerator, denominator = exact.as_integer_ratio() if exact else (0, 1)
    nano, rest = divmod(numerator * _NANO, denominator)
    if rest:
        raise ValueError("has more than nine decimals")
    return Dollars(nano)
