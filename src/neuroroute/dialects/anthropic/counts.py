"""Tokens: as this language counts them, and as the domain does."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta, Raw, Struct
from msgspec.structs import asdict, replace

from neuroroute.domain.completion import Usage

NO_USAGE: Final = Raw(b"null")

_Count = Annotated[int, Meta(ge=0, le=1_000_000_000)]


class _Details(Struct):
    thinking_tokens: _Count | None = None


class Counts(Struct, omit_defaults=True):
    """Of an answer. A stream tells them at its start and at its end, and either may leave some to the other."""

    input_tokens: _Count | None = None
    cache_creation_input_tokens: _Count | None = None
    cache_read_input_tokens: _Count | None = None
    output_tokens: _Count | None = None
    output_tokens_details: _Details | None = None

    def updated(self, later: "Counts") -> "Counts":
        """The later word wins."""
        said = {name: value for name, value in asdict(later).items() if value is not None}
        return replace(self, **said)


_decode = msgspec.json.Decoder(Counts, strict=False).decode


def read_counts(raw: Raw) -> Counts:
    """Nothing for usage that is missing or impossible: it is then estimated, never believed."""
    try:
        return _decode(raw) if raw != NO_USAGE else Counts()
    except (msgspec.DecodeError, RecursionError):
        return Counts()


def usage_of(counts: Counts) -> Usage | None:
    """Tokens read from or written to the provider's cache are prompt tokens too."""
    read, written = counts.input_tokens, counts.output_tokens
    if read is None or written is None:
        return None
    spared, kept = counts.cache_read_input_tokens or 0, counts.cache_creation_input_tokens or 0
    thought = (counts.output_tokens_details and counts.output_tokens_details.thinking_tokens) or 0
    return Usage(
        prompt_tokens=read + spared + kept,
        completion_tokens=written,
        cached_tokens=spared,
        cache_write_tokens=kept,
        reasoning_tokens=min(thought, written),
    )


def counts_of(usage: Usage) -> Counts:
    """As a caller is told: tokens of the cache are apart from the rest of the input."""
    fresh = max(usage.prompt_tokens - usage.cached_tokens - usage.cache_write_tokens, 0)
    return Counts(
        input_tokens=fresh,
        cache_creation_input_tokens=usage.cache_write_tokens,
        cache_read_input_tokens=usage.cached_tokens,
        output_tokens=usage.completion_tokens,
        output_tokens_details=_Details(usage.reasoning_tokens) if usage.reasoning_tokens else None,
    )
