"""Rings after a fixed delay, for many requests at once."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import final


@final
class Ring:
    """One call to come. `cancel` forgets it."""

    __slots__ = ("_call", "due")

    def __init__(self, due: float, call: Callable[[], None]) -> None:
        self.due = due
        self._call: Callable[[], None] | None = call

    def cancel(self) -> None:
        self._call = None

    def ring(self) -> None:
        """Make the call, unless it was cancelled."""
        if self._call is not None:
            self._call()


@final
class Alarm:
    """Calls back between one and two delays after it was set.

    One timer of the loop serves all: making and closing one for each request costs as much as reading its JSON.
    """

    def __init__(self, delay: float) -> None:
        """`delay`: seconds."""
        self._delay = delay
        self._rings: deque[Ring] = deque()
        self._ticking = False

    def set(self, call: Callable[[], None]) -> Ring:
        """Have `call` called. On a running loop."""
        loop = asyncio.get_running_loop()
        ring = Ring(loop.time() + self._delay, call)
        self._rings.append(ring)
        if not self._ticking:
            self._ticking = True
            loop.call_later(self._delay, self._tick, loop)
        return ring

    def _tick(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        rings = self._rings
        try:
            while rings and rings[0].due <= now:
                rings.popleft().ring()
        finally:  # a call that raises is told by the loop, and costs the others one more delay at most
            self._ticking = bool(rings)
            if rings:
                loop.call_later(self._delay, self._tick, loop)
