"""Values are read as the earlier service read them (CONTRACT.md 1)."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuroroute.dialects.lax import Unreadable, flag, integer, number, one_of, text, texts
from neuroroute.domain.routing import Priority

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


def whole(value):
    return integer(value, at_least=1, at_most=100)


def share(value):
    return number(value, at_least=0.0, at_most=1.0)


@pytest.mark.parametrize("value", [5, 5.0, "5", " 5 ", "+5", "5.0", "5.000", "005"])
def test_a_whole_number_may_be_written_in_many_ways(value):
    read = whole(value)
    assert read == 5
    assert type(read) is int


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (1.5, "int_from_float"), (math.inf, "int_from_float"), (math.nan, "int_from_float"), ("1.5", "int_parsing"),
        ("five", "int_parsing"), ("", "int_parsing"), ("1e1", "int_parsing"), ("0x5", "int_parsing"),
        ("9" * 5000, "int_parsing"), ("5 5", "int_parsing"), (True, "int_type"), (None, "int_type"), ([5], "int_type"),
        ({"a": 5}, "int_type"), (0, "greater_than_equal"), (-5, "greater_than_equal"), ("0", "greater_than_equal"),
        (101, "less_than_equal"), (10**400, "less_than_equal"), (1e300, "less_than_equal"),
    ],
)  # fmt: skip
def test_what_is_no_whole_number_within_bounds(value, kind):
    with pytest.raises(Unreadable) as caught:
        whole(value)
    assert caught.value.kind == kind


@pytest.mark.parametrize(
    ("value", "read"),
    [(0.3, 0.3), ("0.3", 0.3), (1, 1.0), ("1", 1.0), (" 0.5 ", 0.5), (-0.0, 0.0), ("1e-3", 0.001)],
)
def test_a_number_may_be_written_as_text(value, read):
    said = share(value)
    assert said == read
    assert type(said) is float


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("warm", "float_parsing"), ("", "float_parsing"), (math.nan, "finite_number"), (math.inf, "finite_number"),
        ("nan", "finite_number"), ("-inf", "finite_number"), ("1e999", "finite_number"), (True, "float_type"),
        (None, "float_type"), ([0.5], "float_type"), (-0.1, "greater_than_equal"), (1.1, "less_than_equal"),
        (10**400, "less_than_equal"), (-(10**400), "greater_than_equal"), ("2", "less_than_equal"),
    ],
)  # fmt: skip
def test_what_is_no_number_within_bounds(value, kind):
    with pytest.raises(Unreadable) as caught:
        share(value)
    assert caught.value.kind == kind


@pytest.mark.parametrize("value", [True, 1, 1.0, "true", "True", "TRUE", "t", "yes", "Y", "on", "1"])
def test_many_words_say_true(value):
    assert flag(value) is True


@pytest.mark.parametrize("value", [False, 0, 0.0, "false", "f", "No", "n", "OFF", "0"])
def test_many_words_say_false(value):
    assert flag(value) is False


@pytest.mark.parametrize("value", [2, -1, 0.5, math.nan, "2", "", "maybe", " true", None, [], {}, 10**400])
def test_other_words_say_neither(value):
    with pytest.raises(Unreadable) as caught:
        flag(value)
    assert caught.value.kind == "bool_parsing"


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_any_text_that_can_travel_is_taken_as_it_is(said):
    assert text(said) == said


@pytest.mark.parametrize("said", ["a\0b", "\0", "\ud800", "ü\udfff", "a\ud83d"])
def test_no_nul_and_no_half_a_surrogate_pair(said):
    with pytest.raises(Unreadable) as caught:
        text(said)
    assert caught.value.kind == "string_unicode"


@pytest.mark.parametrize("value", [5, True, None, ["a"], {"a": "b"}, 0.5])
def test_a_number_is_no_text(value):
    with pytest.raises(Unreadable) as caught:
        text(value)
    assert caught.value.kind == "string_type"


def priority(value):
    return one_of(value, allowed=Priority, names=tuple(Priority))


@pytest.mark.parametrize("value", ["speed", "quality", "cost"])
def test_a_name_is_taken_as_written(value):
    assert priority(value) is Priority(value)


@pytest.mark.parametrize("value", ["Speed", " cost", "", "cheap", 1, None, ["speed"]])
def test_another_name_is_not(value):
    with pytest.raises(Unreadable, match="'speed' or 'quality' or 'cost'"):
        priority(value)


def test_a_list_says_which_item_is_wrong():
    assert texts(["a", "b"], at_most=2) == ("a", "b")
    with pytest.raises(Unreadable) as caught:
        texts(["a", 7], at_most=2)
    assert (caught.value.kind, caught.value.inner) == ("string_type", (1,))


@pytest.mark.parametrize(
    ("value", "kind"), [("code", "list_type"), ({"a": 1}, "list_type"), (7, "list_type"), (["a"] * 3, "too_long")]
)
def test_what_is_no_list_of_texts(value, kind):
    with pytest.raises(Unreadable) as caught:
        texts(value, at_most=2)
    assert caught.value.kind == kind


@given(ANYTHING)
def test_whatever_is_said_it_is_read_or_unreadable(value):
    for reader in (text, whole, share, flag, priority, lambda said: texts(said, at_most=2)):
        try:
            reader(value)
        except Unreadable as wrong:
            assert wrong.message  # noqa: PT017 - some values are readable
