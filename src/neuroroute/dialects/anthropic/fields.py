"""Reading the objects of a request: what is wrong has a path, and so has what is not carried."""

import re
from collections.abc import Iterator, Mapping
from typing import Final, TypeVar

import msgspec

from neuroroute.dialects.caller_side import InvalidRequest

T = TypeVar("T")

_PLACE: Final = re.compile(r"(?P<what>.*?)(?: - at `\$(?P<place>.*)`)?", re.DOTALL)
_MISSING: Final = re.compile(r"Object missing required field `(?P<name>.*)`")
_DEFAULTS: Final[Mapping[str, object]] = {
    "thinking": {"type": "disabled"},
    "service_tier": "auto",
    "defer_loading": False,
    "caller": {"type": "direct"},
}
"""Fields that say nothing with these values: they are what the language means without them."""


def read(kind: type[T], value: object, path: str) -> T:
    """`value`, which is at `path` of the request, as a `kind`. Members that `kind` does not have are passed over.

    Raises:
        InvalidRequest: it is none.
    """
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        found = _PLACE.fullmatch(str(error))
        what, place = (found["what"], found["place"] or "") if found else (str(error), "")
        if missing := _MISSING.fullmatch(what):
            what, place = "Field required", f"{place}.{missing['name']}"
        raise invalid(what, path + place) from error


def invalid(what: str, path: str) -> InvalidRequest:
    """The path is told in words too: an error of this language has no place of its own for it."""
    param = path.removeprefix(".")
    return InvalidRequest(f"{param}: {what}" if param else what, param=param or None)


def unread(fields: Mapping[str, object], known: frozenset[str], path: str) -> Iterator[str]:
    """Paths of the members of `fields` that say something and are not `known`."""
    for name, value in fields.items():
        if name in known or value is None or value == [] or (name in _DEFAULTS and value == _DEFAULTS[name]):
            continue
        yield f"{path}.{name}" if path else name
