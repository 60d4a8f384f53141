"""What was used, added up: by day, by model, by whose key."""

from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Final

from msgspec import Struct

from neuroroute.domain.model import ModelId, NanoUsd
from neuroroute.domain.record import Outcome

OURS: Final = (Outcome.FAILED, Outcome.CUT)
"""The outcomes that are counted as errors: a caller's leaving and a request that must be changed are not."""

_DECEMBER: Final = 12


class Grouping(StrEnum):
    """What totals can be told apart by."""

    DAY = "day"
    """Of UTC, in which the prompt ended."""
    MODEL = "model"
    """That answered."""
    KEY = "key"
    """The caller's id."""


class UsageQuery(Struct, frozen=True, kw_only=True):
    """Which prompts are added up, and how they are told apart."""

    first: date
    """The first day of UTC, from its beginning."""
    last: date
    """The last day of UTC, to its end."""
    by: frozenset[Grouping] = frozenset({Grouping.DAY})
    model: ModelId | None = None
    """Only what this model answered."""
    key: str | None = None
    """Only what this caller asked."""
    limit: int = 1000
    offset: int = 0

    @property
    def since(self) -> datetime:
        """The first moment."""
        return _midnight(self.first)

    @property
    def until(self) -> datetime:
        """The moment after the last."""
        return datetime.max.replace(tzinfo=UTC) if self.last == date.max else _midnight(self.last + timedelta(days=1))


class UsageTotal(Struct, frozen=True, kw_only=True):
    """What some prompts used together. Listed by day, then model, then key; nobody before everybody."""

    day: date | None = None
    """`None` unless told apart by it; so are the next two."""
    model: ModelId | None = None
    """`None` also when nobody answered."""
    key: str | None = None
    requests: int
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int
    cache_write_tokens: int
    reasoning_tokens: int
    cost: NanoUsd
    """Of those that have a price."""
    unpriced: int
    """Answers whose price is not known: they are not in `cost`, and not free."""
    errors: int
    """Prompts that failed or were cut."""
    remembered: int
    """Answers from the response cache, which use nothing."""


def month_of(moment: datetime) -> date:
    """The first day of its month, in UTC."""
    return moment.astimezone(UTC).date().replace(day=1)


def month_after(month: date) -> date:
    """The first day of the next one."""
    return date(month.year + month.month // _DECEMBER, month.month % _DECEMBER + 1, 1)


def oldest_kept(today: date, *, months: int) -> date:
    """The first day of the oldest month that is kept: that of `today` and the `months` before it."""
    number = max(_DECEMBER, today.year * _DECEMBER + today.month - 1 - months)
    return date(number // _DECEMBER, number % _DECEMBER + 1, 1)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
