"""Calibration and the intervals of figures."""

import numpy as np
import pytest

from neuroroute.infrastructure.evaluation.calibration import calibration
from neuroroute.infrastructure.evaluation.resamples import Resamples, figure

PROMPTS = 400


def test_what_comes_true_as_predicted_is_calibrated():
    predicted = np.full((PROMPTS, 2), 0.75)
    quality = np.tile([[1.0, 0.0], [1.0, 1.0]], (PROMPTS // 2, 1))
    read = calibration(None, predicted, quality, Resamples(PROMPTS))
    assert read.ece.value == pytest.approx(0)
    assert [(one.predicted, one.observed, one.answers) for one in read.curve] == [(0.75, 0.75, 2 * PROMPTS)]


def test_what_is_wrong_by_a_fifth_has_an_error_of_a_fifth():
    predicted = np.repeat([[0.2], [1.0]], PROMPTS // 2, axis=0)
    quality = np.repeat([[0.4], [0.8]], PROMPTS // 2, axis=0)
    read = calibration("small", predicted, quality, Resamples(PROMPTS))
    assert (read.model, read.ece.value) == ("small", pytest.approx(0.2))
    assert [one.observed for one in read.curve] == pytest.approx([0.4, 0.8])
    assert read.ece.low == pytest.approx(0.2)


def test_the_same_prompts_have_the_same_intervals():
    values = np.random.default_rng(1).random((PROMPTS, 1))
    one, other = (figure(float(values.mean()), Resamples(PROMPTS).means(values)[:, 0]) for _ in range(2))
    assert one == other
    assert one.low < one.value < one.high
    assert one.high - one.low == pytest.approx(2 * 1.96 * values.std() / PROMPTS**0.5, rel=0.15)


def test_a_figure_that_some_draws_lack_has_the_interval_of_the_others():
    assert figure(1.0, np.array([np.nan, 1.0, 1.0])) == figure(1.0, np.array([1.0, 1.0]))
    assert figure(1.0, np.array([np.nan])).low is None
    assert figure(np.nan, np.array([1.0])).value is None
