"""JSON as every surface reads it: nothing that two parsers could understand differently."""

import json
import math
import re
from collections.abc import Callable, Iterator
from typing import Final, NoReturn

from neuroroute.domain.errors import PromptRejected

_BOM = b"\xef\xbb\xbf"
MAX_DEPTH = 64
"""Arrays and objects within each other; deeper is refused (no client of ours comes near)."""


class MalformedBody(PromptRejected):
    """The body is not the JSON that we read."""

    def __init__(self, message: str, *, offset: int = 0, encoded: bool = True) -> None:
        super().__init__(message)
        self.offset = offset
        """Character at which reading failed."""
        self.encoded = encoded
        """False when it is not even UTF-8."""


def read_json(body: bytes) -> object:
    """The value that `body` says: UTF-8 with or without a byte order mark, no key twice, no NaN, depth <= 64.

    Raises:
        MalformedBody: it is none.
    """
    try:
        text = body.removeprefix(_BOM).decode().strip(_SPACE)
    except UnicodeDecodeError as error:
        raise MalformedBody("The body is not UTF-8", offset=error.start, encoded=False) from error
    try:
        value, end = _read(text)
    except json.JSONDecodeError as error:
        raise MalformedBody(f"The body is not JSON: {error.msg}", offset=error.pos) from error
    except RecursionError as error:
        raise MalformedBody(f"The body is nested deeper than {MAX_DEPTH}") from error
    except ValueError as error:  # an integer of thousands of digits
        raise MalformedBody("The body holds a number that is too long") from error
    if end != len(text):
        raise MalformedBody("The body is not JSON: something follows it", offset=end)
    # To count in a long text takes longer than to walk through what it says.
    if (len(text) > _LONG or text.count("[") + text.count("{") > MAX_DEPTH) and _depth(value) > MAX_DEPTH:
        raise MalformedBody(f"The body is nested deeper than {MAX_DEPTH}")
    return value


def read_text_json(body: bytes) -> object:
    """The same, whose texts any database can keep and any provider can be sent: no NUL, no half of a surrogate pair.

    Raises:
        MalformedBody: it is none.
    """
    value = read_json(body)
    # UTF-8 holds neither, nor does JSON a bare NUL: only an escape brings one. Most bodies have no escape at all.
    if b"\\" in body and _ESCAPED.search(body) and any(map(_UNSAFE.search, _texts(value))):
        raise MalformedBody("The body holds a NUL character or half of a surrogate pair")
    return value


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise MalformedBody("The body says one key twice")
    return members


def _no_constant(name: str) -> NoReturn:
    raise MalformedBody(f"The body holds {name}, which is not JSON")


def _finite(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise MalformedBody("The body holds a number that is too large")
    return value


_ESCAPED: Final = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
_UNSAFE: Final = re.compile("[\0\ud800-\udfff]")
_LONG: Final = 1 << 15
_SPACE = " \t\n\r"
# Not `decode`, which spends as much time on the space around a value as on a short value.
_read: Callable[[str], tuple[object, int]] = json.JSONDecoder(
    object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_finite
).raw_decode


def _depth(value: object) -> int:
    """Levels of arrays and objects, counted without recursion."""
    depth, level = 0, [value]
    while level:
        inner: list[object] = []
        for item in level:
            if isinstance(item, dict):
                inner.extend(item.values())  # pyright: ignore[reportUnknownArgumentType, reportUnknownMemberType] - any JSON
            elif isinstance(item, list):
                inner.extend(item)  # pyright: ignore[reportUnknownArgumentType] - any JSON
            else:
                continue
        depth += bool(inner) or any(isinstance(item, dict | list) for item in level)
        level = inner
    return depth


def _texts(value: object) -> Iterator[str]:
    """All in it, names of members too."""
    left = [value]
    while left:
        item = left.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, list):
            left.extend(item)  # pyright: ignore[reportUnknownArgumentType] - any JSON
        elif isinstance(item, dict):
            left.extend(item)  # pyright: ignore[reportUnknownArgumentType] - any JSON
            left.extend(item.values())  # pyright: ignore[reportUnknownArgumentType, reportUnknownMemberType] - any JSON
