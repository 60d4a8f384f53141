"""What every model's calls add up to, on the health board; status and breaker were told already, at once."""

from collections.abc import Sequence
from typing import final

from msgspec.structs import replace

from neuroroute.application.ports import HealthBoard, Observer
from neuroroute.domain.forecast import Pace
from neuroroute.domain.health import Tally
from neuroroute.domain.model import ModelId
from neuroroute.domain.record import Attempt, Outcome, RoutedPrompt


@final
class TallyObserver(Observer):
    """Counts each call for the model that was called, and tokens, cost and cache hits for the one that answered."""

    def __init__(self, board: HealthBoard) -> None:
        self._board = board

    def observe(self, records: Sequence[RoutedPrompt]) -> None:
        tallies: dict[ModelId, Tally] = {}
        for record in records:
            _count(record, tallies, self._board)
        paces = _paces(records, self._board)
        for model, tally in tallies.items():
            health = self._board.of(model)
            self._board.show(model, replace(health, tally=tally, pace=paces.get(model, health.pace)))


def _paces(records: Sequence[RoutedPrompt], board: HealthBoard) -> dict[ModelId, Pace]:
    """How fast models answer now, those of `records` included."""
    paces: dict[ModelId, Pace] = {}
    for record in records:
        if record.model is None or record.outcome is not Outcome.ANSWERED or not record.attempts:
            continue
        latest = _pace(record, record.attempts[-1])
        before = paces.get(record.model) or board.of(record.model).pace
        paces[record.model] = latest if before is None else before.after(latest)
    return paces


def _pace(record: RoutedPrompt, attempt: Attempt) -> Pace:
    """An answer that comes in one piece shows no first token: all of its time is its tokens'."""
    waited = record.provider_seconds - sum([failed.seconds for failed in record.attempts[:-1]])
    first = min(attempt.seconds, waited) if record.streamed else 0.0
    return Pace(first_seconds=first, token_seconds=(waited - first) / max(1, record.consumed.completion_tokens))


def _count(record: RoutedPrompt, tallies: dict[ModelId, Tally], board: HealthBoard) -> None:
    last = len(record.attempts) - 1
    for index, attempt in enumerate(record.attempts):
        if attempt.outcome == Outcome.LEFT:
            continue  # nobody waited to see what the model would do
        tally = tallies.get(attempt.model) or board.of(attempt.model).tally
        answered = index == last and record.model is not None
        tallies[attempt.model] = _with_attempt(tally, attempt, record, answered=answered)
    if record.from_cache and record.model is not None:
        tally = tallies.get(record.model) or board.of(record.model).tally
        tallies[record.model] = replace(tally, cache_hits=tally.cache_hits + 1)


def _with_attempt(tally: Tally, attempt: Attempt, record: RoutedPrompt, *, answered: bool) -> Tally:
    """The last of the attempts began to answer. One that broke off is paid for, but no success."""
    success = answered and record.outcome is not Outcome.CUT
    waited = record.provider_seconds - sum(failed.seconds for failed in record.attempts[:-1])
    return replace(
        tally,
        requests=tally.requests + 1,
        stream_requests=tally.stream_requests + record.streamed,
        timeouts=tally.timeouts + attempt.timed_out,
        successes=tally.successes + success,
        latency_ms=tally.latency_ms + (round(1000 * waited) if success else 0),
        total_tokens=tally.total_tokens + (record.usage.total_tokens if answered and record.usage else 0),
        cost_nano_usd=tally.cost_nano_usd + ((record.cost or 0) if answered else 0),
    )
