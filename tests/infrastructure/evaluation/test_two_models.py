"""APGR and CPT of a ranking, exact and on resamples."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuroroute.infrastructure.evaluation.resamples import Resamples
from neuroroute.infrastructure.evaluation.two_models import gap_figures


def figures(score, gain):
    """APGR, CPT(50) and CPT(80)."""
    return gap_figures(np.array(score, float), np.array(gain, float))[0].tolist()


def test_the_right_order_closes_the_gap_first():
    assert figures([3, 2, 1, 0], [1, 1, 0, 0]) == pytest.approx([0.75, 0.25, 0.5])


def test_the_wrong_order_closes_it_last():
    assert figures([0, 1, 2, 3], [1, 1, 0, 0]) == pytest.approx([0.25, 0.75, 1.0])


def test_prompts_of_one_score_are_asked_by_chance():
    assert figures([1, 1, 1, 1], [1, 0, 0, 1]) == pytest.approx([0.5, 0.5, 1.0])


def test_more_than_the_gap_is_closed_where_the_weak_model_is_better_at_the_rest():
    assert figures([2, 1, 0], [1, 1, -1])[0] > 1


@pytest.mark.parametrize("gain", [[0, 0], [-1, 0]])
def test_without_a_gap_there_is_no_figure(gain):
    assert np.isnan(figures([1, 2], gain)).all()


ROWS = st.lists(st.tuples(st.integers(0, 4), st.sampled_from([-1, 0, 0.5, 1])), min_size=2, max_size=30)


@given(ROWS, st.integers(0, 99))
def test_a_draw_has_the_figures_of_its_prompts_written_out(rows, seed):
    score, gain = np.array(rows, float).T
    resamples = Resamples(len(rows), number=3, seed=seed)
    drawn = gap_figures(score, gain, resamples.weights())
    for number, counts in enumerate(np.concatenate(list(resamples.weights())).astype(int)):
        written = figures(np.repeat(score, counts), np.repeat(gain, counts))
        assert drawn[number].tolist() == pytest.approx(written, nan_ok=True)
