"""A breaker judges a rate over a window of many calls, never a handful in a row."""

from hypothesis import given
from hypothesis import strategies as st

from neuroroute.domain.health import COOL_DOWN, MIN_CALLS, WINDOW, CircuitBreaker

START = 1_000.0


def seconds(at_least, at_most):
    """Multiples of an eighth, so that times add up exactly."""
    return st.integers(round(8 * at_least), round(8 * at_most)).map(lambda eighths: eighths / 8)


STEPS = st.lists(st.tuples(seconds(0.0, 2 * WINDOW), st.booleans()), max_size=80)
"""Seconds since the call before, and whether the call failed."""


def told(breaker, failed, now):
    return breaker.after_failure(now) if failed else breaker.after_success(now)


def after(calls, *, now=START, breaker=None):
    """The breaker after `calls` in the same moment, each true when it failed."""
    breaker = breaker or CircuitBreaker(span_began=now)
    for failed in calls:
        breaker = told(breaker, failed, now)
    return breaker


def opened():
    return after([True] * MIN_CALLS)


@given(STEPS)
def test_fewer_than_twenty_calls_within_two_windows_never_open_it(steps):
    breaker, now, calls = CircuitBreaker(), START, []
    for wait, failed in steps:
        now += wait
        breaker = told(breaker, failed, now)
        calls = [at for at in calls if now - at <= 2 * WINDOW] + [now]
        if breaker.opened is not None:
            break
        assert not breaker.is_open(now)
    assert breaker.opened is None or len(calls) >= MIN_CALLS


@given(st.lists(st.just(True), max_size=MIN_CALLS - 1))
def test_nineteen_failures_in_a_row_say_nothing(calls):
    assert not after(calls).is_open(START)


@given(st.lists(st.booleans(), min_size=MIN_CALLS - 1, max_size=100))
def test_opens_at_a_failure_that_makes_at_least_half_of_at_least_twenty_fail(calls):
    breaker = CircuitBreaker(span_began=START)
    for count, failed in enumerate([*calls, True], start=1):
        breaker = told(breaker, failed, START)
        failures = sum([*calls, True][:count])
        if failed and count >= MIN_CALLS and 2 * failures >= count:
            assert breaker.is_open(START)
            return
        assert not breaker.is_open(START)


@given(STEPS)
def test_good_calls_alone_never_open_it(steps):
    breaker, now = CircuitBreaker(), START
    for wait, _ in steps:
        now += wait
        breaker = breaker.after_success(now)
        assert breaker.opened is None


def test_less_than_half_failing_does_not_open_it():
    assert not after([False] * 51 + [True] * 50).is_open(START)
    assert after([False] * 50 + [True] * 50).is_open(START)


@given(seconds(2 * WINDOW, 4 * WINDOW) | seconds(2 * WINDOW, 1e6))
def test_forgets_what_is_two_windows_old(later):
    breaker = after([True] * (MIN_CALLS - 1))
    now = START + later
    assert not after([True] * (MIN_CALLS - 1), now=now, breaker=breaker).is_open(now)
    assert after([True] * MIN_CALLS, now=now, breaker=breaker).is_open(now)


def test_the_window_slides_so_that_a_burst_across_its_edge_counts():
    breaker = after([True] * 15, now=START + WINDOW - 1, breaker=CircuitBreaker(span_began=START))
    edge = START + WINDOW + 1
    assert after([True] * 10, now=edge, breaker=breaker).is_open(edge)


def test_old_good_calls_do_not_hide_a_provider_that_went_down():
    breaker = after([False] * 1_000)
    now = START + 2 * WINDOW - 0.001
    assert after([True] * MIN_CALLS, now=now, breaker=breaker).is_open(now)


@given(seconds(0.0, COOL_DOWN - 0.125), st.booleans())
def test_while_open_late_results_change_nothing(later, failed):
    assert told(opened(), failed, START + later) == opened()


@given(seconds(COOL_DOWN, 1e6))
def test_lets_calls_through_after_the_cool_down(later):
    assert opened().is_open(START + COOL_DOWN - 0.01)
    assert not opened().is_open(START + later)


@given(seconds(COOL_DOWN, 1e6))
def test_the_first_call_after_the_cool_down_decides(later):
    now = START + later
    good, bad = opened().after_success(now), opened().after_failure(now)
    assert good == CircuitBreaker(span_began=now)
    assert bad.is_open(now)
    assert not bad.is_open(now + COOL_DOWN)


@given(STEPS, seconds(0.0, 100.0))
def test_a_good_probe_closes_it_at_once_and_begins_anew(steps, later):
    breaker, now = opened(), START
    for wait, _ in steps:
        now += wait
        breaker = breaker.after_failure(now)
    closed = breaker.after_good_probe(now + later)
    assert closed.opened is None
    assert not after([True] * (MIN_CALLS - 1), now=now + later, breaker=closed).is_open(now + later)


def test_a_good_probe_does_not_make_a_closed_one_forget():
    breaker = after([True] * (MIN_CALLS - 1))
    assert breaker.after_good_probe(START) == breaker


@given(STEPS)
def test_whatever_happens_it_is_open_for_one_cool_down_at_most(steps):
    breaker, now = CircuitBreaker(), START
    for wait, failed in steps:
        now += wait
        breaker = told(breaker, failed, now)
        assert not breaker.is_open(now + COOL_DOWN)
        assert min(breaker.calls, breaker.failures, breaker.calls_before, breaker.failures_before) >= 0
        assert breaker.failures <= breaker.calls
