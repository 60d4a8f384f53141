"""What callers say corrects what is predicted: little by little, and nobody by more than their share."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from neuroroute.domain.feedback import DOUBT, MOST_PER_CALLER, Correction, FeedbackTotal, corrected, corrections
from neuroroute.domain.model import ModelId
from neuroroute.domain.quality import Estimate

MODEL = ModelId("a")


@st.composite
def totals(draw, caller="anyone"):
    """A word adds -1..1."""
    number = draw(st.integers(1, 10**6))
    return FeedbackTotal(caller=caller, model=MODEL, count=number, surplus=number * draw(st.floats(-1, 1)))


def words(caller, count, each):
    return FeedbackTotal(caller=caller, model=MODEL, count=count, surplus=count * each)


OTHERS = st.lists(totals(), max_size=5)


def shift(*of):
    return corrections(of)[MODEL].shift if of else 0.0


@given(OTHERS, totals("one"))
def test_one_callers_words_move_a_model_by_no_more_than_their_share(others, one):
    """Whatever the number of them."""
    weight = sum(min(other.count, MOST_PER_CALLER) for other in others)
    most = 2 * MOST_PER_CALLER / (weight + MOST_PER_CALLER + DOUBT)
    assert abs(shift(*others, one) - shift(*others)) <= most + 1e-9


@given(OTHERS, totals("one"), st.floats(0, 1))
def test_better_words_never_make_a_model_worse(others, one, more):
    assert shift(*others, one) <= shift(*others, replace(one, surplus=one.surplus + more)) + 1e-12


@given(st.lists(totals(), min_size=1))
def test_a_correction_is_less_than_what_was_said(said):
    assert abs(shift(*said)) < 1


@given(st.floats(-1, 1), st.integers(1, MOST_PER_CALLER - 1))
def test_more_words_of_the_same_kind_never_teach_less(each, count):
    assert abs(shift(words("one", count, each))) <= abs(shift(words("one", count + 1, each)))


def test_beyond_the_most_of_one_caller_more_words_change_nothing():
    assert shift(words("one", 10**9, 0.5)) == pytest.approx(shift(words("one", MOST_PER_CALLER, 0.5)))


def test_many_callers_outweigh_one_who_shouts():
    crowd = [words(f"caller {number}", MOST_PER_CALLER, 0.2) for number in range(10)]
    assert shift(*crowd, words("one", 10**9, -1.0)) > 0


def test_a_correction_says_how_many_words_it_rests_on():
    assert corrections([words("one", 500, 0.1), words("two", 3, 0.1)])[MODEL].words == 503


def test_who_said_nothing_teaches_nothing():
    assert corrections([words("one", 0, 0.0)]) == {}


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.floats(-1, 1))
def test_what_is_corrected_stays_a_share_in_its_interval(one, two, three, shift):
    low, quality, high = sorted([one, two, three])
    after = corrected(Estimate(quality=quality, low=low, high=high), Correction(shift=shift, words=1))
    assert 0 <= after.low <= after.quality <= after.high <= 1


def test_without_a_word_nothing_is_corrected():
    estimate = Estimate(quality=0.5, low=0.4, high=0.6)
    assert corrected(estimate, None) is estimate
