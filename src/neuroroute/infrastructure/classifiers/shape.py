"""What can be counted of a prompt without knowing a word of its subject: its length, its form, its signs and cues."""

from collections.abc import Set as AbstractSet
from math import log1p, sqrt
from typing import Final, NamedTuple

from neuroroute.domain.quality import Form

_NEGATIONS: Final = frozenset(b"not except least false incorrect never".split())
_NUMBER_WORDS: Final = frozenset(
    b"two three four five six seven eight nine ten twelve twenty half twice double triple third quarter dozen".split()
)
_CUES: Final = frozenset(
    b"each every per total remaining left more less than times if then after before percent altogether average".split()
)
_FACTS: Final = frozenset(b"who when where".split())
_REASONS: Final = frozenset(b"why how explain".split())
_ALL_OF_THEM: Final = (b"all of", b"none of", b"both")
_OPERATORS: Final = b"+*/=^<>\\$|{}"
_STYLES: Final = ((b" %c. ", 4), (b" %c) ", 4), (b" (%c) ", 5))
"""How answers to choose from are numbered, and how long that is."""
_LETTERS: Final = b"abcdefghij"
_MARKS: Final = tuple(([style % letter for letter in _LETTERS], length) for style, length in _STYLES)
_CODE: Final = (b">>>", b"def ", b"import ", b"#include", b"```", b"function ", b"select ", b"class ")

NAMES: Final = (
    "characters", "body", "words", "digits", "operators", "letters_per_word", "option_length", "option_spread",
    "questions", "blank", "negations", "options_with_digits", "numbers", "sentences", "commas", "different",
    "statement", "scenario", "ends_asking", "ends_open", "options_of_all", "options", "option_heads", "following",
    "formula", "code", "facts", "reasons", "quotes", "cues",
)  # fmt: skip
"""Of the numbers of a shape, in order."""


class Shape(NamedTuple):
    """What was counted."""

    form: Form
    numbers: tuple[float, ...]
    """One for each of `NAMES`: logarithms of counts, shares, and counts that are small."""


def shape_of(flat: bytes, tokens: list[bytes], different: AbstractSet[bytes], characters: int) -> Shape:
    """The shape of a text that `normalise` gave.

    Args:
        flat: the text.
        tokens: its words.
        different: the different ones of these.
        characters: of the whole prompt, where `flat` is a sample of it.
    """
    body, options = _options(flat)
    count, size = len(tokens) or 1, len(flat) or 1
    digits = flat.count(b"0")
    operators = size - len(flat.translate(None, _OPERATORS))
    code = any(map(flat.__contains__, _CODE))
    ending = body[-2:].rstrip(b" \"'")[-1:]
    lengths = list(map(len, options))
    mean = sum(lengths) / len(lengths) if lengths else 0.0
    spread = sqrt(sum([(length - mean) ** 2 for length in lengths]) / len(lengths)) if lengths else 0.0
    return Shape(
        Form.CHOICE if options else Form.CODE if code and b"(" in flat else Form.OPEN,
        (
            log1p(max(characters, size)),
            log1p(len(body)),
            log1p(count),
            digits / size,
            log1p(operators),
            sum(map(len, tokens)) / count,
            log1p(mean),
            spread / (mean + 1),
            body.count(b"?"),
            b"__" in body,
            len(_NEGATIONS & different),
            sum([b"0" in option for option in options]),
            log1p(body.count(b" 0") + len(_NUMBER_WORDS & different)),
            log1p(body.count(b". ") + body.count(b"? ")),
            log1p(body.count(b",")),
            len(different) / count,
            b"statement" in different,
            b"scenario" in different,
            ending == b"?",
            ending == b":",
            sum([option.startswith(_ALL_OF_THEM) for option in options]),
            len(options),
            len({option[:4] for option in options}),
            b"following" in different,
            log1p(flat.count(b"$") + flat.count(b"\\")),
            code,
            len(_FACTS & different),
            len(_REASONS & different),
            log1p(flat.count(b'"')),
            len(_CUES & different),
        ),
    )


def _options(flat: bytes) -> tuple[bytes, list[bytes]]:
    """The text before the answers to choose from, and these; none unless there is an (a) and a (b)."""
    for marks, length in _MARKS:
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
        return flat[:first], [flat[start + length : stop] for start, stop in zip(starts, ends, strict=True)]
    return flat, []
