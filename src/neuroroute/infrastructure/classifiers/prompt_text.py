"""A prompt as the predictor reads it: what changes nothing about a question is taken away before anything is counted.

Case, white space, typographic signs, polite words and the digits of numbers do not matter; how many digits a number
has does. Bytes, not characters: a look-up table of 256 is the quickest pass over a text that there is.
"""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

MOST: Final = 100_000
"""Characters. Of a longer prompt the first and the last half as many are read."""
HEAD: Final = 6000
TAIL: Final = 3000
"""Bytes at the beginning and at the end that are read when, white space apart, a text is longer than both together."""

_PLAIN: Final = (("\N{NO-BREAK SPACE}", " "), ("\N{IDEOGRAPHIC SPACE}", " "), ("\N{LEFT SINGLE QUOTATION MARK}", "'"),
    ("\N{RIGHT SINGLE QUOTATION MARK}", "'"), ("\N{LEFT DOUBLE QUOTATION MARK}", '"'),
    ("\N{RIGHT DOUBLE QUOTATION MARK}", '"'), ("\N{EN DASH}", "-"), ("\N{EM DASH}", "-"), ("\N{MINUS SIGN}", "-"),
    ("\N{MULTIPLICATION SIGN}", "*"), ("\N{HORIZONTAL ELLIPSIS}", "..."))  # fmt: skip
"""Signs that a word processor puts where a keyboard has others."""

_POLITE: Final = re.compile(
    rb"\b(?:"
    rb"please|kindly|(?:many )?thank(?:s| you)(?: (?:very|so) much| a lot)?(?: in advance)?|hello(?: there)?|hi there|"
    rb"dear assistant|(?:could|can|would|will) you(?: be so kind as to)?|i(?: would|'d) like(?: you)? to(?: know)?|"
    rb"i was wondering(?: if)?|do you know|tell me|(?:help(?: me)? with|(?:have a )?look at|answer) this"
    rb"(?: (?:one|question))?|for me"
    rb")\b[,.!:]? ?"
)
_SIGNS: Final = (b"please", b"kindly", b"thank", b"hello", b"hi there", b"dear ass", b"d you ", b"n you ", b"ll you ",
    b"d like", b"wondering", b"o you know", b"tell me", b" this", b"for me")  # fmt: skip
"""One of these is in every text that has a polite phrase; looking for each is cheaper than for the phrases."""


def _lowered(byte: int) -> int:
    return ord("0") if chr(byte).isdigit() and byte < 128 else ord(chr(byte).lower()) if byte < 128 else byte


_LOWER: Final = bytes(map(_lowered, range(256)))
_WORDS: Final = bytes(byte if byte >= 128 or chr(byte).isalnum() else ord(" ") for byte in range(256))


def normalise(text: str) -> bytes:
    """`text` in lower case, one space for any white space, 0 for any digit, without polite words, in UTF-8."""
    if len(text) > MOST:
        text = f"{text[: MOST // 2]} {text[-MOST // 2 :]}"
    if not text.isascii():
        text = text.lower()
        for sign, plain in _PLAIN:
            text = text.replace(sign, plain)
    flat = b" ".join(text.encode("utf-8", "surrogatepass").translate(_LOWER).split())
    if len(flat) > HEAD + TAIL:
        flat = flat[:HEAD] + b" " + flat[-TAIL:]
    for sign in _SIGNS:
        if sign in flat:
            return _POLITE.sub(b"", flat).strip()
    return flat


def words(flat: bytes) -> list[bytes]:
    """The words and numbers of a text that `normalise` gave, in order: all but punctuation."""
    return flat.translate(_WORDS).split()


def pairs(tokens: list[bytes]) -> Iterator[bytes]:
    """Neighbours, joined by a space."""
    return map(b" ".join, pairwise(tokens))
