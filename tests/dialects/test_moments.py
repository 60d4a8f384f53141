"""A moment is said in more than one way, and never guessed."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuroroute.dialects.moments import moment

NOON = datetime(2026, 3, 31, 12, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    "said", ["2026-03-31T12:00:00Z", "2026-03-31T14:00+02:00", "2026-03-31 12:00", "20260331T12Z", str(NOON)]
)
def test_a_moment_is_iso_8601_or_seconds(said):
    assert moment(said) == NOON


def test_a_day_is_its_beginning():
    assert moment("2026-03-31") == NOON - 12 * 3600


@given(st.datetimes(timezones=st.just(UTC)))
def test_every_moment_is_read_as_it_was_written(at):
    assert moment(at.isoformat()) == at.timestamp()


@pytest.mark.parametrize("said", ["", "now", "nan", "inf", "-1e999", "2026-13-01", "2026-03-31T12:00+25:00", "٣ days"])
def test_anything_else_is_told_what_is_allowed(said):
    with pytest.raises(ValueError, match="ISO 8601"):
        moment(said)


@given(st.text())
def test_no_text_does_worse(said):
    try:
        assert abs(moment(said)) < float("inf")
    except ValueError as wrong:
        assert "ISO 8601" in str(wrong)  # noqa: PT017 - most texts are none
