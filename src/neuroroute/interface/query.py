"""Query parameters, as the earlier service read them."""

from collections.abc import Callable, Sequence
from typing import TypeVar
from urllib.parse import parse_qsl

from litestar.types import Scope

from neuroroute.dialects.lax import TEXT, Problem, Unreadable, flag, lax_schema, text
from neuroroute.interface.errors import HttpRefusal
from neuroroute.interface.routes import Parameter

T = TypeVar("T")


def flag_parameter(name: str, summary: str) -> Parameter:
    """A boolean in the query."""
    schema = lax_schema({"type": "boolean", "default": False})
    return Parameter(name=name, place="query", schema=schema, summary=summary)


def text_parameter(name: str, summary: str) -> Parameter:
    """A text in the query, as the readers here and in `strict_query` take it."""
    return Parameter(name=name, place="query", schema={"type": "string", "pattern": TEXT}, summary=summary)


def read_flag(scope: Scope, name: str) -> bool:
    """False when it is not there.

    Raises:
        HttpRefusal: 422, it says neither yes nor no.
    """
    return _read(scope, name, flag) or False


def read_text(scope: Scope, name: str) -> str | None:
    """Raises: HttpRefusal, 422, it holds what no text may."""
    return _read(scope, name, text)


def once(values: Sequence[str]) -> str:
    """The only value of a parameter. Raises: Unreadable, there are several."""
    if len(values) > 1:
        raise Unreadable("value_error", "Input should be said once")
    return values[0]


def _read(scope: Scope, name: str, reader: Callable[[str], T]) -> T | None:
    """What `reader` makes of the value of that name."""
    said = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    values = [value for named, value in said if named == name]
    if not values:
        return None
    try:
        return reader(once(values))
    except Unreadable as wrong:
        raise HttpRefusal(422, "validation_error", (Problem(wrong.kind, ("query", name), wrong.message),)) from wrong
