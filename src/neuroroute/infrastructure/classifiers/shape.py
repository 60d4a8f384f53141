"""What can be counted of a prompt without knowing a word of its subject: its length, its form, its signs and cues."""

from math import log1p
from typing import Final, NamedTuple

from neuroroute.domain.quality import Form
from neuroroute.infrastructure.classifiers.prompt_text import Reading

NAMES: Final = (
    "size", "body", "words", "letters_per_word", "different", "digits", "numbers", "operators", "formulas", "commas",
    "stops", "questions", "quotes", "blank", "asks", "open", "negations", "cues", "facts", "reasons", "statement",
    "following", "code", "options", "option_length", "option_spread", "options_with_digits", "options_of_all",
)  # fmt: skip
"""Of the numbers of a shape, in order."""

_NEGATIONS: Final = frozenset(b"not except least false incorrect never".split())
_NUMBER_WORDS: Final = frozenset(
    b"two three four five six seven eight nine ten twelve twenty half twice double triple third quarter dozen".split()
)
_CUES: Final = frozenset(
    b"each every per total remaining left more less than times if then after before percent altogether average".split()
)
_FACTS: Final = frozenset(b"who when where".split())
_REASONS: Final = frozenset(b"why how explain".split())
_STATEMENTS: Final = frozenset(b"statement statements scenario".split())
_CODE: Final = frozenset(b"def import return include function class select".split())
_ALL_OF_THEM: Final = (b"all of", b"none of", b"both")
_ALPHANUMERIC: Final = bytes(byte for byte in range(256) if byte >= 128 or byte == 32 or chr(byte).isalnum())
_NO_OPERATORS: Final = bytes(byte for byte in range(128) if byte not in b"+*/=^<>|{}")
_MARKS: Final = tuple([style % letter for letter in b"abcdefghij"] for style in (b" %c. ", b" %c) ", b" (%c) "))
"""How answers to choose from are numbered."""


class Shape(NamedTuple):
    """What was counted."""

    form: Form
    numbers: tuple[float, ...]
    """One for each of `NAMES`: logarithms of counts, shares, and counts that are small."""


def shape_of(reading: Reading) -> Shape:
    """The shape of a text. What a cue word is was chosen on the training data alone."""
    size, flat, words, different, grams = reading
    signs = flat.translate(None, _ALPHANUMERIC)
    body, options = _options(flat) if b"a" in grams and b"b" in grams else (flat, [])
    count, read = len(words) or 1, len(flat) or 1
    digits = flat.count(b"0")
    code = b"(" in signs and not _CODE.isdisjoint(grams)
    ending = body[-1:]
    lengths = list(map(len, options))
    return Shape(
        Form.CHOICE if options else Form.CODE if code else Form.OPEN,
        (
            log1p(size),
            log1p(len(body)),
            log1p(count),
            (read - len(signs) - flat.count(b" ")) / count,
            different / count,
            digits / read,
            log1p(body.count(b" 0") + len(_NUMBER_WORDS & grams)),
            log1p(len(signs.translate(None, _NO_OPERATORS))),
            log1p(signs.count(b"$") + signs.count(b"\\")),
            log1p(signs.count(b",")),
            log1p(signs.count(b".")),
            signs.count(b"?"),
            log1p(signs.count(b'"')),
            b"__" in signs,
            ending == b"?",
            ending == b":",
            len(_NEGATIONS & grams),
            len(_CUES & grams),
            len(_FACTS & grams),
            len(_REASONS & grams),
            len(_STATEMENTS & grams),
            b"following" in grams,
            code,
            len(options),
            log1p(sum(lengths)),
            (max(lengths) - min(lengths)) / (sum(lengths) + 1) if options else 0.0,
            sum([b"0" in option for option in options]),
            sum([option.startswith(_ALL_OF_THEM) for option in options]),
        ),
    )


def _options(flat: bytes) -> tuple[bytes, list[bytes]]:
    """The text before the answers to choose from, and these; none unless there is an a and a b, numbered alike."""
    for marks in _MARKS:
        second = flat.rfind(marks[1])
        first = flat.rfind(marks[0], 0, second + 1) if second >= 0 else -1
        if first < 0:
            continue
        starts = [first, second]
        for mark in marks[2:]:
            following = flat.find(mark, starts[-1])
            if following < 0:
                break
            starts.append(following)
        end = flat.find(b" answer:", starts[-1])
        ends = [*starts[1:], end if end > 0 else len(flat)]
        length = len(marks[0])
        return flat[:first], [flat[start + length : stop] for start, stop in zip(starts, ends, strict=True)]
    return flat, []
