"""Query parameters of what is not the earlier service's: each wrong or unknown one is told, all at once."""

from collections.abc import Callable
from typing import TypeVar, final
from urllib.parse import parse_qsl

from litestar.types import Scope

from neuroroute.dialects.lax import Problem, Unreadable
from neuroroute.interface.errors import HttpRefusal
from neuroroute.interface.query import once

S = TypeVar("S")
T = TypeVar("T")


@final
class StrictQuery:
    """Read every parameter there is, then `finish`."""

    def __init__(self, scope: Scope) -> None:
        self._unread: dict[str, list[str]] = {}
        self._problems: list[Problem] = []
        for name, value in parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True):
            self._unread.setdefault(name, []).append(value)

    def read(self, name: str, reader: Callable[[str], T]) -> T | None:
        """What `reader`, which raises ValueError, makes of the value of that name; `None` if there is none."""
        said = self._unread.pop(name, None)
        return None if said is None else self._read(name, said, lambda values: reader(once(values)))

    def read_all(self, name: str, reader: Callable[[str], T]) -> list[T]:
        """The same of every value of that name, and of each between commas."""
        said = self._unread.pop(name, [])
        values = [value for each in said for value in each.split(",")]
        return [read for value in values if (read := self._read(name, value, reader)) is not None]

    def fault(self, name: str, message: str) -> None:
        """One of ours: what a parameter says does not go together with the others."""
        self._problems.append(Problem("value_error", ("query", name), message))

    def finish(self) -> None:
        """Raises: HttpRefusal, 422."""
        unknown = [Problem("extra_forbidden", ("query", name), "There is no such parameter") for name in self._unread]
        if problems := (*self._problems, *unknown):
            raise HttpRefusal(422, "validation_error", problems)

    def _read(self, name: str, said: S, reader: Callable[[S], T]) -> T | None:
        try:
            return reader(said)
        except ValueError as wrong:
            kind = wrong.kind if isinstance(wrong, Unreadable) else "value_error"
            self._problems.append(Problem(kind, ("query", name), str(wrong)))
            return None
