r"""A text's words: what `re` finds for `\w+`, several times as fast, since hostile input is all words."""

import re
from typing import Final


def _separates(character: str) -> bool:
    return not (character.isalnum() or character == "_")


_ASCII: Final = str.maketrans(dict.fromkeys(filter(_separates, map(chr, range(128))), " "))
_BYTES: Final = bytes(ord(" ") if byte < 128 and _separates(chr(byte)) else byte for byte in range(256))
_OTHER: Final = re.compile(r"[^\w ]")
_KINDS: Final = 8
"""Kinds of separators beyond ASCII replaced one by one, which is far quicker per occurrence than a regular expression;
a language's own quotes and dashes are fewer."""


def words(text: str) -> list[str]:
    r"""Its words in order: what `re` finds for `\w+`."""
    return _spaced(text).split()


def _spaced(text: str) -> str:
    """The text with a space for every character that is in no word."""
    if text.isascii():
        return text.translate(_ASCII)
    # In UTF-8 every ASCII byte is a character, so all of ASCII is one look-up table. A lone surrogate is no error here.
    spaced = text.encode("utf-8", "surrogatepass").translate(_BYTES).decode("utf-8", "surrogatepass")
    start = 0
    for _ in range(_KINDS):
        other = _OTHER.search(spaced, start)
        if other is None:
            return spaced
        start = other.start()
        spaced = spaced.replace(other[0], " ")
    return _OTHER.sub(" ", spaced)
