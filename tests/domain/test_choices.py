"""Many choices in one go are the same choices."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuroroute.domain.objective import Option, choices, choose, exchange_at

NUMBERS = st.one_of(st.sampled_from([0.0, 0.25, 0.5, 1.0]), st.floats(0, 1))
OPTIONS = st.lists(
    st.builds(Option, model=st.sampled_from("abcdef"), quality=NUMBERS, spend=NUMBERS, most=NUMBERS), min_size=1
)


@given(OPTIONS, st.one_of(st.just(0.0), st.floats(0, 1000)))
def test_at_each_level_the_choice_is_that_of_the_level_alone(options, slope):
    exchanges = [exchange_at(level, slope) for level in range(11)]
    expected = [choose(options, exchange=exchange) for exchange in exchanges]
    assert [id(one) for one in choices(options, exchanges)] == [id(one) for one in expected]


@pytest.mark.parametrize("exchange", [inf, 1.0])
def test_of_nothing_there_is_no_choice(exchange):
    with pytest.raises(ValueError, match="nothing to choose"):
        choices([], [exchange])
