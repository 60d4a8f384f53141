"""What probes and calls show of a model, and what of it takes the model out of the choice."""

import pytest
from factories import AttemptFactory
from hypothesis import given
from hypothesis import strategies as st

from neuroroute.domain.health import COOL_DOWN, MIN_CALLS, HealthStatus, ModelHealth, Tally, overall

AT, NOW = 1_764_000_000.0, 1_000.0
HARMLESS = st.sampled_from(
    [
        AttemptFactory.build(outcome="throttled", error="429", judged=False),
        AttemptFactory.build(outcome="refused", error="400"),
        AttemptFactory.build(outcome="answered"),
        AttemptFactory.build(outcome="unavailable", error="timed out", timed_out=True, judged=False),
    ]
)
FAILED = AttemptFactory.build(outcome="unavailable", error="500")


def after(attempts, *, health=None, now=NOW):
    health = health or ModelHealth()
    for attempt in attempts:
        health = health.after_attempt(attempt, at=AT, now=now)
    return health


@given(st.lists(HARMLESS, max_size=200))
def test_throttling_refusals_and_callers_impatience_never_take_a_model_out(attempts):
    health = after(attempts)
    assert health.unfit(NOW) is None
    assert health.status in {HealthStatus.UNKNOWN, HealthStatus.HEALTHY}


@given(st.integers(1, MIN_CALLS - 1))
def test_a_few_failed_calls_are_shown_but_take_nobody_out(failures):
    health = after([FAILED] * failures)
    assert (health.status, health.error, health.checked_at) == (HealthStatus.UNHEALTHY, "500", AT)
    assert health.unfit(NOW) is None


@pytest.mark.parametrize("outcome", ["unavailable", "misconfigured"])
def test_twenty_failed_calls_take_a_model_out_until_the_cool_down_is_over(outcome):
    health = after([AttemptFactory.build(outcome=outcome, error="500")] * MIN_CALLS)
    assert "breaker" in health.unfit(NOW)
    assert health.unfit(NOW + COOL_DOWN) is None


def test_a_failed_probe_takes_a_model_out_however_long_it_lasts():
    health = ModelHealth().after_probe("refused", at=AT, now=NOW)
    assert health.status is HealthStatus.UNHEALTHY
    assert health.unfit(NOW) == "its last health probe failed: refused"
    assert health.unfit(NOW + 1e9)


def test_the_reason_is_the_probes_own_whatever_calls_showed_since():
    health = after([FAILED], health=ModelHealth().after_probe("refused", at=AT, now=NOW))
    assert health.error == "500"
    assert health.unfit(NOW) == "its last health probe failed: refused"
    assert after([FAILED], health=ModelHealth().after_probe("", at=AT, now=NOW)).unfit(NOW) == (
        "its last health probe failed"
    )


def test_a_good_probe_heals_everything_at_once():
    broken = after([FAILED] * MIN_CALLS).after_probe("refused", at=AT, now=NOW)
    healed = broken.after_probe(None, at=AT + 1, now=NOW + 1)
    assert healed.unfit(NOW + 1) is None
    assert (healed.status, healed.error, healed.checked_at) == (HealthStatus.HEALTHY, None, AT + 1)


@pytest.mark.parametrize("outcome", ["answered", "refused"])
def test_a_model_that_answers_is_there_whatever_its_last_probe_said(outcome):
    health = ModelHealth().after_probe("refused", at=AT, now=NOW)
    assert after([AttemptFactory.build(outcome=outcome)], health=health).unfit(NOW) is None


@given(st.lists(st.sampled_from(["probe", "no probe", "failed", "answered", "throttled", "refused"]), max_size=100))
def test_only_a_failed_probe_or_an_open_breaker_takes_a_model_out(happenings):
    health = ModelHealth()
    for what in happenings:
        match what:
            case "probe" | "no probe":
                health = health.after_probe(None if what == "probe" else "down", at=AT, now=NOW)
            case "failed":
                health = after([FAILED], health=health)
            case outcome:
                health = after([AttemptFactory.build(outcome=outcome, judged=outcome != "throttled")], health=health)
        assert (health.unfit(NOW) is not None) == (health.probe_error is not None or health.breaker.is_open(NOW))


def test_what_is_shown_of_all_models():
    healthy, unhealthy = HealthStatus.HEALTHY, HealthStatus.UNHEALTHY
    assert overall([healthy, healthy]) == ("healthy", "All systems operational")
    assert overall([healthy, HealthStatus.ERROR]) == ("degraded", "Some models are unavailable")
    assert overall([unhealthy, HealthStatus.UNKNOWN]) == ("unhealthy", "All models are unavailable")
    assert overall([]) == ("unhealthy", "No models available")


def test_rates_before_the_first_request_are_no_division_by_zero():
    assert (Tally().success_rate, Tally().avg_latency_ms, Tally().cache_hit_rate) == (100.0, 0.0, 0.0)
    tally = Tally(requests=4, successes=3, latency_ms=30, cache_hits=1)
    assert (tally.success_rate, tally.avg_latency_ms, tally.cache_hit_rate) == (75.0, 10.0, 20.0)
