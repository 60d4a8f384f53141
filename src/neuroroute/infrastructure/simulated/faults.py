"""The faults that can be asked for, and how a marker, a header or the control endpoint asks for them.

Nothing is ignored silently: an unknown name, a bad value or a broken marker raises `BadFault`,
which lists what is known.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Final, Literal, TypeAlias

import msgspec
from msgspec import Meta, Struct

from neuroroute.infrastructure.simulated.wire import Persona

HEADER: Final = "x-simulate"
_OPEN: Final = "[[sim:"
_MARKER: Final = re.compile(r"\[\[sim:([^\[\]]{0,200})\]\]")
_ASSIGNMENT: Final = re.compile(r"(\w+)\.(\w+)=(.+)", re.DOTALL)

# What a header line may carry; a marker could otherwise write one of its own.
_Visible: TypeAlias = Annotated[str, Meta(pattern=r"^[\x20-\x7e]+$", max_length=100)]
Setting: TypeAlias = str | int | float | bool
_Seconds: TypeAlias = Annotated[float, Meta(ge=0, le=600)]
_Count: TypeAlias = Annotated[int, Meta(ge=0, le=2**40)]


class BadFault(Exception):
    """Asked for a fault that is not known, or with a value that it cannot have."""

    def __init__(self, problem: str) -> None:
        super().__init__(f"{problem}. Scopes: {', '.join(SCOPES)}. Faults: {', '.join(KNOWN)}.")


class Faults(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What goes wrong with one request. The defaults are: nothing."""

    status: Annotated[int, Meta(ge=300, le=599)] | None = None
    """Answer with this status and the provider's own error body."""
    retry_after: _Visible | None = None
    """The `retry-after` header, as written: seconds, a date, nonsense; `none` leaves it out. Alone it means a 429."""
    error_code: _Visible | None = None
    """The provider's word for the error, of `status` and `error_after`: `insufficient_quota`, `overloaded_error` …"""
    delay: _Seconds = 0.0
    """Seconds of silence before the headers."""
    close: Literal["fin", "rst"] | None = None
    """Close without one byte of an answer."""
    garbage: Literal["html", "shape", "truncated", "utf8"] | None = None
    """A 200 that is a web page, JSON of a foreign shape, half a JSON, or JSON with invalid UTF-8."""
    empty: Literal["choices", "text"] | None = None
    """An answer without any choice, or with an empty text."""
    no_usage: bool = False
    no_end: Literal["terminator", "finish"] | None = None
    """A stream that ends well-framed, without `[DONE]`, `message_stop` or `response.completed`; `finish`: without the
    finish reason too."""
    error_after: _Count | None = None
    """An error inside the 200, after so many content chunks."""
    stall_after: Annotated[int, Meta(ge=-1, le=2**40)] | None = None
    """Hold the connection in silence after so many content chunks; -1: right after the headers."""
    stall_for: _Seconds | None = None
    """Seconds that the stall lasts before the connection is closed; 60 if not said."""
    cut_after: _Count | None = None
    """Close after so many bytes of the body."""
    cut: Literal["rst", "fin"] | None = None
    """How to close then; `rst` if not said."""
    malformed_sse: Literal["json", "utf8", "shape", "unframed"] | None = None
    """One event of the stream is broken JSON, invalid UTF-8, of a foreign shape, or lacks its blank line."""
    malformed_after: _Count | None = None
    """How many content chunks come before it; 1 if not said."""
    sse: Literal["crlf", "cr", "comments", "split"] | None = None
    """An odd but lawful stream: other line ends, comments between the events, the data of an event in two lines."""
    huge: Annotated[int, Meta(ge=1, le=2**40)] | None = None
    """A text of so many bytes, streamed out; in a stream it is one event."""
    bytes_per_second: Annotated[int, Meta(ge=1, le=10**9)] | None = None
    """Trickle the body."""
    words: Annotated[int, Meta(ge=1, le=100_000)] | None = None
    """A text of exactly so many words."""
    rate: Annotated[float, Meta(ge=0, le=1)] | None = None
    """The share of requests that the faults asked for beside it befall: a seeded draw for each."""

    def __post_init__(self) -> None:
        for needy, needed in _NEEDS:
            if getattr(self, needy) is not None and all(getattr(self, name) is None for name in needed):
                raise ValueError(f"`{needy}` needs `{'` or `'.join(needed)}` beside it")


class LastingFaults(Faults, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Faults set by the control endpoint, until they are cleared."""

    on: Literal["all", "completions", "responses", "embeddings", "models"] = "all"
    """The endpoints that they befall."""
    times: Annotated[int, Meta(ge=1, le=10**9)] | None = None
    """Only the first so many requests."""


_NEEDS: Final = (
    ("error_code", ("status", "error_after", "retry_after")),
    ("stall_for", ("stall_after",)),
    ("cut", ("cut_after",)),
    ("malformed_after", ("malformed_sse",)),
)
NONE: Final = Faults()
SCOPES: Final = ("all", *Persona)
KNOWN: Final = tuple(Faults.__struct_fields__)
LASTING: Final = ("on", "times")


def parsed(asked: Mapping[str, str]) -> Faults:
    """Read fault names and values.

    Raises:
        BadFault: a name is unknown, or a value is not possible.
    """
    try:
        return msgspec.convert(asked, Faults, strict=False)
    except msgspec.ValidationError as exc:
        raise BadFault(_plain(exc)) from exc


def lasting(asked: Mapping[str, Mapping[str, Setting]]) -> dict[str, LastingFaults]:
    """Read what the control endpoint was told: scope → fault → value.

    Raises:
        BadFault: as in `parsed`, or a scope is unknown.
    """
    read: dict[str, LastingFaults] = {}
    for scope, faults in asked.items():
        _check_scope(scope)
        # One way of reading values, whether they came as JSON or as text.
        plain = {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in faults.items()}
        try:
            read[scope] = msgspec.convert(plain, LastingFaults, strict=False)
        except msgspec.ValidationError as exc:
            raise BadFault(f"{_plain(exc)}, in scope `{scope}`, where `on` and `times` are known too") from exc
    return read


def in_text(text: str, persona: Persona) -> Faults:
    """The faults that markers in a prompt ask of this persona; of two that name the same fault the later one counts.

    Raises:
        BadFault: any marker is broken, also one that is meant for another persona.
    """
    if _OPEN not in text:
        return NONE
    markers = _MARKER.findall(text)
    if text.count(_OPEN) != len(markers):
        raise BadFault("A marker does not end: it is written [[sim:SCOPE.fault=value]]")
    asked: dict[str, dict[str, str]] = {"all": {}, persona: {}}
    for marker in markers:
        match = _ASSIGNMENT.fullmatch(marker)
        if match is None:
            raise BadFault("A marker is written [[sim:SCOPE.fault=value]]")
        scope, name, value = match.groups()
        _check_scope(scope)
        asked.setdefault(scope, {})[name] = value.strip()
    for scope, faults in asked.items():
        if scope not in {"all", persona}:
            parsed(asked["all"] | faults)
    return parsed(asked["all"] | asked[persona])


def in_header(value: str) -> Faults:
    """The faults of `x-simulate: fault=value; fault=value`.

    Raises:
        BadFault: as in `parsed`, or a part has no `=`.
    """
    if not value:
        return NONE
    asked: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in value.split(";"))):
        name, equals, setting = part.partition("=")
        if not equals:
            raise BadFault(f"The header {HEADER} is written: fault=value; fault=value")
        asked[name.strip()] = setting.strip()
    return parsed(asked)


def merged(sources: Iterable[Faults]) -> Faults:
    """All of them together; of two that set the same fault the later one counts."""
    asked: dict[str, object] = {}
    for faults in sources:
        asked |= {name: getattr(faults, name) for name in KNOWN if getattr(faults, name) != getattr(NONE, name)}
    return msgspec.convert(asked, Faults) if asked else NONE


def _check_scope(scope: str) -> None:
    if scope not in SCOPES:
        raise BadFault(f"Unknown scope `{scope[:40]}`")


def _plain(exc: msgspec.ValidationError) -> str:
    return str(exc).replace(" - at `$.", " at `").replace("Object contains unknown field", "Unknown fault")
