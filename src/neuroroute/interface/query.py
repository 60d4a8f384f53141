"""Query parameters, as the earlier service read them."""

from urllib.parse import parse_qsl

from litestar.types import Scope

from neuroroute.dialects.lax import Problem, Unreadable, flag, text
from neuroroute.interface.errors import HttpRefusal
from neuroroute.interface.routes import Parameter


def flag_parameter(name: str, summary: str) -> Parameter:
    """A boolean in the query."""
    return Parameter(name=name, place="query", schema={"type": "boolean", "default": False}, summary=summary)


def read_flag(scope: Scope, name: str) -> bool:
    """False when it is not there.

    Raises:
        HttpRefusal: 422, it says neither yes nor no.
    """
    said = read_text(scope, name)
    try:
        return said is not None and flag(said)
    except Unreadable as wrong:
        raise HttpRefusal(422, "validation_error", (Problem(wrong.kind, ("query", name), wrong.message),)) from wrong


def read_text(scope: Scope, name: str) -> str | None:
    """The last value of that name.

    Raises:
        HttpRefusal: 422, it holds what no text may.
    """
    values = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True, max_num_fields=None))
    if name not in values:
        return None
    try:
        return text(values[name])
    except Unreadable as wrong:
        raise HttpRefusal(422, "validation_error", (Problem(wrong.kind, ("query", name), wrong.message),)) from wrong
