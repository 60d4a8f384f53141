"""What the predictor counts of a prompt, and what it does not care about."""

from math import isfinite

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuroroute.domain.quality import Form
from neuroroute.infrastructure.classifiers.prompt_features import PromptFeatures, features_of
from neuroroute.infrastructure.classifiers.prompt_text import HEAD, MOST, TAIL, WORDS
from neuroroute.infrastructure.classifiers.shape import NAMES

CHOICE = "Which of these is a noble gas?\nA. Iron\nB. Neon\nC. Sulfur\nD. Chlorine\nAnswer:"
ASCII = st.text(st.characters(max_codepoint=127), max_size=200)


def number(text: str, name: str) -> float:
    return features_of(text).shape[NAMES.index(name)]


# --- words


def test_each_word_counts_once():
    assert features_of("No neon, no light").words == {b"no", b"neon", b"light"}


def test_a_number_is_as_many_zeros_as_it_has_digits():
    assert features_of("born 1879").words == features_of("born 1955").words == {b"born", b"0000"}


def test_words_are_parted_by_punctuation_and_underscores():
    assert {b"close", b"elements"} <= features_of("def has_close_elements(numbers)").words


def test_typographic_signs_are_those_of_a_keyboard():
    typed = """It's "so" - 3 * 4..."""
    printed = (
        "It\N{RIGHT SINGLE QUOTATION MARK}s \N{LEFT DOUBLE QUOTATION MARK}so\N{RIGHT DOUBLE QUOTATION MARK} "
        "\N{EN DASH} 3\N{NO-BREAK SPACE}\N{MULTIPLICATION SIGN} 4\N{HORIZONTAL ELLIPSIS}"
    )
    assert features_of(printed) == features_of(typed)


def test_words_of_other_scripts_are_words():
    assert features_of("Привет, МИР").words == {"привет".encode(), "мир".encode()}


# --- what does not matter


@given(ASCII)
def test_case_does_not_matter(text: str):
    assert features_of(text.upper()) == features_of(text.lower()) == features_of(text)


@given(ASCII, st.sampled_from(["  ", "\n", "\t ", "\r\n\r\n"]))
def test_white_space_does_not_matter(text: str, space: str):
    assert features_of(space + space.join(text.split()) + space) == features_of(" ".join(text.split()))


@pytest.mark.parametrize(
    "polite",
    [
        "Please, {}",
        "Hello! {}",
        "Could you please tell me: {}",
        "{} Thank you very much in advance!",
        "Kindly answer this question for me: {}",
        "I would like to know: {}",
        "Hello! Could you please answer this for me? {} Thank you very much in advance!",
    ],
)
def test_polite_words_do_not_matter(polite: str):
    plain = "Which gas is lighter than air?"
    assert features_of(polite.format(plain)) == features_of(plain)


def test_words_that_only_look_polite_stay():
    assert b"pleased" in features_of("He was pleased").words
    assert b"you" in features_of("The course that you took").words


# --- form


@pytest.mark.parametrize(
    ("text", "form"),
    [
        (CHOICE, Form.CHOICE),
        ("Pick one: (a) red (b) green (c) blue", Form.CHOICE),
        ("Pick one\na) red\nb) green", Form.CHOICE),
        ("def mean(numbers):\n    return sum(numbers) / len(numbers)", Form.CODE),
        ("Who wrote Faust?", Form.OPEN),
        ("Plan A. Plan C. Neither is good", Form.OPEN),
        ("", Form.OPEN),
    ],
)
def test_tells_the_form(text: str, form: Form):
    assert features_of(text).form is form


def test_counts_the_answers_to_choose_from():
    assert number(CHOICE, "options") == 4
    assert number(CHOICE.replace("\nC. Sulfur\nD. Chlorine", ""), "options") == 2
    assert number("Who wrote Faust?", "options") == 0


def test_counts_which_answers_have_digits():
    assert number("How many? A. 3 B. 4 C. none D. all", "options_with_digits") == 2


# --- any text


HOSTILE = {
    "nothing": "",
    "one character": "?",
    "white space": " \n\t",
    "a lone surrogate": "\ud800",
    "NUL": "a\0b",
    "emoji": "👩‍👩‍👧 ok?",
    "ideographs": "東京はどこですか",
    "one word of a megabyte": "a" * 1_000_000,
    "newlines": "\n" * 100_000,
    "a million spaces": " " * 1_000_000,
    "options without end": "a. b. c. d. " * 10_000,
    "polite without end": "please thank you " * 10_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_reads_anything(text: str):
    seen = features_of(text)
    assert len(seen.shape) == len(NAMES)
    assert all(isfinite(value) for value in seen.shape)
    assert len(seen.words) <= WORDS


@given(st.text(max_size=300))
def test_never_raises(text: str):
    assert isinstance(features_of(text), PromptFeatures)


def test_of_a_long_text_the_head_and_the_tail_are_read():
    filler = "word " * (HEAD + TAIL)
    seen = features_of(f"first {filler} middle {filler} last").words
    assert b"first" in seen
    assert b"last" in seen
    assert b"middle" not in seen


def test_beyond_100_000_characters_the_first_and_last_half_are_read():
    one, other = features_of("x " * MOST), features_of("x " * (2 * MOST))
    assert (one.shape, one.words) == (other.shape, other.words)
    assert other.characters - one.characters == 2 * MOST


@pytest.mark.parametrize(
    ("text", "characters"),
    [("", 0), (" \n ", 0), ("Is  it?\n", 6), ("Please, is it?", 6), ("東京 \t都", 4), ("word " * 10_000, 49_999)],
)
def test_counts_the_characters_of_all_of_it(text: str, characters: int):
    assert features_of(text).characters == characters
