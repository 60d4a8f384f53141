"""What the figures of a backtest are, from decisions that are made up."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neuroroute.infrastructure.evaluation.backtest import Retried, Word, backtested

SHARES = st.floats(0, 1)


def retried(**fields):
    usual = {
        "kept": "dear", "other": "cheap", "cost_kept": 0.02, "cost_other": 0.005, "paid": None,
        "quality_kept": 0.8, "quality_other": 0.7, "word": None,
    }  # fmt: skip
    return Retried(**(usual | fields))


def a_word(**fields):
    usual = {"score": 1.0, "agrees": True, "propensity": 1.0, "predicted_kept": 0.8, "predicted_other": 0.8}
    return Word(**(usual | fields))


def figures(*decisions, skipped=None):
    return backtested(decisions, policy="learned", objective=5.0, predictor="v", not_replayed=skipped or {})


def heard(*words):
    return figures(*[retried(word=word) for word in words]).heard


def test_costs_add_up_and_qualities_are_means():
    found = figures(retried(), retried(other="dear", cost_other=0.02, quality_other=0.8))
    assert found.moved.value == 0.5
    assert (found.cost.kept.value, found.cost.other.value) == pytest.approx((0.04, 0.025))
    assert found.cost.difference.value == pytest.approx(-0.015)
    assert found.quality.difference.value == pytest.approx(-0.05)
    assert found.models == {"cheap": (0, 1), "dear": (2, 1)}


def test_what_is_not_known_is_left_out_of_its_figure_alone():
    found = figures(retried(), retried(cost_kept=None), retried(quality_other=None))
    assert (found.replayed, found.cost.decisions, found.quality.decisions) == (3, 2, 2)


def test_decisions_that_were_not_made_again_are_counted():
    found = figures(retried(), skipped={"no reading": 3})
    assert (found.decisions, found.replayed) == (4, 1)


def test_of_nothing_there_are_no_figures():
    found = figures(skipped={"no reading": 3})
    assert (found.moved.value, found.cost.kept.value, found.quality.difference.value) == (None, None, None)
    assert found.heard is None


def test_the_reckoning_is_held_against_what_was_paid():
    found = figures(retried(), retried(other="dear", cost_other=0.02, paid=0.03))
    assert (found.paid.decisions, found.paid.usd, found.paid.reckoned_usd) == (1, 0.03, 0.02)


def test_the_same_decisions_have_the_same_intervals():
    decisions = [retried(cost_other=0.001 * number) for number in range(30)]
    first, again = figures(*decisions), figures(*decisions)
    assert first == again
    low, high = first.cost.difference.low, first.cost.difference.high
    assert low < first.cost.difference.value < high


def test_words_are_taken_as_they_are_where_both_policies_agree():
    found = heard(a_word(score=1.0), a_word(score=0.0))
    assert (found.kept.value, found.direct.value, found.weighted.value) == (0.5, 0.5, 0.5)
    assert found.doubly_robust.value == pytest.approx(0.5)


def test_where_they_disagree_only_the_prediction_speaks():
    found = heard(a_word(agrees=False, score=0.0, predicted_other=0.9))
    assert (found.agreeing, found.direct.value, found.weighted.value) == (0, None, None)
    assert found.doubly_robust.value == pytest.approx(0.9)


def test_an_improbable_word_counts_for_those_that_were_not_asked():
    found = heard(a_word(score=1.0, propensity=0.25), a_word(score=0.0, propensity=0.75))
    assert found.explored == 2
    assert found.weighted.value == pytest.approx(4 / (4 + 4 / 3))


@settings(max_examples=15)
@given(SHARES, SHARES, SHARES, st.floats(0.2, 0.8))
def test_over_all_draws_the_doubly_robust_value_is_the_true_one(score, predicted, of_other, propensity):
    """Of two models, where each was asked with its propensity, whatever was predicted."""
    asked = a_word(score=score, propensity=propensity, predicted_kept=predicted, predicted_other=predicted)
    other = a_word(agrees=False, propensity=1 - propensity, predicted_kept=of_other, predicted_other=predicted)
    of_asked, of_another = heard(asked).doubly_robust.value, heard(other).doubly_robust.value
    assert propensity * of_asked + (1 - propensity) * of_another == pytest.approx(score)
