"""How many requests a minute a caller may make: a leaking bucket kept as one number (the generic cell rate algorithm).

The number is the moment at which the whole limit is there again. Each admitted request moves it on by one interval, and
it may lie at most the whole limit ahead: a caller may spend its minute at once, and then one request an interval.
Whole microseconds, so that exactly as many are admitted as the limit says.
"""

from typing import Final

from msgspec import Struct

MINUTE: Final = 60_000_000
"""Microseconds."""
MAX_PER_MINUTE: Final = 100_000
"""Up to here an interval of whole microseconds is a limit to two parts in a thousand."""


class Allowance(Struct, frozen=True, kw_only=True):
    """Whether one more request is admitted, and what is left. Times are seconds from now."""

    admitted: bool
    limit: int
    remaining: int
    reset: float
    """Until the whole limit is there again."""
    retry_after: float
    """Until the next request would be admitted; 0 when there is one left."""


def interval_of(limit: int) -> int:
    """Microseconds in which one of `limit` requests a minute comes back."""
    return MINUTE // limit


def take(full_at: int, *, limit: int, now: int) -> tuple[int, Allowance]:
    """Ask for one request: the new `full_at`, which a refused one leaves as it was, and what is said of it.

    `full_at` and `now` are microseconds on one clock; 0 for a caller that has asked for nothing yet.
    """
    interval = interval_of(limit)
    window = limit * interval
    # Never further ahead than a whole limit, whatever became of the clock or of the limit since.
    full_at = min(max(full_at, now), now + window)
    admitted = full_at + interval <= now + window
    if admitted:
        full_at += interval
    return full_at, allowance(admitted=admitted, owed=full_at - now, limit=limit)


def allowance(*, admitted: bool, owed: int, limit: int) -> Allowance:
    """What a caller is told when its whole limit is there again in `owed` microseconds."""
    interval = interval_of(limit)
    free = limit * interval - owed
    return Allowance(
        admitted=admitted,
        limit=limit,
        remaining=free // interval,
        reset=owed / 1e6,
        retry_after=max(0, interval - free) / 1e6,
    )
