"""A prompt as the predictor reads it: what changes nothing about a question is taken away before anything is counted.

Case, white space, typographic signs, polite words and the digits of numbers do not matter; how many digits a number
has does. Bytes, not characters: a look-up table of 256 is the quickest pass over a text that there is.
"""

import re
from typing import Final

from msgspec import Struct

MOST: Final = 100_000
"""Characters. Of a longer prompt the first and the last half as many are read."""
HEAD: Final = 4000
TAIL: Final = 2000
"""Bytes at the beginning and at the end that are looked at when, white space apart, there are more than both."""
WORDS: Final = 1000
"""Of which so many are read at most: the first and the last half as many."""

_PLAIN: Final = (
    ("\N{NO-BREAK SPACE}", " "),
    ("\N{IDEOGRAPHIC SPACE}", " "),
    ("\N{LEFT SINGLE QUOTATION MARK}", "'"),
    ("\N{RIGHT SINGLE QUOTATION MARK}", "'"),
    ("\N{LEFT DOUBLE QUOTATION MARK}", '"'),
    ("\N{RIGHT DOUBLE QUOTATION MARK}", '"'),
    ("\N{EN DASH}", "-"),
    ("\N{EM DASH}", "-"),
    ("\N{MINUS SIGN}", "-"),
    ("\N{MULTIPLICATION SIGN}", "*"),
    ("\N{HORIZONTAL ELLIPSIS}", "..."),
)
"""Signs that a word processor puts where a keyboard has others."""

_POLITE: Final = re.compile(
    rb"\b(?:"
    rb"please|kindly|(?:many )?thank(?:s| you)(?: (?:very|so) much| a lot)?(?: in advance)?|hello(?: there)?|hi there|"
    rb"dear assistant|(?:could|can|would|will) you(?: be so kind as to)?|i(?: would|'d) like(?: you)? to(?: know)?|"
    rb"i was wondering(?: if)?|do you know|tell me|for me|"
    rb"(?:help(?: me)? with|(?:have a )?look at|answer) this(?: (?:one|question))?(?: for me)?\b\??"
    rb")(?!\w)[,.!:]? ?"
)
_POLITE_WORDS: Final = frozenset(b"please kindly thank thanks hello hi assistant wondering".split())
_COMMON_WORDS: Final = frozenset(b"you like this me".split())
_PAIRS: Final = (b"could you", b"can you", b"would you", b"will you", b"like to", b"like you", b"you know", b"tell me",
    b"for me", b"with this", b"at this", b"answer this")  # fmt: skip
"""Every polite phrase has one of the words, or a common one and a pair: looking for these is cheap, and finds few."""


def _lowered(byte: int) -> int:
    if byte >= 128:
        return byte
    return ord("0") if chr(byte).isdigit() else ord(chr(byte).lower())


_LOWER: Final = bytes(map(_lowered, range(256)))
_WORDS: Final = bytes(byte if byte >= 128 or chr(byte).isalnum() else ord(" ") for byte in range(256))


class Reading(Struct, frozen=True, gc=False):
    """A text without what does not matter."""

    characters: int
    """Of all of it."""
    flat: bytes
    """It, or the beginning and the end of it, with one space for any white space."""
    words: list[bytes]
    """All but punctuation, in order."""
    different: set[bytes]
    """These, each once."""


def read(text: str) -> Reading:
    """Any text, in time that grows no faster than its length, and no longer beyond `MOST`."""
    passed_over = 0
    if len(text) > MOST:
        passed_over = len(text) - MOST
        text = f"{text[: MOST // 2]} {text[-MOST // 2 :]}"
    if not text.isascii():
        text = text.lower()
        for sign, plain in _PLAIN:
            text = text.replace(sign, plain)
    encoded = text.encode("utf-8", "surrogatepass")
    flat = b" ".join(encoded.translate(_LOWER).split())
    # What is taken away is ASCII: as many bytes as characters.
    characters = passed_over + len(text) - len(encoded) + len(flat)
    if len(flat) > HEAD + TAIL:
        flat = b"%b %b" % (flat[:HEAD], flat[-TAIL:])
    reading = _counted(characters, flat)
    if not _may_be_polite(reading):
        return reading
    plain = _POLITE.sub(b"", flat).strip()
    return _counted(characters - len(flat) + len(plain), plain)


def _may_be_polite(reading: Reading) -> bool:
    different = reading.different
    return not _POLITE_WORDS.isdisjoint(different) or (
        not _COMMON_WORDS.isdisjoint(different) and max(map(reading.flat.find, _PAIRS)) >= 0
    )


def _counted(characters: int, flat: bytes) -> Reading:
    words = flat.translate(_WORDS).split()
    if len(words) > WORDS:
        words = words[: WORDS // 2] + words[-WORDS // 2 :]
    return Reading(characters, flat, words, set(words))
