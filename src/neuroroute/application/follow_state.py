"""Keeps what this process holds in memory no older than a second, without a request ever waiting for the database."""

import asyncio
from abc import abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from time import monotonic
from typing import Final, Protocol, final

from neuroroute.application.stores import Revisions, Topic
from neuroroute.domain.errors import StateUnavailable

INTERVAL: Final = 0.25
"""Seconds between two looks. With the time of a look and a load, a change is known everywhere within a second."""
MAX_PAUSE: Final = 2.0
"""Seconds between two looks while the database is away: the time in which its return is noticed."""
STALE: Final = 1.0
"""Seconds since the last good look after which what is not known here may yet be known elsewhere."""


class StateUnreadable(StateUnavailable):
    """The database answers, and what it says cannot be read: by a fault of ours, or written by a later version."""


class Held(Protocol):
    """What a process holds of some topics."""

    topics: frozenset[Topic]

    @abstractmethod
    async def load(self) -> None:
        """Read it anew and put it in place at once.

        Raises:
            StateUnavailable: it could not be read; what was held before still stands.
        """
        ...


@final
class FollowState:
    """Looks at the revisions and has whoever holds a changed topic load it."""

    def __init__(
        self,
        revisions: Revisions,
        holders: Sequence[Held],
        *,
        prepare: Callable[[], Awaitable[None]],
        tell: Callable[[StateUnavailable | None], None],
    ) -> None:
        """`prepare` is called before the first load succeeds, and again whenever it failed: it may migrate and seed.

        `holders` load in this order: what one cannot read keeps those after it as they are. `tell` hears of a loss,
        once, and with `None` of the return.
        """
        self._revisions = revisions
        self._holders = holders
        self._prepare = prepare
        self._tell = tell
        self._seen: dict[Topic, int] = {}
        self._looked_at = float("-inf")
        self._lock = asyncio.Lock()
        self.obstacle: StateUnavailable | None = StateUnavailable("What is stored has not been read yet")
        """Why nothing has been loaded yet, or why the last look failed; `None` while all is well."""
        self._told = False
        """Whether a loss was told of whose end was not."""
        self.loaded = False
        """Whether everything was loaded once: from then on requests can be served whatever the database does."""

    @property
    def fresh(self) -> bool:
        """Whether what is held is no older than a second."""
        return monotonic() - self._looked_at <= STALE

    async def __call__(self) -> None:
        """Follow until cancelled."""
        pause = INTERVAL
        while True:
            await asyncio.sleep(pause)
            await self.attempt()
            pause = INTERVAL if self.obstacle is None else min(MAX_PAUSE, pause * 2)

    async def attempt(self) -> None:
        """One look that does not raise: what went wrong is the `obstacle`."""
        try:
            await self.refresh()
        except StateUnavailable as obstacle:
            if self.obstacle is None or (not self.loaded and str(obstacle) != str(self.obstacle)):
                self._told = True
                self._tell(obstacle)
            self.obstacle = obstacle

    async def catch_up(self) -> None:
        """Called by whoever has just written, before it answers. That stands: if it cannot be read now, it is later."""
        with suppress(StateUnavailable):
            await self.refresh()

    async def refresh(self) -> None:
        """Hold what is stored now.

        Raises:
            StateUnavailable: what is held may be older.
        """
        async with self._lock:
            try:
                await self._load_what_changed()
            except StateUnavailable:
                raise
            except Exception as exc:
                # Whatever it is, it must not end the following: a key that is revoked would open here for ever.
                raise StateUnreadable(f"What is stored cannot be read ({type(exc).__name__})") from exc

    async def _load_what_changed(self) -> None:
        if not self.loaded:
            await self._prepare()
        began = monotonic()
        revisions = await self._revisions.look()
        changed = {topic for topic, revision in revisions.items() if self._seen.get(topic) != revision}
        for holder in self._holders:
            if not self.loaded or holder.topics & changed:
                await holder.load()
        self._hold(revisions, began)

    def _hold(self, revisions: Mapping[Topic, int], began: float) -> None:
        self._seen.update(revisions)
        self._looked_at = began
        self.loaded = True
        self.obstacle = None
        if self._told:
            self._told = False
            self._tell(None)
