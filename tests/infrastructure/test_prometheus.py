"""What a scrape shows."""

import pytest
from infrastructure.scraped import CANARY, MODEL, Metrics, attempt, record

from neuroroute.domain.completion import Usage
from neuroroute.domain.health import COOL_DOWN, CircuitBreaker, ModelHealth
from neuroroute.domain.model import ModelId, NanoUsd, ProviderName
from neuroroute.domain.record import Outcome


@pytest.fixture
def metrics():
    return Metrics()


def test_counts_a_prompt_by_how_it_ended(metrics):
    shown = metrics.after(record(), record(), record(outcome=Outcome.FAILED, model=None))
    assert shown["requests_total{model=gpt-4o,outcome=answered,surface=prompt}"] == 2
    assert shown["requests_total{model=none,outcome=failed,surface=prompt}"] == 1
    assert shown["request_latency_seconds_sum{model=gpt-4o,outcome=answered,surface=prompt}"] == pytest.approx(0.24)


def test_overhead_is_what_the_provider_did_not_take(metrics):
    shown = metrics.after(record(), record(overhead_seconds=-0.1))
    assert shown["overhead_seconds_bucket{le=0.00025,surface=prompt}"] == 2
    assert shown["overhead_seconds_bucket{le=0.0001,surface=prompt}"] == 1
    assert shown["overhead_seconds_sum{surface=prompt}"] == pytest.approx(0.0002)


def test_time_to_first_event_is_of_streams(metrics):
    shown = metrics.after(record(), record(streamed=True, first_event_seconds=0.03))
    assert shown["time_to_first_event_seconds_count{model=gpt-4o}"] == 1
    assert shown["time_to_first_event_seconds_sum{model=gpt-4o}"] == pytest.approx(0.03)


def test_tokens_and_cost_add_up_by_model_and_what_has_no_price_is_counted_apart(metrics):
    usage = Usage(prompt_tokens=10, completion_tokens=5)
    shown = metrics.after(record(usage=usage, cost=NanoUsd(1_500_000_000)), record(usage=usage))
    assert shown["tokens_total{kind=prompt,model=gpt-4o}"] == 20
    assert shown["tokens_total{kind=completion,model=gpt-4o}"] == 10
    assert shown["cost_usd_total{model=gpt-4o}"] == pytest.approx(1.5)
    assert shown["unpriced_answers_total{model=gpt-4o}"] == 1


def test_a_cached_answer_is_a_hit_and_uses_nothing(metrics):
    cached = record(from_cache=True, attempts=(), usage=Usage(prompt_tokens=10), first_event_seconds=None)
    shown = metrics.after(record(cache_asked=True), record(), cached)
    assert shown["cache_total{result=hit}"] == 1
    assert shown["cache_total{result=miss}"] == 1
    assert not any(name.startswith(("tokens", "unpriced")) for name in shown)


def test_a_fallback_is_counted_by_the_model_that_failed(metrics):
    failed = attempt(model=ModelId("claude"), provider=ProviderName("anthropic"), outcome="unavailable", seconds=2.0)
    shown = metrics.after(record(attempts=(failed, attempt())))
    assert shown["fallbacks_total{model=claude}"] == 1
    assert shown["attempts_total{model=claude,outcome=unavailable,provider=anthropic}"] == 1
    assert shown["attempts_total{model=gpt-4o,outcome=answered,provider=openai}"] == 1
    assert shown["provider_latency_seconds_sum{provider=anthropic}"] == 2.0


def test_a_call_that_the_caller_did_not_wait_for_is_counted_but_says_nothing_of_the_providers_time(metrics):
    shown = metrics.after(record(attempts=(attempt(outcome="left", seconds=9.0),), model=None, outcome=Outcome.LEFT))
    assert shown["attempts_total{model=gpt-4o,outcome=left,provider=openai}"] == 1
    assert shown.get("provider_latency_seconds_sum{provider=openai}", 0) == 0


def test_a_provider_that_claims_less_than_nothing_breaks_nothing(metrics):
    usage = Usage(prompt_tokens=-10, completion_tokens=-5)
    shown = metrics.after(record(usage=usage, cost=NanoUsd(-1)))
    assert shown["tokens_total{kind=prompt,model=gpt-4o}"] == 0
    assert shown["cost_usd_total{model=gpt-4o}"] == 0


def test_shows_how_things_stand():
    now = 1000.0
    metrics = Metrics(clock=lambda: now)
    metrics.meter.in_flight = 7
    shown = metrics.after()
    assert shown["in_flight_requests"] == 7
    assert shown["event_loop_lag_seconds"] == 0
    assert shown["upstream_connections{provider=openai,state=in_use}"] == 3
    assert shown["upstream_connections{provider=openai,state=idle}"] == 4
    assert shown["ledger_unwritten_records{place=memory}"] == 5
    assert shown["ledger_unwritten_records{place=spool}"] == 6
    assert shown["breaker_state{model=gpt-4o}"] == 0
    assert shown["process_open_fds"] > 0
    metrics.board.show(MODEL, ModelHealth(breaker=CircuitBreaker(opened=now)))
    assert metrics.after()["breaker_state{model=gpt-4o}"] == 2
    now += COOL_DOWN
    assert metrics.after()["breaker_state{model=gpt-4o}"] == 1


def test_no_label_holds_a_caller_a_request_or_a_message(metrics):
    metrics.after(
        record(error=CANARY, chosen=CANARY, policy=CANARY, method=CANARY),
        record(attempts=(attempt(outcome="unavailable", error=CANARY),), model=None, outcome=Outcome.REJECTED),
    )
    page, kind = metrics.observer.render()
    assert CANARY.encode() not in page
    assert b"_created" not in page
    assert kind.startswith("text/plain")
