"""JSON as every surface reads it: nothing that two parsers could understand differently."""

import json
import math
from collections.abc import Callable
from typing import NoReturn

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
    if text.count("[") + text.count("{") > MAX_DEPTH and _depth(value) > MAX_DEPTH:
        raise MalformedBody(f"The body is nested deeper than {MAX_DEPTH}")
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
