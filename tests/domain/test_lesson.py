"""What a word teaches, and whose."""

import pytest
from decisions import QUALITIES, a_decision
from hypothesis import given
from hypothesis import strategies as st

from neuroroute.domain.errors import NotStored
from neuroroute.domain.feedback import MOST_PER_CALLER, FeedbackTotal, corrected, corrections
from neuroroute.domain.lesson import surplus_of, unknown, word_on
from neuroroute.domain.quality import Estimate

DECISION = a_decision()
RULED = a_decision(rules=True)


def said(score=1.0, *, decision=DECISION, model="middle", caller="team-a"):
    return word_on(decision, model, caller=caller, score=score, at=1.5)


def test_a_word_says_whose_it_is_on_which_answer():
    word = said(0.25)
    assert (word.decision, word.caller, word.score, word.at, word.model) == (DECISION.id, "team-a", 0.25, 1.5, "middle")
    assert word.counted


@given(st.floats(0, 1))
def test_it_is_measured_against_the_prediction_before_any_correction(score):
    assert surplus_of(said(score, model="large"), DECISION) == score - QUALITIES["large"]
    candidate = next(one for one in DECISION.plan.candidates if one.model == "large")
    assert candidate.quality != QUALITIES["large"], "that had been corrected"


@pytest.mark.parametrize(("decision", "model"), [(RULED, "middle"), (DECISION, "unforeseen")])
def test_nothing_is_learned_where_nothing_was_predicted(decision, model):
    word = said(decision=decision, model=model)
    assert (word.counted, surplus_of(word, decision)) == (False, 0.0)


def test_anothers_decision_is_as_if_it_were_not_there():
    with pytest.raises(NotStored) as refused:
        said(caller="team-b")
    assert str(refused.value) == str(unknown(DECISION.id))


def test_what_nobody_answered_cannot_be_judged():
    with pytest.raises(NotStored, match="Nobody answered"):
        said(model=None)


@given(st.floats(0, 1), st.floats(0, 1), st.integers(1, 1000))
def test_what_is_learned_leads_to_what_is_said_and_never_beyond(predicted, score, count):
    """However many words, and whatever was corrected on the way."""
    total = FeedbackTotal(caller="a", model="m", count=count, surplus=count * (score - predicted))
    taught = corrected(Estimate(quality=predicted, low=predicted, high=predicted), corrections([total])["m"]).quality
    assert min(predicted, score) - 1e-9 <= taught <= max(predicted, score) + 1e-9


@given(st.integers(MOST_PER_CALLER, 10**6))
def test_a_callers_many_words_count_no_more_than_so_many(count):
    few = FeedbackTotal(caller="a", model="m", count=MOST_PER_CALLER, surplus=-float(MOST_PER_CALLER))
    many = FeedbackTotal(caller="a", model="m", count=count, surplus=-float(count))
    assert corrections([many])["m"].shift == pytest.approx(corrections([few])["m"].shift)
