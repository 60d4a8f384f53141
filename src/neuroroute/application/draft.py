"""The record of one prompt while it is being made."""

from asyncio import CancelledError
from random import getrandbits
from time import perf_counter, time, time_ns
from typing import Final

from neuroroute.application.choose_model import Chosen
from neuroroute.domain.completion import Usage
from neuroroute.domain.errors import ProviderFailed, ProviderUnavailable
from neuroroute.domain.model import ModelCard
from neuroroute.domain.record import Attempt, Outcome, RoutedPrompt
from neuroroute.domain.request import RoutingRequest

_VERSION_AND_VARIANT: Final = 7 << 76 | 2 << 62
_LOW: Final = (1 << 62) - 1


def new_id() -> str:
    """A UUID of version 7 (RFC 9562) in hex: 48 bits of epoch milliseconds, then 74 random ones. No secret."""
    random = getrandbits(74)
    return f"{time_ns() // 1_000_000 << 80 | _VERSION_AND_VARIANT | random >> 62 << 64 | random & _LOW:032x}"


def ending(error: BaseException) -> tuple[Outcome, str | None]:
    """How `error`, which no provider raised, ends a prompt: the caller left, or a fault of ours, with its type's name.

    Its words are not told: they may quote anything.
    """
    if isinstance(error, CancelledError | GeneratorExit):
        return Outcome.LEFT, None
    return Outcome.FAILED, type(error).__name__


class Draft:
    """Collects what happens to a request; `finish` makes the record of it."""

    def __init__(self, request: RoutingRequest) -> None:
        self.id = new_id()
        self.request = request
        self.catalog_version = ""
        self.began = perf_counter()
        self.provider_seconds = 0.0
        self.first_event_seconds: float | None = None
        self._overhead_to_first_event = 0.0
        self.chosen: Chosen | None = None
        self.attempts: list[Attempt] = []

    def answered(self, card: ModelCard, *, seconds: float) -> Attempt:
        """`card` began to answer after `seconds`."""
        self.provider_seconds += seconds
        self.first_event_seconds = perf_counter() - self.began
        self._overhead_to_first_event = self.first_event_seconds - self.provider_seconds
        return self._add(Attempt(model=card.id, provider=card.provider, outcome="answered", seconds=seconds))

    def failed(self, card: ModelCard, failure: ProviderFailed, *, seconds: float, judged: bool) -> Attempt:
        """`card` failed after `seconds`."""
        self.provider_seconds += seconds
        return self._add(
            Attempt(
                model=card.id,
                provider=card.provider,
                outcome=failure.outcome,
                seconds=seconds,
                error=str(failure),
                timed_out=isinstance(failure, ProviderUnavailable) and failure.timed_out,
                judged=judged,
            )
        )

    def broke_off(self, card: ModelCard, error: BaseException, *, seconds: float) -> Attempt:
        """We no longer waited for `card`, because of `error`: the caller's leaving, or a fault of ours."""
        self.provider_seconds += seconds
        outcome, told = ending(error)
        return self._add(
            Attempt(
                model=card.id,
                provider=card.provider,
                outcome=outcome.value,
                seconds=seconds,
                error=told,
                judged=False,
            )
        )

    def _add(self, attempt: Attempt) -> Attempt:
        self.attempts.append(attempt)
        return attempt

    def finish(
        self,
        outcome: Outcome,
        *,
        card: ModelCard | None = None,
        usage: Usage | None = None,
        error: str | None = None,
        from_cache: bool = False,
    ) -> RoutedPrompt:
        """The record; `card` answered and `usage` is what it used."""
        request, chosen = self.request, self.chosen
        selection = chosen.decision.selection if chosen else None
        cost = None
        if card is not None and card.price is not None and usage is not None and not from_cache:
            cost = card.price.of(usage)
        total = perf_counter() - self.began
        streams = request.prompt.streamed and self.first_event_seconds is not None
        return RoutedPrompt(
            id=self.id,
            request_id=request.id,
            surface=request.surface,
            caller=request.caller.id,
            at=time(),
            seconds=total,
            provider_seconds=self.provider_seconds,
            overhead_seconds=self._overhead_to_first_event if streams else total - self.provider_seconds,
            first_event_seconds=self.first_event_seconds,
            outcome=outcome,
            error=error,
            method=selection.method if selection else None,
            policy=chosen.decision.policy if chosen else None,
            model=card.id if card else None,
            provider=card.provider if card else None,
            chosen=selection.model if selection else None,
            attempts=tuple(self.attempts),
            usage=usage,
            cost=cost,
            cache_asked=request.cache is not None,
            from_cache=from_cache,
            streamed=request.prompt.streamed,
            catalog_version=self.catalog_version,
            decision=chosen.record if chosen else None,
        )
