"""What is read off the curve of cost and quality."""

from math import isnan, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuroroute.infrastructure.evaluation.frontier import Points, hull, read_off, span, zero_router

AMOUNTS = st.integers(1, 1000).map(lambda number: number / 1000)
POINTS = st.lists(st.tuples(AMOUNTS, AMOUNTS), min_size=1, max_size=12)


def drawn(points):
    """One draw."""
    costs, qualities = np.array(points, float).T
    return Points(costs[None], qualities[None])


def line_of(points):
    corners = hull(drawn(points))
    return list(dict.fromkeys(zip(corners.costs[0].tolist(), corners.qualities[0].tolist(), strict=True)))


def read(models, policy):
    """AIQ, quality at a quarter, half and three quarters of the cost, and the saving."""
    return read_off(drawn(models), drawn(policy))[0].tolist()


def test_the_hull_leaves_out_what_mixing_others_beats():
    assert line_of([(1, 0.2), (2, 0.3), (3, 0.8), (4, 0.7), (1, 0.1), (5, 0.8)]) == [(1, 0.2), (3, 0.8)]


MODELS = [(1.0, 0.4), (3.0, 0.8)]


def test_two_models_alone_are_worth_half_of_both():
    assert read(MODELS, MODELS) == pytest.approx([0.6, nan, 0.5, 0.65, 0], nan_ok=True)


def test_a_router_above_the_line_gains_area_and_saves_money():
    figures = read(MODELS, [(1.0, 0.4), (2.0, 0.8)])
    assert (figures[0], figures[-1]) == pytest.approx(((0.6 + 0.8) / 2, 1 / 3))


def test_below_its_cheapest_point_a_policy_is_mixed_with_the_cheapest_model():
    assert read(MODELS, [(3.0, 0.8)])[0] == pytest.approx(0.6)


def test_where_the_cheapest_model_is_the_best_there_is_no_area():
    models = [(1.0, 0.9), (3.0, 0.8)]
    figures = read(models, models)
    assert isnan(figures[0])
    assert figures[-1] == 0


def test_models_that_cost_nothing_have_no_area():
    assert isnan(read([(0.0, 0.5), (0.0, 0.7)], [(0.0, 0.7)])[0])


def test_the_zero_router_is_the_models_on_the_hull():
    assert zero_router(*np.array([(3.0, 0.8), (1.0, 0.4), (2.0, 0.3), (2.0, 0.65)]).T) == [0, 1, 3]


def test_of_equals_the_better_is_the_cheapest_and_the_cheaper_the_best():
    assert span(*np.array([(2.0, 0.8), (1.0, 0.3), (1.0, 0.4), (3.0, 0.8)]).T) == (2, 0)


@given(POINTS)
def test_the_hull_rises_ever_more_slowly_and_no_point_is_above_it(points):
    line = line_of(points)
    costs, qualities = np.array(line).T
    steps = np.diff(qualities) / np.diff(costs)
    assert (np.diff(qualities) > 0).all()
    assert (np.diff(steps) < 1e-9).all()
    assert all(quality <= np.interp(cost, costs, qualities) + 1e-9 for cost, quality in points)


@given(POINTS, POINTS)
def test_more_points_never_lower_a_figure(models, more):
    few, many = read(models, models), read(models, [*models, *more])
    assert all(isnan(one) or other >= one - 1e-9 for one, other in zip(few, many, strict=True))


@given(st.lists(st.tuples(AMOUNTS, AMOUNTS, AMOUNTS, AMOUNTS), min_size=6, max_size=6))
def test_draws_do_not_touch_each_other(rows):
    table = np.array(rows).reshape(2, 3, 4)
    models, policy = Points(table[:, :, 0], table[:, :, 1]), Points(table[:, :, 2], table[:, :, 3])
    alone = [
        read_off(Points(*(each[[at]] for each in models)), Points(*(each[[at]] for each in policy))) for at in (0, 1)
    ]
    assert read_off(models, policy) == pytest.approx(np.concatenate(alone), nan_ok=True)


@given(POINTS, POINTS)
def test_the_area_is_that_under_the_line(models, policy):
    (costs, qualities), (cheapest, best) = np.array(models).T, span(*np.array(models).T)
    least, most = costs[cheapest], costs[best]
    if most > least:
        line = np.array(line_of([*policy, (least, qualities[cheapest])])).T
        at = np.linspace(least, most, 20_001)
        assert read(models, policy)[0] == pytest.approx(np.interp(at, *line).mean(), abs=1e-3)
