"""What a provider's HTTP status means for us."""

import asyncio
import math
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from msgspec.structs import replace

from neuroroute.domain.access import Secret
from neuroroute.domain.errors import (
    ProviderFailed,
    ProviderMisconfigured,
    ProviderRefused,
    ProviderThrottled,
    ProviderUnavailable,
    ProviderWords,
)
from neuroroute.infrastructure.providers.upstream import Reply

MAX_RETRY_AFTER = 3600.0
"""Seconds; a provider that asks for more is not believed."""
_ABOUT_THE_REQUEST: Final = frozenset({400, 403, 404, 413, 422, 429})
_ERROR_SECONDS: Final = 1.0
"""Seconds that the body of a failure is waited for; the failure is known without it."""
_TELLING: Final = 12
"""So many characters of a key in a row tell something of it."""


def failure_of(reply: Reply, words: ProviderWords | None) -> ProviderFailed:  # noqa: PLR0911 - one table, a row a status
    """The failure that a status other than 200 is. Its text is ours; `words` are the provider's, for its caller."""
    status = reply.status
    match status:
        case 401 | 402 | 403:
            return ProviderMisconfigured(
                f"The provider does not accept our key (HTTP {status})", status=status, words=words
            )
        case 404:
            return ProviderMisconfigured(
                "The provider knows no such model or address (HTTP 404)", status=status, words=words
            )
        case 408:
            return ProviderUnavailable("The provider took too long to read us (HTTP 408)", status=status, words=words)
        case 429:
            wait = _retry_after(reply)
            return ProviderThrottled("The provider limits our rate (HTTP 429)", retry_after=wait, words=words)
        case 400 | 413 | 422:
            return ProviderRefused(
                f"The provider does not take this request (HTTP {status})", status=status, words=words
            )
        case _ if 400 <= status < 500:
            return ProviderMisconfigured(
                f"The provider does not serve what we ask for (HTTP {status})", status=status, words=words
            )
        case _ if 300 <= status < 400:
            return ProviderUnavailable(f"The provider points elsewhere (HTTP {status}), which is not followed")
        case _:
            fault = f"The provider has a fault of its own (HTTP {status})"
            return ProviderUnavailable(fault, status=status, retry_after=_retry_after(reply), words=words)


async def words_of(reply: Reply, read: Callable[[bytes], ProviderWords], *, key: Secret | None) -> ProviderWords | None:
    """What the provider says of a failure that concerns the request, as far as its caller may read it.

    What concerns our account is nobody's business: of a 403 the kind is told, of any other such status nothing. Words
    that hold any part of our `key` are told to nobody.
    """
    if reply.status not in _ABOUT_THE_REQUEST:
        return None
    try:
        async with asyncio.timeout(_ERROR_SECONDS):
            body = await reply.read()
    except (ProviderFailed, TimeoutError):
        return None
    words = read(body)
    if reply.status == 403:
        words = replace(words, message=None, param=None)
    said = f"{words.type} {words.code} {words.param} {words.message}"
    return None if key and _tells(said, key.reveal()) else words


def _tells(said: str, key: str) -> bool:
    """Whether `said` holds a telling part of `key`."""
    return any(key[at : at + _TELLING] in said for at in range(max(1, len(key) - _TELLING + 1)))


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
