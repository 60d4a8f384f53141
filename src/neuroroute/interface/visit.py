"""What is known of one HTTP request before a handler sees it."""

import re
from collections.abc import Sequence
from random import getrandbits
from time import time

from litestar.types import Scope

from neuroroute.domain.access import ANYONE, Caller

REQUEST_ID_CHARACTERS = 128
"""A longer id is not taken over: ours is made instead."""
_SAFE_ID = re.compile(rf"[\x21-\x7e](?:[\x20-\x7e]{{0,{REQUEST_ID_CHARACTERS - 2}}}[\x21-\x7e])?")


class Visit:
    """One request: its headers (the last of a name), its id, and who calls."""

    __slots__ = ("_lines", "answer_headers", "answering", "body_read", "caller", "headers", "id_given", "request_id")

    def __init__(self, scope: Scope) -> None:
        self._lines = list(scope["headers"])
        self.headers = dict(self._lines)
        self.caller: Caller = ANYONE
        self.answer_headers: Sequence[tuple[bytes, bytes]] = ()
        """What the answer says besides its own headers, whoever gives it."""
        self.answering = False
        """Whether the head of the answer has been sent, by the door."""
        self.body_read = False
        """Whether the whole body has come, by who reads it."""
        given = self.headers.get(b"x-request-id")
        taken = safe_id(given.decode("latin-1")) if given else None
        self.id_given = taken is not None
        self.request_id = taken or new_id()

    @property
    def leaves_a_body(self) -> bool:
        """Whether the request brings a body that has not been read."""
        if self.body_read:
            return False
        return self.headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in self.headers

    def repeats(self, *names: bytes) -> bool:
        """Whether the request has several headers of one of those names."""
        if len(self.headers) == len(self._lines):
            return False
        return any(sum(said == name for said, _ in self._lines) > 1 for name in names)

    def adopt(self, body_id: str | None) -> str:
        """The id that the answer's body carries: the body's own, else the header's, else ours.

        The answer's header says the id given in the request's header, else the same as the body.
        """
        taken = safe_id(body_id) if body_id else None
        if taken is None:
            return self.request_id
        if not self.id_given:
            self.request_id = taken
        return taken

    @classmethod
    def opened(cls, scope: Scope) -> "Visit":
        """A new visit, found again by `of`."""
        visit = cls(scope)
        scope["state"] = {"visit": visit}
        return visit

    @classmethod
    def of(cls, scope: Scope) -> "Visit":
        """The visit that the door opened."""
        visit = scope["state"]["visit"]
        if not isinstance(visit, cls):
            raise TypeError("the request did not come in through the door")
        return visit


def safe_id(given: str) -> str | None:
    """`given` if it may stand in a header and a log, else `None`."""
    return given if _SAFE_ID.fullmatch(given) else None


def new_id() -> str:
    """In the earlier service's form: `req_`, eight hex digits, `_`, epoch seconds. Tells requests apart, no secret."""
    return f"req_{getrandbits(32):08x}_{int(time())}"
