"""Work ends when nobody waits for it: a caller that hangs up, never ends its request, or never reads its answer."""

import asyncio
from time import monotonic
from types import TracebackType
from typing import Self, final

from litestar.types import Receive

from neuroroute.interface.alarm import Alarm
from neuroroute.interface.interruptible import Interruptible

GRACE = 0.02
"""Seconds before the watch begins: most refused, cached and quickly answered requests pay nothing for it."""
PATIENCE = 10.0
"""Seconds that any body may take…"""
RATE = 64 * 1024
"""…and as many more as what has come needs at this many bytes a second: a slow body ends, a large one does not."""
UNREAD = 60.0
"""Seconds that a piece of a stream may wait for the caller to read, once what is buffered on the way is full."""


@final
class CallerWatch:
    """Guards the block that serves a request, which first reads its body and then answers it.

    A body that is `overdue`, or a caller that disconnects or stops reading while it is answered, ends the block. It is
    left quietly.
    """

    __slots__ = (
        "_alarm", "_block", "_came", "_reading", "_receive", "_ring", "_sending_since", "_timer", "_unread", "_watcher",
        "overdue",
    )  # fmt: skip

    def __init__(self, receive: Receive, alarm: Alarm, *, unread: float = UNREAD) -> None:
        """`alarm` rings after `GRACE`; `unread`: seconds."""
        self.overdue = False
        self._receive = receive
        self._alarm = alarm
        self._block = Interruptible()
        self._came = 0
        self._reading = True
        self._sending_since: float | None = None
        self._unread = unread
        self._timer: asyncio.TimerHandle | None = None
        self._watcher: asyncio.Task[None] | None = None

    def __enter__(self) -> Self:
        self._block.__enter__()
        self._ring = self._alarm.set(self._begin)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        self._ring.cancel()
        if self._timer is not None:
            self._timer.cancel()
        if self._watcher is not None:
            self._watcher.cancel()
        return self._block.__exit__(kind, error, traceback)

    def came(self, size: int) -> None:
        """So many bytes of the body."""
        self._came += size

    def answer(self) -> None:
        """The body has ended: from now on the request is answered."""
        self._reading = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._begin()

    def sending(self) -> None:
        """A piece of a stream goes out: it is the caller's turn to read."""
        self._sending_since = monotonic()
        if self._timer is None:
            # One timer a stream, not one a piece: it looks how long the piece under way has waited.
            self._timer = asyncio.get_running_loop().call_later(self._unread, self._look_whether_read)

    def sent(self) -> None:
        """The piece went out."""
        self._sending_since = None

    def _begin(self) -> None:
        loop = asyncio.get_running_loop()
        if self._reading:
            self._timer = loop.call_later(PATIENCE, self._lose_patience, loop.time())
        else:
            self._watcher = loop.create_task(self._watch())

    def _lose_patience(self, began: float) -> None:
        loop = asyncio.get_running_loop()
        due = began + PATIENCE + self._came / RATE
        if loop.time() < due:
            self._timer = loop.call_at(due, self._lose_patience, began)
        else:
            self.overdue = True
            self._block.interrupt()

    def _look_whether_read(self) -> None:
        since = self._sending_since
        rest = self._unread if since is None else since + self._unread - monotonic()
        if rest > 0:
            self._timer = asyncio.get_running_loop().call_later(rest, self._look_whether_read)
        else:
            self._block.interrupt()

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._block.interrupt()
