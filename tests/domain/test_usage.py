"""Days and months of what was used."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuroroute.domain.usage import UsageQuery, month_after, month_of, oldest_kept

MONTHS = st.dates(date(1970, 1, 1), date(9998, 1, 1)).map(lambda day: day.replace(day=1))


def test_a_query_is_of_whole_days():
    query = UsageQuery(first=date(2026, 11, 15), last=date(2026, 11, 15))
    assert (query.since, query.until) == (datetime(2026, 11, 15, tzinfo=UTC), datetime(2026, 11, 16, tzinfo=UTC))
    assert UsageQuery(first=date.min, last=date.max).until > query.until


@given(MONTHS)
def test_the_next_month_begins_when_this_one_ends(month):
    last_day = month_after(month) - timedelta(days=1)
    assert (last_day.year, last_day.month, month_after(month).day) == (month.year, month.month, 1)


def test_a_month_is_one_of_utc():
    moment = datetime.fromisoformat("2026-12-01T00:30:00+01:00")
    assert month_of(moment) == date(2026, 11, 1)


@pytest.mark.parametrize(
    ("months", "oldest"), [(1, "2026-01-01"), (2, "2025-12-01"), (14, "2024-12-01"), (10**6, "0001-01-01")]
)
def test_so_many_whole_months_are_kept_before_the_current_one(months, oldest):
    assert oldest_kept(date(2026, 2, 28), months=months) == date.fromisoformat(oldest)
