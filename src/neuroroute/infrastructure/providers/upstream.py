"""The pooled HTTP/1.1 client of one provider, and the one place where a failed exchange gets its plain words.

Measured against the libraries, and why it is our own: docs/decisions/0004-upstream-client.md.
"""

import asyncio
import re
import ssl
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Final, Self, final
from urllib.parse import urlsplit

from neuroroute.domain.errors import ProviderFailed, ProviderThrottled, ProviderUnavailable
from neuroroute.infrastructure.providers.connection import Connection, Timeouts
from neuroroute.infrastructure.providers.dialing import Dialing, why_not
from neuroroute.infrastructure.providers.pool import ConnectionPool
from neuroroute.infrastructure.providers.reach import Reach, Resolve, resolve
from neuroroute.infrastructure.providers.response import Response

__all__ = ["Exchange", "Reply", "Timeouts", "Upstream"]

KEEP_SECONDS: Final = 30.0
"""How long an idle connection is kept."""

_OURS: Final = frozenset({
    "accept-encoding", "connection", "content-length", "expect", "host", "te", "trailer", "transfer-encoding",
    "upgrade", "user-agent",
})  # fmt: skip
_OWN_LINES: Final = 4
_KEPT_HEADS: Final = 64
"""Heads that are written and checked once: a provider is asked with the same few again and again."""
# Nothing but this grammar leaves, in as many lines as were written: a line break in a value would be a header, or a
# request, of somebody else's making.
_HEAD: Final = re.compile(r"[A-Z]+ /[!-~]* HTTP/1\.1\r\n(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+: [\t\x20-\x7e\x80-\xff]*\r\n)*")


@final
class Reply:
    """An answer whose headers have arrived. It lives as long as the exchange it came from."""

    __slots__ = ("_connection", "_response", "status")

    def __init__(self, connection: Connection, response: Response) -> None:
        self.status: Final = response.status
        """Any status, redirects included: none is followed."""
        self._connection = connection
        self._response = response

    def header(self, name: str) -> str | None:
        """By lower-case name; a repeated header is joined by a comma."""
        value = self._response.headers.get(name.encode())
        return None if value is None else value.decode("latin-1")

    @property
    def framed(self) -> bool:
        """Whether the body's end is told by HTTP, and not by the closing of the connection, which may be a cut."""
        return self._response.framed

    async def read(self) -> bytes:
        """The whole body, or what `chunks` has not given out yet.

        Raises: ProviderUnavailable.
        """
        return self._response.take() if self._response.complete else await self._connection.rest()

    def extend(self, *, idle: float, total: float) -> None:
        """Bound what is to come anew: seconds between two pieces, and from now to the last byte."""
        self._connection.extend(idle=idle, total=total)

    def chunks(self) -> Self:
        """The body as it arrives, in pieces of any size; what arrived together comes together."""
        return self

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        """Raises: ProviderUnavailable."""
        piece = await self._connection.piece()
        if not piece:
            raise StopAsyncIteration
        return piece


@final
class Upstream:
    """At most `max_connections` connections to one origin; who finds all in use waits in line.

    Sends a request a second time only if it went out over a kept connection which the server closed without one byte
    of an answer; such a connection was most likely closed while idle.
    """

    def __init__(
        self,
        base_url: str,
        *,
        max_connections: int,
        max_response_bytes: int,
        reach: Reach,
        ssl_context: ssl.SSLContext | None = None,
        resolver: Resolve = resolve,
    ) -> None:
        """`base_url` is `http[s]://host[:port][/prefix]`; `ssl_context` replaces the system's trust (SSL_CERT_FILE).

        Unless `reach` is anywhere, `resolver` says where the host is, and the connection goes nowhere else.

        Raises: ValueError.
        """
        parts = urlsplit(base_url)
        if (
            parts.scheme not in {"http", "https"}
            or not parts.hostname
            or "@" in parts.netloc
            or parts.query
            or parts.fragment
        ):
            raise ValueError("a provider's base URL is http[s]://host[:port][/prefix], without user, query or fragment")
        host = parts.hostname if parts.hostname.isascii() else parts.hostname.encode("idna").decode()
        tls = parts.scheme == "https"
        dial = Dialing(
            host,
            parts.port or (443 if tls else 80),
            tls=tls,
            reach=reach,
            ssl_context=ssl_context,
            resolver=resolver,
        )
        self._prefix = parts.path.rstrip("/")
        bracketed = f"[{host}]" if ":" in host else host
        authority = bracketed if parts.port is None else f"{bracketed}:{parts.port}"
        self._fixed = f"host: {authority}\r\nuser-agent: neuroroute\r\naccept-encoding: identity\r\n"
        self._heads: dict[tuple[str, str, tuple[tuple[str, str], ...]], bytes] = {}
        self._max_connections = max_connections
        self._max_response_bytes = max_response_bytes
        self._pool = ConnectionPool(dial, limit=max_connections, keep=KEEP_SECONDS)

    @property
    def in_flight(self) -> int:
        """Exchanges that hold a connection or are making one."""
        return self._pool.in_use

    @property
    def idle(self) -> int:
        """Connections kept for the next exchange."""
        return self._pool.idle

    @property
    def waiting(self) -> int:
        """Callers in line for a connection."""
        return self._pool.waiting

    def exchange(
        self, method: str, path: str, *, headers: Sequence[tuple[str, str]], body: bytes, timeouts: Timeouts
    ) -> "Exchange":
        """One request and its answer: `async with upstream.exchange(…) as reply`.

        Leaving before the body has arrived whole closes the connection. Framing, host, user agent and accept-encoding
        are set here and refused in `headers`.

        Raises: ValueError, for a line break or another forbidden character; ProviderUnavailable, on entering.
        """
        asked = (method, path, tuple(headers))
        head = self._heads.get(asked)
        if head is None:
            head = self._written(*asked)
            if len(self._heads) >= _KEPT_HEADS:
                self._heads.clear()  # keys change
            self._heads[asked] = head
        end = b"content-length: %d\r\n\r\n" % len(body) if body or method != "GET" else b"\r\n"
        response = Response(bodiless=method == "HEAD", limit=self._max_response_bytes)
        return Exchange(self, self._pool, head + end + body, response, timeouts)

    def _written(self, method: str, path: str, headers: tuple[tuple[str, str], ...]) -> bytes:
        """All of a request's head that does not depend on its body. Raises: ValueError."""
        head = f"{method} {self._prefix}{path} HTTP/1.1\r\n{self._fixed}"
        for name, value in headers:
            if name.lower() in _OURS:
                raise ValueError(f"the header {name} is set by the client")
            head += f"{name}: {value}\r\n"
        if _HEAD.fullmatch(head) is None or head.count("\n") != len(headers) + _OWN_LINES:
            raise ValueError("a method, path or header holds a forbidden character")  # which holds a key, so not shown
        return head.encode("latin-1")

    def retire(self) -> None:
        """Keep no connection any longer. Exchanges go on, and new ones still work: each closes its own."""
        self._heads.clear()
        self._pool.retire()

    async def aclose(self) -> None:
        """Close every connection; exchanges that are going on fail."""
        await self._pool.aclose()

    async def connection(
        self, find: Callable[[], Awaitable[Connection]], timeouts: Timeouts, until: float
    ) -> Connection:
        """A connection with its slot, waiting for either; `ConnectionPool.release` takes both back.

        Raises: ProviderThrottled, when all were in use all the time; ProviderUnavailable.
        """
        waiting = True
        try:
            async with asyncio.timeout_at(min(asyncio.get_running_loop().time() + timeouts.connect, until)):
                await self._pool.slot()
                waiting = False
                return await find()
        except OSError as exc:
            raise self._unreachable(exc, timeouts, waiting=waiting) from exc

    def _unreachable(self, exc: OSError, timeouts: Timeouts, *, waiting: bool) -> ProviderFailed:
        """In words that callers may read: without the provider's address."""
        match exc:
            case TimeoutError() if waiting:
                busy = f"all {self._max_connections} connections to the provider were in use"
                return ProviderThrottled(f"{busy} for {timeouts.connect:g} s", status=None)
            case TimeoutError():
                return ProviderUnavailable(
                    f"no connection to the provider within {timeouts.connect:g} s", timed_out=True
                )
            case _:
                return ProviderUnavailable(f"no connection to the provider: {why_not(exc)}")


@final
class Exchange(AbstractAsyncContextManager[Reply]):
    """Made by `Upstream.exchange`; entered once."""

    __slots__ = ("_connection", "_pool", "_request", "_response", "_timeouts", "_upstream")

    def __init__(
        self, upstream: Upstream, pool: ConnectionPool, request: bytes, response: Response, timeouts: Timeouts
    ) -> None:
        self._upstream = upstream
        self._pool = pool
        self._request = request
        self._response = response
        self._timeouts = timeouts
        self._connection: Connection | None = None

    async def __aenter__(self) -> Reply:
        pool, find, timeouts = self._pool, self._upstream.connection, self._timeouts
        until = asyncio.get_running_loop().time() + timeouts.total
        connection = pool.take() or await find(pool.kept_or_new, timeouts, until)
        try:
            await self._ask(connection, until)
        except ProviderUnavailable:
            if not connection.stale:
                raise
            connection = await find(pool.new, timeouts, until)
            await self._ask(connection, until)
        self._connection = connection
        return Reply(connection, self._response)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            self._pool.release(connection)

    async def _ask(self, connection: Connection, until: float) -> None:
        try:
            connection.send(self._request, self._response, self._timeouts, until)
            await connection.head()
        except BaseException:
            self._pool.release(connection)
            raise
