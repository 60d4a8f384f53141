"""Values as the earlier service read them: "5" is a number and "yes" is true (CONTRACT.md 1, request bodies)."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeVar

import msgspec
from msgspec import Struct

T = TypeVar("T")

_INTEGER = re.compile(r"[+-]?[0-9]{1,4000}(?:\.0{0,100})?")
_TRUE = frozenset(("true", "t", "yes", "y", "on", "1"))
_FALSE = frozenset(("false", "f", "no", "n", "off", "0"))
_UNSAFE = re.compile("[\0\ud800-\udfff]")
TEXT: Final = r"^[^\x00]*$"
"""What the OpenAPI document says of a text: JSON in UTF-8 says half a surrogate pair nowhere."""
LINE: Final = r"[^\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
"""A character of a text on one line: no control, and nothing that is not seen."""


class AnyJson(str):
    """The text of any JSON."""

    __slots__ = ()


class Problem(Struct, frozen=True):
    """One thing that is wrong with a request, in the earlier service's shape."""

    type: str
    loc: tuple[str | int, ...]
    msg: str


class Unreadable(ValueError):
    """A value that does not say what its field asks for."""

    def __init__(self, kind: str, message: str, *inner: str | int) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.inner = inner
        """Where within the value."""


def text(value: object, *, at_most: int | None = None) -> str:
    """A string without NUL and without half a surrogate pair, which no database and no wire can carry."""
    if not isinstance(value, str):
        raise Unreadable("string_type", "Input should be a valid string")
    if at_most is not None and len(value) > at_most:
        raise Unreadable("string_too_long", f"String should have at most {at_most} characters")
    if ("\0" in value or not value.isascii()) and _UNSAFE.search(value):
        raise Unreadable("string_unicode", "Input should hold no NUL and no lone surrogate")
    return value


def number(value: object, *, at_least: float, at_most: float) -> float:
    """A finite number, or a string that says one."""
    if isinstance(value, bool):
        raise Unreadable("float_type", "Input should be a valid number")
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            raise Unreadable("float_parsing", "Input should be a valid number, unable to parse string") from None
    if not isinstance(value, int | float):
        raise Unreadable("float_type", "Input should be a valid number")
    if isinstance(value, float) and not math.isfinite(value):
        raise Unreadable("finite_number", "Input should be a finite number")
    if value < at_least:
        raise Unreadable("greater_than_equal", f"Input should be greater than or equal to {at_least:g}")
    if value > at_most:
        raise Unreadable("less_than_equal", f"Input should be less than or equal to {at_most:g}")
    return float(value)


def integer(value: object, *, at_least: int, at_most: int) -> int:
    """A whole number, 5.0 too, or a string that says one."""
    if isinstance(value, str):
        stripped = value.strip()
        if not _INTEGER.fullmatch(stripped):
            raise Unreadable("int_parsing", "Input should be a valid integer, unable to parse string as an integer")
        value = int(stripped.partition(".")[0])
    if isinstance(value, float):
        if not value.is_integer():
            raise Unreadable("int_from_float", "Input should be a valid integer, got a number with a fractional part")
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise Unreadable("int_type", "Input should be a valid integer")
    if value < at_least:
        raise Unreadable("greater_than_equal", f"Input should be greater than or equal to {at_least}")
    if value > at_most:
        raise Unreadable("less_than_equal", f"Input should be less than or equal to {at_most}")
    return value


def flag(value: object) -> bool:
    """A boolean, or a word or number that says one."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        if (word := value.lower()) in _TRUE or word in _FALSE:
            return word in _TRUE
    elif isinstance(value, int | float) and value in {0, 1}:
        return bool(value)
    raise Unreadable("bool_parsing", "Input should be a valid boolean, unable to interpret input")


def one_of(value: object, allowed: Callable[[str], T], names: Sequence[str]) -> T:
    """One of `names`, as written, made into what it stands for."""
    if isinstance(value, str) and value in names:
        return allowed(value)
    allowed_names = " or ".join(f"'{name}'" for name in names)
    raise Unreadable("enum", f"Input should be {allowed_names}")


def texts(value: object, *, at_most: int) -> tuple[str, ...]:
    """A list of strings."""
    if not isinstance(value, list):
        raise Unreadable("list_type", "Input should be a valid list")
    items: list[object] = value  # pyright: ignore[reportUnknownVariableType] - any JSON
    if len(items) > at_most:
        raise Unreadable("too_long", f"List should have at most {at_most} items")
    read: list[str] = []
    for index, item in enumerate(items):
        try:
            read.append(text(item))
        except Unreadable as wrong:
            raise Unreadable(wrong.kind, wrong.message, index) from None
    return tuple(read)


def lax_schema(schema: Mapping[str, object]) -> dict[str, object]:
    """The JSON Schema of what is read where `schema` asks for a boolean or a number: also text that says one.

    Which text says a number that is within bounds, the field's own `pattern` tells. For an object null will do.
    """
    match schema.get("type"):
        case "boolean":
            words = "|".join(_any_case(word) for word in sorted(_TRUE | _FALSE))
            written = {"type": ["boolean", "integer", "string"], "minimum": 0, "maximum": 1}
            return {**schema, **written, "pattern": f"^(?:{words})$"}
        case "integer" | "number" as kind if "pattern" in schema:
            return {**schema, "type": [kind, "string"]}
        case None if schema.keys() >= {"$ref", "default"}:
            return {"anyOf": [{"$ref": schema["$ref"]}, {"type": "null"}]}
        case _:
            choices = [lax_schema(one) for one in msgspec.convert(schema.get("anyOf", []), list[dict[str, object]])]
            return {**schema, "anyOf": choices} if choices else {**schema}


def _any_case(word: str) -> str:
    return "".join(f"[{letter}{letter.upper()}]" if letter.isalpha() else letter for letter in word)
