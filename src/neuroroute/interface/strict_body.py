"""Bodies of `/admin/…`: exactly the fields that are asked for, each of its type, or a refusal that names the field."""

import re
from typing import Final, TypeVar

import msgspec
from msgspec import Struct

from neuroroute.dialects.lax import Problem
from neuroroute.domain.errors import MAX_TOLD
from neuroroute.interface.errors import HttpRefusal

_MISSING: Final = re.compile(r"Object missing required field `(?P<field>.*?)`(?: - at `\$(?P<path>.*)`)?", re.DOTALL)
_UNKNOWN: Final = re.compile(r"Object contains unknown field `(?P<field>.*?)`(?: - at `\$(?P<path>.*)`)?", re.DOTALL)
_WRONG: Final = re.compile(r"(?P<what>.*?)(?: - at `\$(?P<path>.*)`)?", re.DOTALL)
_STEP: Final = re.compile(r"\.(\w+)|\[(\d+)\]")

T = TypeVar("T", bound=Struct)


def struct_of(body: object, kind: type[T]) -> T:
    """A decoded body as `kind`, which says whether it forbids unknown fields.

    Raises:
        HttpRefusal: 422.
    """
    try:
        return msgspec.convert(plain(body), kind)
    except msgspec.ValidationError as error:
        raise invalid(_problem(str(error))) from None


def plain(body: object) -> object:
    """The same with 5 for 5.0, which are one number in JSON; half a surrogate pair no database can keep.

    Raises:
        HttpRefusal: 422.
    """
    try:
        msgspec.json.encode(body)
    except UnicodeEncodeError:
        raise invalid(Problem("string_unicode", ("body",), "Text should hold no lone surrogate")) from None
    return _whole(body)


def _whole(value: object) -> object:
    match value:
        case dict():
            members: dict[str, object] = value  # pyright: ignore[reportUnknownVariableType] - JSON
            return {name: _whole(item) for name, item in members.items()}
        case list():
            items: list[object] = value  # pyright: ignore[reportUnknownVariableType] - JSON
            return [_whole(item) for item in items]
        case float() if value.is_integer():
            return int(value)
        case _:
            return value


def invalid(*problems: Problem) -> HttpRefusal:
    """A refusal of what the body says."""
    return HttpRefusal(422, "validation_error", problems)


def _problem(told: str) -> Problem:
    """What msgspec says of one field, in the earlier service's shape."""
    if found := _MISSING.fullmatch(told):
        return Problem("missing", (*_place(found["path"]), found["field"]), "Field required")
    if found := _UNKNOWN.fullmatch(told):
        return Problem("extra_forbidden", (*_place(found["path"]), found["field"][:MAX_TOLD]), "There is no such field")
    found = _WRONG.fullmatch(told)
    what, path = (found["what"], found["path"]) if found else (told, None)
    if what.startswith("Invalid enum value"):  # it would go on with the value, which may be a key in the wrong place
        what = "This is none of the values that /openapi.json lists"
    return Problem("value_error", _place(path), what[:MAX_TOLD])


def _place(path: str | None) -> tuple[str | int, ...]:
    steps = _STEP.findall(path or "")
    return ("body", *(name or int(index) for name, index in steps))
