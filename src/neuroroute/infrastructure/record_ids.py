"""The time that a record's id begins with (`application.draft.new_id`): 48 bits of epoch milliseconds, in hex."""

from datetime import UTC, datetime
from typing import Final

_DIGITS: Final = 12


def first_id(seconds: float) -> str:
    """What no id comes before that was made at this moment, epoch seconds, or later."""
    return f"{max(0, int(seconds * 1000)):0{_DIGITS}x}"


def begun(record_id: str) -> datetime:
    """When its prompt came in, to the millisecond.

    Raises:
        ValueError: it is no id of a record.
    """
    return datetime.fromtimestamp(int(record_id[:_DIGITS], 16) / 1000, UTC)
