"""Query parameters, as the earlier service read them."""

from collections.abc import Callable
from typing import TypeVar
from urllib.parse import parse_qsl

from litestar.types import Scope

from neuroroute.dialects.lax import Problem, Unreadable, flag, text
from neuroroute.interface.errors import HttpRefusal
from neuroroute.interface.routes import Parameter

T = TypeVar("T")


def flag_parameter(name: str, summary: str) -> Parameter:
    """A boolean in the query."""
    return Parameter(name=name, place="query", schema={"type": "boolean", "default": False}, summary=summary)


def read_flag(scope: Scope, name: str) -> bool:
    """False when it is not there.

    Raises:
        HttpRefusal: 422, it says neither yes nor no.
    """
    return _read(scope, name, flag) or False


def read_text(scope: Scope, name: str) -> str | None:
    """Raises: HttpRefusal, 422, it holds what no text may."""
    return _read(scope, name, text)


def _read(scope: Scope, name: str, reader: Callable[[str], T]) -> T | None:
    """What `reader` makes of the last value of that name."""
    values = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
    if name not in values:
        return None
    try:
        return reader(values[name])
    except Unreadable as wrong:
        raise HttpRefusal(422, "validation_error", (Problem(wrong.kind, ("query", name), wrong.message),)) from wrong
