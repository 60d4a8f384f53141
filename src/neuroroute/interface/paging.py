"""Which part of a list is asked for."""

from collections.abc import Sequence
from typing import Final, TypeVar

from litestar.types import Scope
from msgspec import Struct

from neuroroute.dialects.lax import Problem, Unreadable, integer
from neuroroute.interface.errors import HttpRefusal
from neuroroute.interface.query import read_text
from neuroroute.interface.routes import Parameter

T = TypeVar("T")

_LIMIT: Final = 100
"""Unless the request says another (CONTRACT.md 7)."""
_MOST: Final = 1 << 53
"""Integers beyond are not exact in JSON."""
_COUNT: Final = {"type": "integer", "minimum": 0, "maximum": _MOST}


class Page(Struct, frozen=True, kw_only=True):
    """`limit` items from the one at `skip` on."""

    skip: int
    limit: int

    def of(self, items: Sequence[T]) -> Sequence[T]:
        """That part of them."""
        return items[self.skip : self.skip + self.limit]


def read_page(scope: Scope) -> Page:
    """Raises: HttpRefusal, 422, a number is none, or negative."""
    return Page(skip=_read(scope, "skip", 0), limit=_read(scope, "limit", _LIMIT))


def page_parameters() -> list[Parameter]:
    """What a route says of it."""
    return [
        Parameter(name=name, place="query", schema={**_COUNT, "default": default}, summary=told)
        for name, default, told in (("skip", 0, "Leave out as many first"), ("limit", _LIMIT, "At most as many"))
    ]


def _read(scope: Scope, name: str, default: int) -> int:
    said = read_text(scope, name)
    if said is None:
        return default
    try:
        return integer(said, at_least=0, at_most=_MOST)
    except Unreadable as wrong:
        raise HttpRefusal(422, "validation_error", (Problem(wrong.kind, ("query", name), wrong.message),)) from wrong
