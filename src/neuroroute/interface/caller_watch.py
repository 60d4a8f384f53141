"""A caller who hangs up ends the work that was done for it."""

import asyncio
from types import TracebackType
from typing import Self, final

from litestar.types import Receive

GRACE = 0.02
"""Seconds before the watch begins: most cached and refused requests are over by then and pay nothing for it."""


@final
class CallerWatch:
    """Cancels the block that it guards when the caller disconnects, and then leaves it quietly; `gone` says so."""

    def __init__(self, receive: Receive) -> None:
        self.gone = False
        self._receive = receive
        self._loop = asyncio.get_running_loop()
        self._watcher: asyncio.Task[None] | None = None

    def __enter__(self) -> Self:
        self._guarded = asyncio.current_task()
        self._timer = self._loop.call_later(GRACE, self._begin)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        self._timer.cancel()
        if self._watcher is not None:
            self._watcher.cancel()
        if not self.gone or self._guarded is None:
            return False
        self._guarded.uncancel()
        return kind is asyncio.CancelledError

    def _begin(self) -> None:
        self._watcher = self._loop.create_task(self._watch())

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.gone = True
        if self._guarded is not None:
            self._guarded.cancel()
