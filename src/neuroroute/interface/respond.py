"""How answers leave: in one body, or piece by piece as server-sent events."""

from collections.abc import AsyncIterator, Sequence
from typing import final

from litestar.types import Receive, Scope, Send

from neuroroute.interface.caller_watch import CallerWatch

JSON = b"application/json"
EVENT_STREAM = b"text/event-stream; charset=utf-8"


@final
class Reply:
    """A whole answer, as an ASGI application."""

    __slots__ = ("body", "headers", "media_type", "status")

    def __init__(
        self, status: int, body: bytes, *, media_type: bytes = JSON, headers: Sequence[tuple[bytes, bytes]] = ()
    ) -> None:
        self.status = status
        self.body = body
        self.media_type = media_type
        self.headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del scope, receive
        head = [(b"content-type", self.media_type), (b"content-length", str(len(self.body)).encode()), *self.headers]
        await send({"type": "http.response.start", "status": self.status, "headers": head})
        await send({"type": "http.response.body", "body": self.body, "more_body": False})


async def send_nothing(scope: Scope, receive: Receive, send: Send) -> None:
    """204, which has neither a body nor a length."""
    del scope, receive
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def send_events(
    send: Send, events: AsyncIterator[bytes], watch: CallerWatch, *, headers: Sequence[tuple[bytes, bytes]] = ()
) -> None:
    """Send encoded events as they come. The provider is held back while the caller does not read.

    `watch` is told when the caller's turn to read begins and ends.
    """
    kept = [(b"cache-control", b"no-cache"), (b"x-accel-buffering", b"no")]
    head = [(b"content-type", EVENT_STREAM), *kept, *headers]
    await send({"type": "http.response.start", "status": 200, "headers": head})
    async for event in events:
        watch.sending()
        await send({"type": "http.response.body", "body": event, "more_body": True})
        watch.sent()
    await send({"type": "http.response.body", "body": b"", "more_body": False})
