"""Server-sent events on their way out; while they are silent, comments keep what lies on the way from closing it."""

import asyncio
from collections.abc import Sequence
from time import monotonic
from types import TracebackType
from typing import Final, Self, final

from litestar.types import Send

from neuroroute.interface.caller_watch import CallerWatch
from neuroroute.interface.respond import EVENT_STREAM

COMMENT: Final = b": keep-alive\n\n"
"""Every reader of server-sent events passes over it (WHATWG HTML 9.2.6)."""
_HEAD: Final = ((b"content-type", EVENT_STREAM), (b"cache-control", b"no-cache"), (b"x-accel-buffering", b"no"))


@final
class EventStream:
    """A streamed answer. The provider is held back while the caller does not read.

    Its head goes out with the first event, or with the first comment: from then on a failure is an event too.
    """

    __slots__ = ("_comment", "_headed", "_send", "_silence", "_silent_since", "_timer", "_watch", "begun")

    def __init__(self, send: Send, watch: CallerWatch, *, silence: float) -> None:
        """`silence`: seconds after which a comment is sent, 0 is never. `watch` is told when the caller is to read."""
        self.begun = False
        """Whether anything has been sent, or is about to be."""
        self._send = send
        self._watch = watch
        self._silence = silence
        self._headed = False
        self._silent_since: float | None = monotonic()
        """`None` while something is being sent."""
        self._comment: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Self:
        self._wait(self._silence)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if (comment := self._comment) is not None:
            comment.cancel()
            await asyncio.wait([comment])
            if not comment.cancelled():
                comment.exception()  # that it could not be sent is seen by who sends the next event, if there is one

    async def write(self, data: bytes, headers: Sequence[tuple[bytes, bytes]] = ()) -> None:
        """Send whole events. `headers` are those of the head, if it has not gone out yet."""
        self.begun = True
        if self._comment is not None:
            await self._comment
        await self._put(data, headers)

    async def end(self) -> None:
        """Nothing follows."""
        if self._comment is not None:
            await self._comment
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _put(self, data: bytes, headers: Sequence[tuple[bytes, bytes]] = ()) -> None:
        self._silent_since = None
        if not self._headed:
            self._headed = True
            await self._send({"type": "http.response.start", "status": 200, "headers": [*_HEAD, *headers]})
        self._watch.sending()
        await self._send({"type": "http.response.body", "body": data, "more_body": True})
        self._watch.sent()
        self._silent_since = monotonic()

    def _wait(self, seconds: float) -> None:
        # One timer a stream, not one an event: it looks how long nothing was sent.
        if self._silence:
            self._timer = asyncio.get_running_loop().call_later(seconds, self._look)

    def _look(self) -> None:
        since = self._silent_since
        rest = self._silence if since is None else since + self._silence - monotonic()
        if rest > 0:
            self._wait(rest)
        else:
            self.begun = True
            self._comment = asyncio.get_running_loop().create_task(self._say())

    async def _say(self) -> None:
        await self._put(COMMENT)
        self._comment = None
        self._wait(self._silence)
