"""The outermost layer: every request gets its id, CORS, HEAD and gzip here, whatever answers it."""

import gzip
from collections.abc import Collection, Mapping
from typing import Protocol, final

from litestar.types import ASGIApp, HTTPResponseStartEvent, HTTPScope, Message, Receive, Scope, Send

from neuroroute.interface.respond import Reply
from neuroroute.interface.visit import Visit

GZIP_MINIMUM = 1000
"""Bytes from which a body is compressed when the caller asks for it (CONTRACT.md 1)."""
_GZIP_LEVEL = 4
_METHODS = b"DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"
_MAX_AGE = b"600"


class InFlight(Protocol):
    """Counts the requests being served."""

    in_flight: int


@final
class Door:
    """An ASGI application around another one."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        direct: Mapping[tuple[str, str], ASGIApp],
        origins: Collection[str],
        counter: InFlight,
    ) -> None:
        """`direct`: endpoints of `app` by method and path, which are called past its routing: the prompt path.

        `origins`: whole origins that may call from a browser; `*` is any, then never with credentials.
        """
        self._app = app
        self._direct = direct
        self._any_origin = "*" in origins
        self._origins = frozenset(origin.encode() for origin in origins)
        self._counter = counter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        visit = Visit.opened(scope)
        origin = visit.headers.get(b"origin")
        dressed = self._dressed(scope, visit, send, origin)
        self._counter.in_flight += 1
        try:
            if scope["method"] == "OPTIONS" and origin and b"access-control-request-method" in visit.headers:
                await self._preflight(visit, origin)(scope, receive, dressed)
                return
            if scope["method"] == "HEAD":
                scope["method"] = "GET"
            app = self._direct.get((scope["method"], scope["path"]), self._app)
            await app(scope, receive, dressed)
        finally:
            self._counter.in_flight -= 1

    def _dressed(self, scope: HTTPScope, visit: Visit, send: Send, origin: bytes | None) -> Send:
        """`send`, with our headers on the answer's head, a whole body compressed if asked for, none on HEAD."""
        bodiless = scope["method"] == "HEAD"
        held: HTTPResponseStartEvent | None = None
        squeezable = not bodiless and _accepts_gzip(visit.headers.get(b"accept-encoding"))

        async def dressed(message: Message) -> None:
            nonlocal held
            if message["type"] == "http.response.start":
                visit.answering = True
                headers = [*message["headers"], *visit.answer_headers, (b"x-request-id", visit.request_id.encode())]
                if origin is not None:
                    headers += self._cors(visit, origin)
                if visit.leaves_a_body:
                    # The server closes under what is left of the body: a caller told so sends nothing after it.
                    headers.append((b"connection", b"close"))
                message["headers"] = headers
                if squeezable:
                    held = message
                    return
            elif message["type"] == "http.response.body":
                if bodiless:
                    message["body"] = b""
                if held is not None:
                    start, held = held, None
                    if not message["more_body"] and len(message["body"]) >= GZIP_MINIMUM:
                        message["body"] = _squeeze(start, message["body"])
                    await send(start)
            await send(message)

        return dressed

    def _cors(self, visit: Visit, origin: bytes) -> list[tuple[bytes, bytes]]:
        if self._any_origin:
            # The earlier service's clients see their own origin where they send cookies or ask before they call.
            if b"cookie" in visit.headers or b"access-control-request-method" in visit.headers:
                return [(b"access-control-allow-origin", origin), (b"vary", b"Origin")]
            return [(b"access-control-allow-origin", b"*")]
        if origin in self._origins:
            return [
                (b"access-control-allow-origin", origin),
                (b"access-control-allow-credentials", b"true"),
                (b"vary", b"Origin"),
            ]
        return [(b"vary", b"Origin")] if self._origins else []

    def _preflight(self, visit: Visit, origin: bytes) -> Reply:
        if not (self._any_origin or origin in self._origins):
            return Reply(400, b"Disallowed CORS origin", media_type=b"text/plain; charset=utf-8")
        asked = visit.headers.get(b"access-control-request-headers", b"")
        headers = [(b"access-control-allow-methods", _METHODS), (b"access-control-max-age", _MAX_AGE)]
        if asked:
            headers.append((b"access-control-allow-headers", asked))
        return Reply(200, b"OK", media_type=b"text/plain; charset=utf-8", headers=headers)


def _accepts_gzip(accepted: bytes | None) -> bool:
    if accepted is None or b"gzip" not in (accepted := accepted.lower()):
        return False
    for coding in accepted.split(b","):
        name, _, weight = coding.partition(b";")
        if name.strip() == b"gzip":
            return weight.replace(b" ", b"").rstrip(b"0.") != b"q="
    return False


def _squeeze(start: HTTPResponseStartEvent, body: bytes) -> bytes:
    """The body compressed, and the head told so; unchanged where it must not be."""
    names = dict(start["headers"])
    if b"content-encoding" in names or names.get(b"content-type", b"").startswith(b"text/event-stream"):
        return body
    squeezed = gzip.compress(body, _GZIP_LEVEL, mtime=0)
    start["headers"] = [
        *((name, value) for name, value in start["headers"] if name not in {b"content-length", b"vary"}),
        (b"content-encoding", b"gzip"),
        (b"content-length", str(len(squeezed)).encode()),
        (b"vary", b", ".join([b"Accept-Encoding", *filter(None, [names.get(b"vary")])])),
    ]
    return squeezed
