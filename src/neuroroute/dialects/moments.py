"""Moments as people write them: ISO 8601, or seconds since 1970."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

MOMENT: Final[Mapping[str, object]] = {
    "anyOf": [
        {"type": "string", "format": "date-time"},
        {"type": "string", "format": "date"},
        {"type": "number", "description": "Seconds since 1970"},
    ],
    "description": "Of UTC, where it names no offset",
}
"""The same for the OpenAPI document."""
ALLOWED: Final = "ISO 8601, such as 2026-03-31T12:00:00Z or 2026-03-31, or seconds since 1970"


def moment(text: str) -> float:
    """Epoch seconds. A day is its beginning, and what names no offset is of UTC.

    Raises:
        ValueError: it says none; the text names what is allowed.
    """
    try:
        seconds = float(text)
    except ValueError:
        seconds = _iso(text)
    if not math.isfinite(seconds):
        raise ValueError(f"Input should be a moment: {ALLOWED}")
    return seconds


def _iso(text: str) -> float:
    try:
        said = datetime.fromisoformat(text)
        return (said if said.tzinfo else said.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return math.nan
