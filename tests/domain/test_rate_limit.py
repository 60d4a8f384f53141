"""How many requests a limit admits."""

from hypothesis import given
from hypothesis import strategies as st

from neuroroute.domain.rate_limit import MAX_PER_MINUTE, MINUTE, interval_of, take

LIMITS = st.integers(1, MAX_PER_MINUTE)
NOW = 1_764_000_000_000_000


def admitted(times, limit):
    full_at, answers = 0, []
    for now in times:
        full_at, allowance = take(full_at, limit=limit, now=now)
        answers.append(allowance)
    return answers


@given(st.integers(1, 300))
def test_exactly_the_limit_is_admitted_at_once(limit):
    answers = admitted([NOW] * (limit + 3), limit)
    assert [answer.admitted for answer in answers] == [True] * limit + [False] * 3
    assert [answer.remaining for answer in answers[:limit]] == list(range(limit))[::-1]


@given(LIMITS)
def test_after_the_whole_limit_one_comes_back_each_interval(limit):
    spent = NOW + limit * interval_of(limit)
    full_at, refused = take(spent, limit=limit, now=NOW)
    assert not refused.admitted
    assert full_at == spent
    assert refused.retry_after == interval_of(limit) / 1e6
    _, early = take(spent, limit=limit, now=NOW + interval_of(limit) - 1)
    _, in_time = take(spent, limit=limit, now=NOW + interval_of(limit))
    assert (early.admitted, in_time.admitted) == (False, True)


@given(st.lists(st.integers(0, 2_000_000), max_size=200), st.integers(1, 60))
def test_no_minute_admits_more_than_a_whole_limit_and_what_came_back_in_it(pauses, limit):
    times, now = [], NOW
    for pause in pauses:
        now += pause
        times.append(now)
    passed = [at for at, answer in zip(times, admitted(times, limit), strict=True) if answer.admitted]
    for first, begin in enumerate(passed):
        within = sum(begin <= at < begin + MINUTE for at in passed[first:])
        assert within <= 2 * limit


@given(st.integers(0, 2 * NOW), LIMITS)
def test_whatever_was_held_nobody_waits_longer_than_an_interval_for_the_next_one(held, limit):
    full_at, allowance = take(held, limit=limit, now=NOW)
    assert 0 <= allowance.retry_after <= interval_of(limit) / 1e6
    assert allowance.reset <= 60
    assert 0 <= allowance.remaining < limit
    assert full_at <= NOW + MINUTE


@given(LIMITS)
def test_the_first_request_of_all_is_admitted(limit):
    _, allowance = take(0, limit=limit, now=NOW)
    assert (allowance.admitted, allowance.remaining) == (True, limit - 1)
    assert (allowance.retry_after == 0) == (limit > 1)
