"""What a provider's HTTP status means for us."""

import math
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from neuroroute.domain.errors import (
    ProviderFailed,
    ProviderMisconfigured,
    ProviderRefused,
    ProviderThrottled,
    ProviderUnavailable,
)
from neuroroute.infrastructure.providers.upstream import Reply

MAX_RETRY_AFTER = 3600.0
"""Seconds; a provider that asks for more is not believed."""


def failure_of(reply: Reply) -> ProviderFailed:  # noqa: PLR0911 - one table, a row a status
    """The failure that a status other than 200 is. Its text is ours: a provider's may repeat the key or the prompt."""
    status = reply.status
    match status:
        case 401 | 402 | 403:
            return ProviderMisconfigured(f"The provider does not accept our key (HTTP {status})", status=status)
        case 404:
            return ProviderMisconfigured("The provider knows no such model or address (HTTP 404)", status=status)
        case 408:
            return ProviderUnavailable("The provider took too long to read us (HTTP 408)", status=status)
        case 429:
            wait = _retry_after(reply)
            return ProviderThrottled("The provider limits our rate (HTTP 429)", retry_after=wait)
        case 400 | 413 | 422:
            return ProviderRefused(f"The provider does not take this request (HTTP {status})", status=status)
        case _ if 400 <= status < 500:
            return ProviderMisconfigured(f"The provider does not serve what we ask for (HTTP {status})", status=status)
        case _ if 300 <= status < 400:
            return ProviderUnavailable(f"The provider points elsewhere (HTTP {status}), which is not followed")
        case _:
            return ProviderUnavailable(f"The provider has a fault of its own (HTTP {status})", status=status)


def _retry_after(reply: Reply) -> float | None:
    """Seconds that the provider asks us to wait, within reason; `None` when it does not say."""
    milliseconds = _seconds(reply.header("retry-after-ms"))
    if milliseconds is not None:
        return _within_reason(milliseconds / 1000)
    said = reply.header("retry-after")
    seconds = _seconds(said)
    if seconds is None and said is not None:
        try:
            until = parsedate_to_datetime(said)
        except ValueError:
            return None
        seconds = (until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    return None if seconds is None else _within_reason(seconds)


def _seconds(said: str | None) -> float | None:
    try:
        seconds = float(said) if said is not None else math.nan
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) else None


def _within_reason(seconds: float) -> float:
    return min(max(seconds, 0.0), MAX_RETRY_AFTER)
