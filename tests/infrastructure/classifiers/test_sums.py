"""Words, trees and distances add up: exactly, in any order, and to what one by one would give."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neuroroute.infrastructure.classifiers.forest import Forest
from neuroroute.infrastructure.classifiers.lanes import Lanes
from neuroroute.infrastructure.classifiers.lexicon import Lexicon, weight_of
from neuroroute.infrastructure.classifiers.skills import distance
from neuroroute.infrastructure.classifiers.weights import SHIPPED, Looks, Trees, read_weights

WEIGHTS = read_weights(SHIPPED)
LEXICONS = {(lane, lanes): Lexicon(WEIGHTS, lane, lanes) for lane, lanes in ((0, 19), (20, 2), (22, 0))}
"""Those of both families, whose last lanes say which words they know, and one of no lane but that."""


@settings(deadline=None)
@given(
    st.sampled_from(list(LEXICONS)),
    st.sets(st.sampled_from(WEIGHTS.words), max_size=1000),
    st.sets(st.binary(max_size=3), max_size=20),
)
def test_words_add_up_exactly_whatever_their_order(place: tuple[int, int], some: set[bytes], unknown: set[bytes]):
    lexicon, (lane, lanes) = LEXICONS[place], place
    words = [*some, *unknown - set(WEIGHTS.words)]
    rows = WEIGHTS.table[[row for row, word in enumerate(WEIGHTS.words) if word in some]].astype(np.int64)
    known = rows[rows[:, lane + lanes] != 0][:, lane : lane + lanes + 1]
    exact = known.sum(axis=0) * WEIGHTS.scales[lane : lane + lanes + 1] * weight_of(len(words))
    sums, share = lexicon.sums(words)
    assert sums == pytest.approx(exact[:-1], rel=1e-12, abs=1e-15)
    assert share == pytest.approx(exact[-1] * weight_of(len(words)), rel=1e-12)
    random.Random(0).shuffle(words)
    assert lexicon.sums(words) == lexicon.sums(words[::-1])


def test_no_word_adds_up_to_nothing():
    assert [lexicon.sums(set()) for lexicon in LEXICONS.values()] == [([0.0] * 19, 0), ([0.0] * 2, 0), ([], 0)]


@given(st.lists(st.lists(st.integers(-(2**31) // 40, 2**31 // 40), min_size=4, max_size=4), max_size=40))
def test_packed_rows_add_up_lane_by_lane(rows: list[list[int]]):
    lanes = Lanes([1.0] * 4)
    packed = lanes.packed(np.array(rows, dtype=np.int32).reshape(-1, 4))
    assert lanes.unpacked(sum(packed)) == [sum(column) for column in zip([0] * 4, *rows, strict=True)]


def trees(count: int) -> Trees:
    numbers = np.random.default_rng(count)
    return Trees(
        numbers.integers(0, 5, (count, 4)), numbers.normal(size=(count, 4)), numbers.normal(size=(count, 16, 3))
    )


def one_by_one(grown: Trees, shape: list[float]):
    leaves = [
        int("".join(str(int(shape[feature] > threshold)) for feature, threshold in zip(asked, at, strict=True)), 2)
        for asked, at in zip(grown.features, grown.thresholds, strict=True)
    ]
    return sum(values[leaf] for values, leaf in zip(grown.values, leaves, strict=True))


@given(st.integers(1, 9), st.lists(st.floats(-3, 3), min_size=5, max_size=5))
def test_all_trees_at_once_are_each_by_itself(count: int, shape: list[float]):
    grown = trees(count)
    assert Forest(grown).sums(shape) == pytest.approx(one_by_one(grown, shape), abs=1e-6)


@pytest.mark.parametrize("count", range(1, 10))
def test_a_number_at_its_threshold_is_not_above_it(count: int):
    grown, shape = trees(count), [0.0] * 5
    for feature, threshold in zip(grown.features.ravel(), grown.thresholds.ravel(), strict=True):
        shape[feature] = float(threshold)
    assert Forest(grown).sums(shape) == pytest.approx(one_by_one(grown, shape), abs=1e-6)


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=2))
def test_a_shape_is_as_far_as_its_numbers_and_never_farther_than_nine(shape: list[float]):
    looks = Looks(middle=(1.0, -2.0), near=(2.0, 0.5))
    assert 0 <= distance(shape, looks) <= 9
    assert distance([1.0, -2.0], looks) == 0
    assert distance([2.0, 0.0], looks) == pytest.approx((4 + 1) / 2)
