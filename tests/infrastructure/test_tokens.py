"""How near the count comes to the truth."""

import random
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from splintr import Tokenizer

from neuroroute.domain.prompt import Message, Prompt, Role
from neuroroute.infrastructure.tokens import EXACT_BYTES, MESSAGE_TOKENS, PROMPT_TOKENS, VOCABULARY, SplintrCounter

COUNTER = SplintrCounter()
TOKENIZER = Tokenizer.from_pretrained(VOCABULARY)
AROUND = PROMPT_TOKENS + MESSAGE_TOKENS
WORDS = ("the", "Capital", "of", "France", "is", "Straße", "東京", "def f(x):", "\n\n", "0x1f", "🗼", "{}", "  ")
SOUP = st.lists(st.sampled_from(WORDS), max_size=200).map(" ".join)


def counted(text):
    return COUNTER.count(Prompt((Message(Role.USER, text),))) - AROUND


def exactly(text):
    return len(TOKENIZER.encode_ordinary(text))


@given(SOUP)
def test_a_text_of_ordinary_size_is_counted_exactly(text):
    assert counted(text) == exactly(text)


def test_words_that_look_like_orders_to_a_model_are_words():
    assert counted("<|endoftext|>") == exactly("<|endoftext|>") > 1


def test_up_to_its_size_a_text_is_counted_exactly():
    text = ("a word, " * EXACT_BYTES)[:EXACT_BYTES]
    assert counted(text) == exactly(text)


@settings(max_examples=20)
@given(SOUP.filter(str.strip), st.integers(2, 20))
def test_a_long_text_of_one_kind_is_rather_too_many_than_too_few(text, times):
    long = (text + " ") * (times * EXACT_BYTES // len(text.encode()))
    assert exactly(long) <= counted(long) <= 1.3 * exactly(long) + 100


@pytest.mark.parametrize("place", [0.0, 0.5, 0.9])
def test_the_densest_part_of_a_long_text_stands_for_all_of_it(place):
    noise = "".join(random.Random(7).choices(string.ascii_letters, k=400_000))
    words = "a word, " * 100_000
    text = words[: int(place * len(words))] + noise + words[int(place * len(words)) :]
    assert exactly(text) < counted(text) <= 1.02 * len(text) + 1
