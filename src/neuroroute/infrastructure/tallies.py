"""What every model's calls add up to, on the health board; status and breaker were told already, at once."""

from typing import final

from msgspec.structs import replace

from neuroroute.application.ports import HealthBoard, Observer
from neuroroute.domain.health import Tally
from neuroroute.domain.model import ModelId
from neuroroute.domain.record import Attempt, Outcome, RoutedPrompt


@final
class TallyObserver(Observer):
    """Counts each call for the model that was called, and tokens, cost and cache hits for the one that answered."""

    def __init__(self, board: HealthBoard) -> None:
        self._board = board

    def observe(self, record: RoutedPrompt) -> None:
        last = len(record.attempts) - 1
        for index, attempt in enumerate(record.attempts):
            tally = _with_attempt(self._board.of(attempt.model).tally, attempt, streamed=record.streamed)
            if index == last and record.model is not None:
                tally = _with_answer(tally, record)
            self._show(attempt.model, tally)
        if record.from_cache and record.model is not None:
            tally = self._board.of(record.model).tally
            self._show(record.model, replace(tally, cache_hits=tally.cache_hits + 1))

    def _show(self, model: ModelId, tally: Tally) -> None:
        self._board.show(model, replace(self._board.of(model), tally=tally))


def _with_attempt(tally: Tally, attempt: Attempt, *, streamed: bool) -> Tally:
    return replace(
        tally,
        requests=tally.requests + 1,
        stream_requests=tally.stream_requests + streamed,
        timeouts=tally.timeouts + attempt.timed_out,
    )


def _with_answer(tally: Tally, record: RoutedPrompt) -> Tally:
    """The last of the attempts began to answer. One that broke off is paid for, but no success."""
    success = record.outcome is not Outcome.CUT
    failed = sum(attempt.seconds for attempt in record.attempts[:-1])
    return replace(
        tally,
        successes=tally.successes + success,
        latency_ms=tally.latency_ms + (round(1000 * (record.provider_seconds - failed)) if success else 0),
        total_tokens=tally.total_tokens + (record.usage.total_tokens if record.usage else 0),
        cost_nano_usd=tally.cost_nano_usd + (record.cost or 0),
    )
