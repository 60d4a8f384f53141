"""Each model's tally, from the records of what happened."""

import pytest

from neuroroute.domain.completion import Usage
from neuroroute.domain.forecast import ANSWER_TOKENS, Pace
from neuroroute.domain.health import HealthStatus, ModelHealth, Tally
from neuroroute.domain.model import ModelId, NanoUsd, ProviderName
from neuroroute.domain.record import Attempt, Outcome, RoutedPrompt
from neuroroute.infrastructure.memory.health import MemoryHealthBoard
from neuroroute.infrastructure.tallies import TallyObserver

FIRST, SECOND = ModelId("gpt-4o"), ModelId("claude")


def attempt(model=FIRST, *, outcome="answered", seconds=0.1, **rest):
    return Attempt(model=model, provider=ProviderName("p"), outcome=outcome, seconds=seconds, **rest)


def record(**fields):
    answered = {
        "id": "0" * 32,
        "request_id": "r1",
        "surface": "prompt",
        "caller": "anyone",
        "at": 1.8e9,
        "seconds": 0.12,
        "provider_seconds": 0.1,
        "overhead_seconds": 0.02,
        "first_event_seconds": 0.1,
        "outcome": Outcome.ANSWERED,
        "model": FIRST,
        "attempts": (attempt(),),
    }
    return RoutedPrompt(**(answered | fields))


def tallied(*records):
    board = MemoryHealthBoard()
    TallyObserver(board).observe(records)
    return board


def test_an_answer_counts_as_a_success_with_its_time_tokens_and_cost():
    board = tallied(record(usage=Usage(prompt_tokens=10, completion_tokens=5), cost=NanoUsd(700)))
    assert board.of(FIRST).tally == Tally(requests=1, successes=1, latency_ms=100, total_tokens=15, cost_nano_usd=700)


def test_a_fallback_counts_the_failed_call_for_the_model_that_failed():
    attempts = (attempt(FIRST, outcome="unavailable", seconds=5.0, timed_out=True), attempt(SECOND, seconds=0.2))
    board = tallied(record(model=SECOND, attempts=attempts, provider_seconds=5.25, streamed=True))
    assert board.of(FIRST).tally == Tally(requests=1, timeouts=1, stream_requests=1)
    assert board.of(SECOND).tally == Tally(requests=1, successes=1, latency_ms=250, stream_requests=1)


def test_a_cut_answer_is_paid_for_and_no_success():
    board = tallied(record(outcome=Outcome.CUT, usage=Usage(completion_tokens=3), cost=NanoUsd(9)))
    assert board.of(FIRST).tally == Tally(requests=1, total_tokens=3, cost_nano_usd=9)


def test_a_caller_who_left_takes_nothing_from_the_model():
    assert tallied(record(outcome=Outcome.LEFT)).of(FIRST).tally.success_rate == 100.0


def test_a_caller_who_left_before_a_word_takes_nothing_from_the_model_either():
    attempts = (attempt(FIRST, outcome="unavailable"), attempt(SECOND, outcome="left", judged=False))
    board = tallied(record(outcome=Outcome.LEFT, model=None, attempts=attempts))
    assert board.of(FIRST).tally == Tally(requests=1)
    assert board.of(SECOND).tally == Tally()


def test_a_refused_or_failed_prompt_counts_its_calls():
    failed = record(outcome=Outcome.FAILED, model=None, attempts=(attempt(outcome="refused"),))
    assert tallied(failed).of(FIRST).tally == Tally(requests=1)


def test_a_cached_answer_is_a_hit_and_neither_a_call_nor_paid_for():
    hit = record(from_cache=True, attempts=(), usage=Usage(prompt_tokens=10))
    assert tallied(hit, hit).of(FIRST).tally == Tally(cache_hits=2)


def test_a_rejected_prompt_counts_nowhere():
    assert tallied(record(outcome=Outcome.REJECTED, model=None, attempts=())).of(FIRST) == ModelHealth()


def test_status_and_breaker_stay_as_they_were():
    board = MemoryHealthBoard()
    board.show(FIRST, ModelHealth().after_failure("gone", at=1.0, now=1.0))
    before = board.of(FIRST)
    TallyObserver(board).observe([record()])
    assert board.of(FIRST).status is HealthStatus.UNHEALTHY
    assert board.of(FIRST).breaker == before.breaker


def test_a_streamed_answer_shows_its_first_token_and_its_rate():
    board = tallied(record(streamed=True, provider_seconds=2.1, usage=Usage(completion_tokens=20)))
    assert board.of(FIRST).pace == Pace(first_seconds=0.1, token_seconds=pytest.approx(0.1))


def test_an_answer_in_one_piece_shows_only_its_rate():
    board = tallied(record(provider_seconds=2.0, usage=Usage(completion_tokens=20)))
    assert board.of(FIRST).pace == Pace(first_seconds=0.0, token_seconds=pytest.approx(0.1))


def test_the_latest_answers_weigh_more_than_those_before():
    slow = record(provider_seconds=10.0, usage=Usage(completion_tokens=10))
    quick = record(provider_seconds=1.0, usage=Usage(completion_tokens=10))
    apart, at_once = tallied(slow), tallied(slow, quick)
    TallyObserver(apart).observe([quick])
    assert at_once.of(FIRST).pace == apart.of(FIRST).pace
    assert apart.of(FIRST).pace.token_seconds == pytest.approx(0.82)


def test_failed_calls_take_nothing_from_the_pace_of_who_answered():
    attempts = (attempt(FIRST, outcome="unavailable", seconds=5.0), attempt(SECOND, seconds=0.5))
    board = tallied(record(model=SECOND, attempts=attempts, provider_seconds=6.0, usage=Usage(completion_tokens=10)))
    assert board.of(FIRST).pace is None
    assert board.of(SECOND).pace.token_seconds == pytest.approx(0.1)


@pytest.mark.parametrize(
    "unanswered",
    [
        record(outcome=Outcome.CUT),
        record(outcome=Outcome.FAILED, model=None, attempts=(attempt(outcome="refused"),)),
        record(from_cache=True, attempts=()),
    ],
    ids=["cut", "failed", "remembered"],
)
def test_what_was_not_answered_shows_no_pace(unanswered):
    assert tallied(unanswered).of(FIRST).pace is None


def test_latency_is_told_for_an_answer_of_usual_length():
    board = tallied(record(streamed=True, provider_seconds=2.1, usage=Usage(completion_tokens=20)))
    assert board.latency_ms() == {FIRST: round(1000 * (0.1 + ANSWER_TOKENS * 0.1))}
