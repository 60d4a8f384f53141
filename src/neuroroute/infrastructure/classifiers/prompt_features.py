"""All that the predictor sees of a prompt: the one reading that training and routing share."""

from collections.abc import Set as AbstractSet

from msgspec import Struct

from neuroroute.domain.quality import Form
from neuroroute.infrastructure.classifiers.prompt_text import read
from neuroroute.infrastructure.classifiers.shape import shape_of


class PromptFeatures(Struct, frozen=True, gc=False):
    """What is counted of one prompt."""

    characters: int
    """Of the whole text, without polite words and but one for any white space: they neither cost nor matter."""
    form: Form
    shape: tuple[float, ...]
    """One for each of `shape.NAMES`."""
    words: AbstractSet[bytes]
    """Its different words, in lower case and UTF-8. A number is as many zeros as it has digits."""


def features_of(text: str) -> PromptFeatures:
    """Reads any text, in time that is linear up to 100,000 characters and the same from there on. Never raises."""
    reading = read(text)
    form, shape = shape_of(reading)
    return PromptFeatures(reading.characters, form, shape, reading.different)
