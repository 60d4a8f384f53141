"""The one record of what happened to a prompt: metrics, log, health and ledger all read this."""

from enum import StrEnum
from typing import Final

from msgspec import Struct

from neuroroute.domain.completion import Usage
from neuroroute.domain.decision import DecisionRecord
from neuroroute.domain.model import ModelId, NanoUsd, ProviderName

_NOTHING: Final = Usage()


class Outcome(StrEnum):
    """How a prompt ended."""

    ANSWERED = "answered"
    CUT = "cut"
    """The provider stopped in the middle of its answer."""
    LEFT = "left"
    """The caller went away before the end."""
    FAILED = "failed"
    """Nobody answered, or a fault of ours came in between."""
    REJECTED = "rejected"
    """The caller must change the request."""


class Attempt(Struct, frozen=True, kw_only=True):
    """One call of one provider."""

    model: ModelId
    provider: ProviderName
    outcome: str
    """`answered`, or the `outcome` of the `ProviderFailed` that ended it; `left` when the caller went away before its
    first event, `failed` when a fault of ours ended it."""
    seconds: float
    """Until its first event, its failure, or until we no longer waited."""
    error: str | None = None
    timed_out: bool = False
    judged: bool = True
    """Whether it says anything of the model's health. A limit of our rate, a time-out by a caller's own short limit,
    a caller's leaving and a fault of ours do not."""


class RoutedPrompt(Struct, frozen=True, kw_only=True):
    """What happened. Never holds a prompt's or an answer's text."""

    id: str
    """Its own, by which it is counted once wherever it is written: 32 hex digits, sortable by the time it began."""
    request_id: str
    surface: str
    """Where it came in: `prompt`, `test_model`, or a `Wire`."""
    caller: str
    at: float
    """Epoch seconds of the end. Read once, so that it is the same however often the record is written."""
    seconds: float
    """From the router's first step to its last."""
    provider_seconds: float
    """Of these, spent waiting for providers."""
    overhead_seconds: float
    """Our own: until the first event of a streamed answer, whose reader sets the pace then; of any other until the
    end. Waiting for providers is not in it."""
    first_event_seconds: float | None
    outcome: Outcome
    error: str | None = None
    method: str | None = None
    policy: str | None = None
    model: ModelId | None = None
    """Who answered."""
    provider: ProviderName | None = None
    chosen: ModelId | None = None
    """Who was chosen before health and failures."""
    attempts: tuple[Attempt, ...] = ()
    usage: Usage | None = None
    cost: NanoUsd | None = None
    """`None` when the model is unpriced or nothing was used."""
    cache_asked: bool = False
    from_cache: bool = False
    streamed: bool = False
    catalog_version: str = ""
    """Of the catalogue that it was routed and priced by."""
    decision: DecisionRecord | None = None
    """How its model was chosen; `None` where it was not: a remembered answer, a rejected request."""

    @property
    def fallbacks(self) -> int:
        """Calls after the first."""
        return max(0, len(self.attempts) - 1)

    @property
    def consumed(self) -> Usage:
        """The tokens that its answer took: none when nobody answered, and none of a remembered answer."""
        return _NOTHING if self.usage is None or self.from_cache else self.usage

    @property
    def charge(self) -> NanoUsd | None:
        """What its answer cost: nothing when nothing was consumed, and `None`, which is not nothing, when unpriced."""
        return NanoUsd(0) if self.model is None or self.from_cache else self.cost
