"""All that the predictor sees of a prompt: the one reading that training and routing share."""

from typing import NamedTuple

from neuroroute.domain.quality import Form
from neuroroute.infrastructure.classifiers.prompt_text import normalise, pairs, words
from neuroroute.infrastructure.classifiers.shape import shape_of


class PromptFeatures(NamedTuple):
    """What is counted of one prompt."""

    characters: int
    """Of the whole text."""
    form: Form
    shape: tuple[float, ...]
    """One for each of `shape.NAMES`."""
    grams: set[bytes]
    """Its different words, and different pairs of neighbours, in lower case and UTF-8."""


def features_of(text: str) -> PromptFeatures:
    """Reads any text, in time that is linear up to 100,000 characters and the same from there on. Never raises."""
    flat = normalise(text)
    tokens = words(flat)
    grams = set(tokens)
    shape = shape_of(flat, tokens, grams, len(text))
    grams.update(pairs(tokens))
    return PromptFeatures(len(text), shape.form, shape.numbers, grams)
