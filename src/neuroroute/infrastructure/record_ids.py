"""Records' ids: 32 hex digits that begin with 48 bits of epoch milliseconds (`application.draft.new_id`)."""

import re
import time
from datetime import UTC, datetime
from typing import Final

_DIGITS: Final = 12
_LONGEST: Final = 3600.0
"""Seconds that hardly an answer takes."""
_ID: Final = re.compile(r"[0-9a-f]{32}", re.ASCII)


def is_id(text: str) -> bool:
    """Whether it could be one. Other texts need not be looked for, and some no database takes."""
    return _ID.fullmatch(text) is not None


def first_id(seconds: float) -> str:
    """What no id comes before that was made at this moment, epoch seconds, or later."""
    return f"{max(0, int(seconds * 1000)):0{_DIGITS}x}"


def begun(record_id: str) -> datetime:
    """When its prompt came in, to the millisecond.

    Raises:
        ValueError: it is no id of a record.
    """
    return datetime.fromtimestamp(int(record_id[:_DIGITS], 16) / 1000, UTC)


def may_be_under_way(record_id: str) -> bool:
    """Whether its prompt came in so lately that the process which answers it may not have written it yet."""
    return first_id(time.time() - _LONGEST) <= record_id < first_id(time.time() + 1)
