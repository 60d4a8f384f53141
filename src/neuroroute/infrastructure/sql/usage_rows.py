"""A routed prompt as a row of the ledger: whatever it holds, both databases take it."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final, TypeAlias

import msgspec
from msgspec import Struct

from neuroroute.domain.record import Attempt, RoutedPrompt

COLUMNS: Final = (
    "at", "id", "request_id", "caller", "surface", "model", "provider", "chosen", "prompt_tokens", "completion_tokens",
    "cached_tokens", "cache_write_tokens", "reasoning_tokens", "estimated", "cost_nano_usd", "latency_ms",
    "first_event_ms", "outcome", "from_cache", "streamed", "method", "policy", "attempts", "catalog_version",
)  # fmt: skip
Value: TypeAlias = datetime | str | int | float | None

_LONGEST: Final = 255
_LARGEST: Final = 10**15
"""A million dollars for a prompt: nothing real is more, and sums still fit into 64 bits."""
_encode: Final = msgspec.json.Encoder().encode


class _Tried(Struct, frozen=True, omit_defaults=True):
    model: str
    provider: str
    outcome: str
    ms: float
    error: str | None = None


def insertion(placeholder: Callable[[int], str]) -> str:
    """The statement that writes a row, or finds it written. `placeholder` is told the number of a column, from 1."""
    values = ", ".join(placeholder(number) for number in range(1, len(COLUMNS) + 1))
    return f"INSERT INTO usage ({', '.join(COLUMNS)}) VALUES ({values}) ON CONFLICT (at, id) DO NOTHING"  # noqa: S608 - ours


def row_of(record: RoutedPrompt, at: Callable[[datetime], Value]) -> tuple[Value, ...]:
    """Its values, in the order of `COLUMNS`; `at` writes its time as the driver wants it. Money: nano-dollars."""
    used, charge, first = record.consumed, record.charge, record.first_event_seconds
    return (
        at(ended(record)),
        record.id,
        shortened(record.request_id),
        shortened(record.caller),
        shortened(record.surface),
        shortened(record.model),
        shortened(record.provider),
        shortened(record.chosen),
        bounded(used.prompt_tokens),
        bounded(used.completion_tokens),
        bounded(used.cached_tokens),
        bounded(used.cache_write_tokens),
        bounded(used.reasoning_tokens),
        used.estimated,
        None if charge is None else bounded(charge),
        _ms(record.seconds),
        None if first is None else _ms(first),
        record.outcome.value,
        record.from_cache,
        record.streamed,
        shortened(record.method),
        shortened(record.policy),
        _trail(record.attempts),
        shortened(record.catalog_version),
    )


def ended(record: RoutedPrompt) -> datetime:
    """When, to the microsecond: the same however often it is asked."""
    return datetime.fromtimestamp(record.at, UTC)


def _trail(attempts: Sequence[Attempt]) -> str:
    told = [_Tried(a.model, a.provider, a.outcome, _ms(a.seconds), a.error and _printable(a.error)) for a in attempts]
    return _encode(told).decode()


def shortened(value: str | None) -> str | None:
    """A text as a column of names takes it."""
    if value is None or (len(value) <= _LONGEST and value.isascii() and "\0" not in value):
        return value
    return _printable(value.replace("\0", ""))[:_LONGEST]


def _printable(value: str) -> str:
    """Without half surrogate pairs, which no database takes."""
    return value if value.isascii() else value.encode(errors="replace").decode()


def bounded(value: int) -> int:
    """A number as a column takes it, and its sums too."""
    return min(max(value, 0), _LARGEST)


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 3)
