"""The stored decisions, page after page, in the order in which their prompts came."""

from collections.abc import AsyncGenerator
from typing import Final

from msgspec import Struct

from neuroroute.application.stores import DecisionStore, StoredDecision

_PAGE: Final = 500


class Wanted(Struct, frozen=True, kw_only=True):
    """Which decisions."""

    since: float | None = None
    """Epoch seconds."""
    until: float | None = None
    """Not any more."""
    caller: str | None = None
    """The id of its key."""


async def each_decision(decisions: DecisionStore, wanted: Wanted) -> AsyncGenerator[StoredDecision, None]:
    """Those that are `wanted`."""
    after = ""
    while page := await decisions.since(wanted.since or 0.0, after=after, limit=_PAGE):
        for one in page:
            record = one.record
            before = wanted.until is None or record.at < wanted.until
            if before and wanted.caller in {None, record.caller}:
                yield one
        after = page[-1].record.id
