"""A caller who hangs up ends the work that was done for it."""

import asyncio
from types import TracebackType
from typing import Self, final

from litestar.types import Receive

from neuroroute.interface.interruptible import Interruptible

GRACE = 0.02
"""Seconds before the watch begins: most cached and refused requests are over by then and pay nothing for it."""


@final
class CallerWatch:
    """Ends the block that it guards when the caller disconnects, which is left quietly: nobody is there to answer."""

    __slots__ = ("_block", "_loop", "_receive", "_timer", "_watcher")

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._block = Interruptible()
        self._loop = asyncio.get_running_loop()
        self._watcher: asyncio.Task[None] | None = None

    def __enter__(self) -> Self:
        self._block.__enter__()
        self._timer = self._loop.call_later(GRACE, self._begin)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        self._timer.cancel()
        if self._watcher is not None:
            self._watcher.cancel()
        return self._block.__exit__(kind, error, traceback)

    def _begin(self) -> None:
        self._watcher = self._loop.create_task(self._watch())

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._block.interrupt()
