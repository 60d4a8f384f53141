"""What is read off the curve of cost and quality."""

from math import isnan, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuroroute.infrastructure.evaluation.frontier import hull, read_off, span, zero_router

AMOUNTS = st.integers(1, 1000).map(lambda number: number / 1000)
POINTS = st.lists(st.tuples(AMOUNTS, AMOUNTS), min_size=1, max_size=12)


def test_the_hull_leaves_out_what_mixing_others_beats():
    assert hull([(1, 0.2), (2, 0.3), (3, 0.8), (4, 0.7), (1, 0.1), (5, 0.8)]) == [(1, 0.2), (3, 0.8)]


def test_two_models_alone_are_worth_half_of_both():
    models = [(1.0, 0.4), (3.0, 0.8)]
    figures = read_off(models, models)
    assert figures.aiq == pytest.approx(0.6)
    assert figures.quality_at == pytest.approx((nan, 0.5, 0.65), nan_ok=True)
    assert figures.saving == 0


def test_a_router_above_the_line_gains_area_and_saves_money():
    models = [(1.0, 0.4), (3.0, 0.8)]
    figures = read_off(models, [(1.0, 0.4), (2.0, 0.8)])
    assert figures.aiq == pytest.approx((0.6 + 0.8) / 2)
    assert figures.saving == pytest.approx(1 / 3)


def test_below_its_cheapest_point_a_policy_is_mixed_with_the_cheapest_model():
    models = [(1.0, 0.4), (3.0, 0.8)]
    assert read_off(models, [(3.0, 0.8)]).aiq == pytest.approx(0.6)


def test_where_the_cheapest_model_is_the_best_there_is_no_area():
    models = [(1.0, 0.9), (3.0, 0.8)]
    assert isnan(read_off(models, models).aiq)
    assert read_off(models, models).saving == 0


def test_models_that_cost_nothing_have_no_area():
    assert isnan(read_off([(0.0, 0.5), (0.0, 0.7)], [(0.0, 0.7)]).aiq)


def test_the_zero_router_is_the_models_on_the_hull():
    assert zero_router([(3.0, 0.8), (1.0, 0.4), (2.0, 0.3), (2.0, 0.65)]) == [0, 1, 3]


def test_of_equals_the_better_is_the_cheapest_and_the_cheaper_the_best():
    assert span([(2.0, 0.8), (1.0, 0.3), (1.0, 0.4), (3.0, 0.8)]) == (2, 0)


@given(POINTS)
def test_the_hull_rises_ever_more_slowly_and_no_point_is_above_it(points):
    line = hull(points)
    costs, qualities = np.array(line).T
    steps = np.diff(qualities) / np.diff(costs)
    assert (np.diff(qualities) > 0).all()
    assert (np.diff(steps) < 1e-9).all()
    assert all(quality <= np.interp(cost, costs, qualities) + 1e-9 for cost, quality in points)


@given(POINTS, POINTS)
def test_more_points_never_lower_a_figure(models, more):
    few, many = read_off(models, models), read_off(models, [*models, *more])
    assert isnan(few.aiq) or many.aiq >= few.aiq - 1e-9
    assert many.saving >= few.saving - 1e-9
    assert all(isnan(one) or other >= one - 1e-9 for one, other in zip(few.quality_at, many.quality_at, strict=True))
