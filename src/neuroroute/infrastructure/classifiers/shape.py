"""What can be counted of a prompt without knowing a word of its subject: its length, its form, its signs and cues."""

from itertools import pairwise
from math import log1p
from typing import Final

from neuroroute.domain.quality import Form
from neuroroute.infrastructure.classifiers.prompt_text import Reading

NAMES: Final = (
    "words", "letters_per_word", "different", "digits", "numbers", "operators", "formulas", "commas", "questions",
    "blank", "cues", "code", "options", "option_length", "options_with_digits",
)  # fmt: skip
"""Of the numbers of a shape, in order. More of them made the trees worse on prompts that they had not seen."""

_NUMBER_WORDS: Final = frozenset(
    b"two three four five six seven eight nine ten twelve twenty half twice double triple third quarter dozen".split()
)
_CUES: Final = frozenset(
    b"each every per total remaining left more less than times if then after before percent altogether average".split()
)
_CODE: Final = frozenset(b"def import return include function class select".split())
_ZERO, _BRACKET = b"0("
_ALPHANUMERIC: Final = bytes(byte for byte in range(256) if byte >= 128 or byte == 32 or chr(byte).isalnum())
_NO_OPERATORS: Final = bytes(byte for byte in range(128) if byte not in b"+*/=^<>|{}")
_MARKS: Final = tuple([style % letter for letter in b"abcdefghij"] for style in (b" %c. ", b" %c) ", b" (%c) "))
"""How answers to choose from are numbered."""
_NONE: Final = list[bytes]()


def shape_of(reading: Reading) -> tuple[Form, tuple[float, ...]]:
    """The form of a prompt, and one number for each of `NAMES`: logarithms of counts, shares, and small counts."""
    flat, different = reading.flat, reading.different
    signs = flat.translate(None, _ALPHANUMERIC)
    options = _options(flat) if b"a" in different and b"b" in different else _NONE
    words, size, digits = len(reading.words) or 1, len(flat) or 1, flat.count(b"0")
    code = _BRACKET in signs and not _CODE.isdisjoint(different)
    return (
        Form.CHOICE if options else Form.CODE if code else Form.OPEN,
        (
            log1p(words),
            (size - len(signs) - flat.count(b" ")) / words,
            len(different) / words,
            digits / size,
            log1p(flat.count(b" 0") + len(_NUMBER_WORDS & different)),
            log1p(len(signs.translate(None, _NO_OPERATORS))),
            log1p(signs.count(b"$") + signs.count(b"\\")),
            log1p(signs.count(b",")),
            signs.count(b"?"),
            b"__" in signs,
            len(_CUES & different),
            code,
            len(options),
            log1p(sum(map(len, options))),
            sum([_ZERO in option for option in options]),
        ),
    )


def _options(flat: bytes) -> list[bytes]:
    """The answers to choose from; none unless there is an a and a b, numbered alike."""
    for marks in _MARKS:
        second = flat.rfind(marks[1])
        first = flat.rfind(marks[0], 0, second + 1) if second >= 0 else -1
        if first >= 0:
            starts = [first, second]
            for mark in marks[2:]:
                following = flat.find(mark, starts[-1])
                if following < 0:
                    break
                starts.append(following)
            end = flat.find(b" answer:", starts[-1])
            starts.append(end if end > 0 else len(flat))
            return [flat[start:stop] for start, stop in pairwise(starts)]
    return _NONE
