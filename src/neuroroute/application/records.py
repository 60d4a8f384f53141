"""What happened, told to those who want to know: a little later and many at once."""

import asyncio
from collections.abc import Sequence
from typing import final

from neuroroute.application.ports import Observer
from neuroroute.domain.record import RoutedPrompt

DELAY = 0.05
"""Seconds after which a record is told at the latest."""
MOST = 256
"""Records that wait at most."""


@final
class Records:
    """Keeps records for a moment, so that no prompt waits for observers and they work on many at once.

    Told one by one, the observers took a sixth of a prompt's CPU. Whoever reads what they know calls `tell` first.
    """

    def __init__(self, observers: Sequence[Observer], *, at_once: Sequence[Observer] = ()) -> None:
        """`at_once` are told of each record as it ends: those that must not lose it."""
        self._observers = observers
        self._at_once = at_once
        self._waiting: list[RoutedPrompt] = []
        self._timer: asyncio.TimerHandle | None = None

    def add(self, record: RoutedPrompt) -> None:
        """Take a record; never waits. Called on a running loop."""
        for observer in self._at_once:
            observer.observe((record,))
        self._waiting.append(record)
        if len(self._waiting) >= MOST:
            self.tell()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(DELAY, self.tell)

    def tell(self) -> None:
        """Tell the observers all that waits."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            for observer in self._observers:
                observer.observe(waiting)
