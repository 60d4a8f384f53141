"""The smallest gateway there can be: a raw ASGI app that sends each request on with one of the clients under test.

`UPSTREAM_CLIENT` names the client, `UPSTREAM_PORT` the mock on loopback. A client is imported when it is asked for.
"""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Protocol

CONNECT, FIRST_BYTE, IDLE, TOTAL = 5.0, 60.0, 30.0, 300.0
HEADERS = (("content-type", "application/json"), ("authorization", "Bearer sk-loopback"))
Send = Callable[[dict[str, object]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, object]]]


class Client(Protocol):
    """What the app and the storm ask of each."""

    async def post(self, path: str, body: bytes) -> bytes: ...

    def stream(self, path: str, body: bytes) -> AsyncIterator[bytes]: ...

    async def aclose(self) -> None: ...


class Own:
    """src/neuroroute/infrastructure/providers/upstream.py."""

    def __init__(self, port: int, connections: int) -> None:
        from neuroroute.infrastructure.providers.reach import Reach  # noqa: PLC0415 - only when asked for
        from neuroroute.infrastructure.providers.upstream import Timeouts, Upstream  # noqa: PLC0415 - only when asked for

        base = f"http://127.0.0.1:{port}"
        self._upstream = Upstream(base, max_connections=connections, max_response_bytes=1 << 24, reach=Reach.ANYWHERE)
        self._timeouts = Timeouts(connect=CONNECT, first_byte=FIRST_BYTE, idle=IDLE, total=TOTAL)

    async def post(self, path: str, body: bytes) -> bytes:
        exchange = self._upstream.exchange("POST", path, headers=HEADERS, body=body, timeouts=self._timeouts)
        async with exchange as reply:
            return await reply.read()

    async def stream(self, path: str, body: bytes) -> AsyncIterator[bytes]:
        exchange = self._upstream.exchange("POST", path, headers=HEADERS, body=body, timeouts=self._timeouts)
        async with exchange as reply:
            async for chunk in reply.chunks():
                yield chunk

    async def aclose(self) -> None:
        await self._upstream.aclose()


class Aiohttp:
    """aiohttp with its C parser, no cookies, no decompression."""

    def __init__(self, port: int, connections: int) -> None:
        import aiohttp  # noqa: PLC0415 - only when asked for

        self._base = f"http://127.0.0.1:{port}"
        timeout = aiohttp.ClientTimeout(total=TOTAL, connect=CONNECT, sock_connect=CONNECT, sock_read=FIRST_BYTE)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=connections),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=timeout,
            headers={"accept-encoding": "identity"},
        )

    async def post(self, path: str, body: bytes) -> bytes:
        request = self._session.post(self._base + path, data=body, headers=HEADERS, allow_redirects=False)
        async with request as reply:
            return await reply.read()

    async def stream(self, path: str, body: bytes) -> AsyncIterator[bytes]:
        request = self._session.post(self._base + path, data=body, headers=HEADERS, allow_redirects=False)
        async with request as reply:
            async for chunk in reply.content.iter_any():
                yield chunk

    async def aclose(self) -> None:
        await self._session.close()


class Pyreqwest:
    """reqwest on its own Tokio thread. Without the read buffer limit of 1 a stream is held back to its end."""

    def __init__(self, port: int, connections: int) -> None:
        from pyreqwest.client import ClientBuilder  # noqa: PLC0415 - only when asked for

        self._base = f"http://127.0.0.1:{port}"
        self._client = (
            ClientBuilder()
            .max_connections(connections)
            .pool_timeout(timedelta(seconds=CONNECT))
            .connect_timeout(timedelta(seconds=CONNECT))
            .read_timeout(timedelta(seconds=FIRST_BYTE))
            .timeout(timedelta(seconds=TOTAL))
            .follow_redirects(enable=False)
            .no_proxy()
            .gzip(enable=False)
            .default_headers({"accept-encoding": "identity"})
            .build()
        )

    async def post(self, path: str, body: bytes) -> bytes:
        reply = await self._client.post(self._base + path).headers(HEADERS).body_bytes(body).build().send()
        return bytes(await reply.bytes())

    async def stream(self, path: str, body: bytes) -> AsyncIterator[bytes]:
        builder = self._client.post(self._base + path).headers(HEADERS).body_bytes(body)
        async with builder.streamed_read_buffer_limit(1).build_streamed() as reply:
            while (chunk := await reply.body_reader.read_chunk()) is not None:
                yield bytes(chunk)

    async def aclose(self) -> None:
        await self._client.close()


class Httpx:
    """Stock httpx."""

    def __init__(self, port: int, connections: int) -> None:
        import httpx  # noqa: PLC0415 - only when asked for

        limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
        timeout = httpx.Timeout(FIRST_BYTE, connect=CONNECT, pool=CONNECT)
        self._client = httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", limits=limits, timeout=timeout)

    async def post(self, path: str, body: bytes) -> bytes:
        return (await self._client.post(path, content=body, headers=HEADERS)).content

    async def stream(self, path: str, body: bytes) -> AsyncIterator[bytes]:
        async with self._client.stream("POST", path, content=body, headers=HEADERS) as reply:
            async for chunk in reply.aiter_raw():
                yield chunk

    async def aclose(self) -> None:
        await self._client.aclose()


CLIENTS: dict[str, Callable[[int, int], Client]] = {
    "own": Own,
    "aiohttp": Aiohttp,
    "pyreqwest": Pyreqwest,
    "httpx": Httpx,
}


class App:
    """Whole answers in one piece, streams chunk by chunk; the client is made on the first request, inside the loop."""

    def __init__(self) -> None:
        self._client: Client | None = None

    async def __call__(self, scope: dict[str, object], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if self._client is None:
            self._client = CLIENTS[os.environ["UPSTREAM_CLIENT"]](int(os.environ["UPSTREAM_PORT"]), 256)
        body, more = b"", True
        while more:
            event = await receive()
            part = event.get("body", b"")
            body += part if isinstance(part, bytes) else b""
            more = bool(event.get("more_body"))
        path = str(scope["path"])
        if b'"stream":true' in body:
            kind = (b"content-type", b"text/event-stream")
            await send({"type": "http.response.start", "status": 200, "headers": [kind]})
            async for chunk in self._client.stream(path, body):
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        else:
            answer = await self._client.post(path, body)
            kind, size = (b"content-type", b"application/json"), (b"content-length", b"%d" % len(answer))
            await send({"type": "http.response.start", "status": 200, "headers": [kind, size]})
            await send({"type": "http.response.body", "body": answer})


app = App()
