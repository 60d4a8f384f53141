"""An id tells when its prompt came in."""

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuroroute.application.draft import new_id
from neuroroute.infrastructure.record_ids import begun, first_id, is_id, may_be_under_way

MOMENTS = st.floats(0, 4e9)


def test_an_id_that_is_made_now_began_now():
    before = time.time()
    made = new_id()
    assert before - 0.001 <= begun(made).timestamp() <= time.time()
    assert first_id(before - 0.001) < made < first_id(time.time() + 1)
    assert is_id(made)


@given(MOMENTS, MOMENTS)
def test_bounds_are_in_the_order_of_their_moments(one, other):
    assert (first_id(one) <= first_id(other)) or one > other


@given(MOMENTS)
def test_an_id_that_begins_with_a_bound_began_then_to_the_millisecond(moment):
    began = begun(first_id(moment) + "7" * 20)
    assert moment - 0.001 - 1e-6 <= began.timestamp() <= moment + 1e-6
    assert began.tzinfo is UTC


def test_before_the_epoch_there_is_none():
    assert first_id(-1) == first_id(0) == "0" * 12
    assert begun("0" * 32) == datetime(1970, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "0" * 31, "0" * 33, "A" * 32, "0" * 32 + "\n", "\u0660" * 32, "\0" * 32])
def test_other_texts_are_no_ids(text):
    assert not is_id(text)


@pytest.mark.parametrize("text", ["", "no id"])
def test_what_is_no_id_has_no_time(text):
    with pytest.raises(ValueError, match="invalid literal"):
        begun(text)


def test_what_came_in_within_the_hour_may_be_under_way():
    now = time.time()
    told = [may_be_under_way(first_id(moment) + "7" * 20) for moment in (0, now - 3601, now - 3599, now, now + 2)]
    assert told == [False, False, True, True, False]
