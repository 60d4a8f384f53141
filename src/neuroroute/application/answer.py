"""A model has started to answer."""

from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from time import perf_counter
from types import TracebackType
from typing import Self, final

from msgspec.structs import replace

from neuroroute.application.draft import Draft, ending
from neuroroute.application.ports import CachedAnswer
from neuroroute.domain.completion import Completion, CompletionEvent, Finished, Folding, Usage, Verbatim, characters_of
from neuroroute.domain.errors import ProviderFailed, ProviderUnavailable
from neuroroute.domain.model import ModelCard
from neuroroute.domain.record import Attempt, Outcome
from neuroroute.domain.routing import Exclusion, Selection

MAX_KEPT = 1 << 20
"""Characters, or bytes of what is told word for word. A longer answer is not collected for the cache, so that a stream
of any length takes no memory.
"""

Settle = Callable[["Answer"], None]
"""Told once, on leaving."""
Keep = Callable[[Completion], Awaitable[None]]
"""Told of a whole, clean answer, before its last event is handed on."""


@final
class Answer:
    """Who answers, why, and the events as they come, `Finished` last.

    Enter it to read it. Leaving closes the provider's stream and settles, however far the reader got.

    Iterating raises `ProviderFailed` when the provider stops in the middle: what came before stands.
    """

    def __init__(
        self,
        *,
        card: ModelCard,
        selection: Selection,
        switched: Exclusion | None,
        ready: Iterable[CompletionEvent],
        rest: AsyncGenerator[CompletionEvent, None] | None,
        draft: Draft,
        settle: Settle,
        keep: Keep | None,
        cached: CachedAnswer | None = None,
        dropped: Sequence[str] = (),
        decision_id: str | None = None,
    ) -> None:
        """`ready` are the events that are here, `rest` those to come; `None` when all are here."""
        self.card = card
        self.selection = selection
        self.switched = switched
        """Why the chosen model was not asked, when it was not."""
        self.cached = cached
        """The entry that this answer is told from, when it is."""
        self.dropped = dropped
        """What was left out of the request for the provider's language: paths in the caller's request."""
        self.decision_id = decision_id
        """By which it can be asked why, and told how good it was; a remembered answer has none."""
        self.draft = draft
        self.usage: Usage | None = None
        """Known once `Finished` was read; estimated on leaving when it never came."""
        self.outcome = Outcome.LEFT
        self.failure: ProviderFailed | None = None
        """Why it was cut."""
        self.error: str | None = None
        self._ready = deque(ready)
        self._rest = rest
        self._settle = settle
        self._keep = keep
        self._kept = Folding()
        self._characters = 0
        self._size = 0
        self._latency_ms: int | None = None

    @property
    def failures(self) -> tuple[Attempt, ...]:
        """The calls that failed before this model answered."""
        return tuple(attempt for attempt in self.draft.attempts if attempt.outcome != "answered")

    @property
    def latency_ms(self) -> int:
        """Waiting for the provider that answered; of a cached answer, that of the call that filled the cache."""
        if self.cached:
            return self.cached.latency_ms
        if self._latency_ms is not None:
            return self._latency_ms
        failed = sum(attempt.seconds for attempt in self.failures)
        return round(1000 * (self.draft.provider_seconds - failed))

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> CompletionEvent:
        event = self._ready.popleft() if self._ready else await self._next()
        match event:
            case Finished():
                return await self._complete(event)
            case None if self.outcome is Outcome.ANSWERED:
                raise StopAsyncIteration
            case None:
                raise self._cut(ProviderUnavailable("The provider ended before its answer was complete"))
            case _:
                self._hear(event)
                return event

    async def whole(self) -> Completion:
        """All events, added up; for an answer of which none was read.

        Raises:
            ProviderFailed: the provider stopped in the middle.
        """
        folding = Folding()
        while (completion := folding.add(await anext(self))) is None:
            pass
        await anext(self, None)  # the provider's own end, without which its connection is not kept
        return completion

    def _hear(self, event: CompletionEvent) -> None:
        self._characters += characters_of(event)
        if self._keep is not None:
            self._size += len(event.data) if isinstance(event, Verbatim) else characters_of(event)
            if self._size <= MAX_KEPT:
                self._kept.add(event)
            else:
                self._keep, self._kept = None, Folding()

    async def _complete(self, finished: Finished) -> Finished:
        if finished.usage is None:
            finished = replace(finished, usage=self._estimate())
        self.usage = finished.usage
        self._latency_ms = self.latency_ms  # as it is kept: what ends after the last event is no part of the answer
        if self._keep is not None and (completion := self._kept.add(finished)) is not None:
            await self._keep(completion)
        self.outcome = Outcome.ANSWERED
        return finished

    async def _next(self) -> CompletionEvent | None:
        if self._rest is None:
            return None
        began = perf_counter()
        try:
            return await anext(self._rest, None)
        except ProviderFailed as failure:
            if self.outcome is Outcome.ANSWERED:
                return None  # what breaks after the end broke nothing
            self._cut(failure)
            raise
        finally:
            self.draft.provider_seconds += perf_counter() - began

    def _cut(self, failure: ProviderFailed) -> ProviderFailed:
        self.outcome, self.failure, self.error = Outcome.CUT, failure, str(failure)
        return failure

    def _estimate(self) -> Usage:
        prompt = self.draft.request.prompt
        return Usage.estimate(prompt_characters=prompt.characters, completion_characters=self._characters)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is not None and self.failure is None:
            outcome, told = ending(error)
            if outcome is Outcome.FAILED:
                self.outcome, self.error = outcome, told
        try:
            if self._rest is not None:
                await self._rest.aclose()
        finally:
            if self.usage is None:
                self.usage = self._estimate()
            self._settle(self)
