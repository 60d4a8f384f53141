"""Callers that ask many things at once over connections that are kept, and keep every byte that they are answered."""

import asyncio
import json
from collections import deque
from collections.abc import Iterable, Mapping
from time import monotonic
from typing import Any, NamedTuple

from httptools import HttpResponseParser
from interface.v1 import Language

AT_ONCE = 24
PATIENCE = 20.0
"""Seconds after which an answer counts as one that hangs."""


class Reply(NamedTuple):
    """One answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    whole: bool
    """Whether HTTP says that it ended."""
    seconds: float
    """From the question to its end."""


class Question(NamedTuple):
    """A request to a case of the provider."""

    case: str
    language: Language
    model: str
    fallback: str | None = None
    cached: bool = False
    options: Mapping[str, Any] = {}

    def bytes(self) -> bytes:
        options = {**self.options, **({"fallbacks": [self.fallback]} if self.fallback else {})}
        said: dict[str, Any] = {"model": self.model, "stream": True, **({"neuroroute": options} if options else {})}
        if self.language.name == "chat":
            said["stream_options"] = {"include_usage": True}
        body = json.dumps(self.language.body(f"case-{self.case}-end: say something, please", **said)).encode()
        head = (
            f"POST {self.language.path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
            f"x-request-id: {self.case}\r\ncontent-length: {len(body)}\r\n"
            f"{'x-neuroroute-cache: on' + chr(13) + chr(10) if self.cached else ''}\r\n"
        )
        return head.encode() + body


class Connection(asyncio.Protocol):
    """One line to the service."""

    def __init__(self) -> None:
        self._parser: HttpResponseParser | None = None
        self.closed = False

    @classmethod
    async def open(cls, port: int) -> "Connection":
        _, line = await asyncio.get_running_loop().create_connection(cls, "127.0.0.1", port)
        return line

    def connection_made(self, transport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if self._parser is not None:
            self._parser.feed_data(data)

    def connection_lost(self, exc) -> None:
        self.closed = True
        if self._parser is not None:
            self._over(whole=False)

    async def ask(self, request: bytes) -> Reply:
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []
        self._parser = HttpResponseParser(self)
        self._began = monotonic()
        self._answered = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        async with asyncio.timeout(PATIENCE):
            return await self._answered

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode().lower()] = value.decode()

    def on_headers_complete(self) -> None:
        self._status = self._parser.get_status_code()

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        self._over(whole=True)

    def _over(self, *, whole: bool) -> None:
        self._parser = None
        if not self._answered.done():
            status = getattr(self, "_status", 0)
            self._answered.set_result(
                Reply(status, self._headers, b"".join(self._body), whole, monotonic() - self._began)
            )


async def ask_all(port: int, questions: Iterable[Question], *, at_once: int = AT_ONCE) -> dict[str, Reply]:
    """The answers, by case."""
    waiting, replies = deque(questions), dict[str, Reply]()

    async def one_after_the_other() -> None:
        line = await Connection.open(port)
        while waiting:
            question = waiting.popleft()
            if line.closed:
                line = await Connection.open(port)
            replies[question.case] = await line.ask(question.bytes())
        line.transport.close()

    async with asyncio.TaskGroup() as group:
        for _ in range(at_once):
            group.create_task(one_after_the_other())
    return replies
