"""Takes records off the request's path and sees to it that each comes to the database, whatever that does meanwhile."""

import asyncio
from collections.abc import Coroutine, Iterable, Sequence
from contextlib import suppress
from enum import StrEnum
from time import monotonic
from typing import Final, TypeVar, final

import structlog

from neuroroute.application.ports import LedgerRoom, Observer
from neuroroute.application.stores import Ledger
from neuroroute.domain.errors import StateUnavailable
from neuroroute.domain.record import RoutedPrompt
from neuroroute.infrastructure.background import begin, end
from neuroroute.infrastructure.ledger.replay import BATCH, replay_file
from neuroroute.infrastructure.ledger.spool import Spool
from neuroroute.infrastructure.ledger.spool_lines import write_lines

T = TypeVar("T")

DELAY: Final = 0.2
"""Seconds for which a record waits for others to be written with."""
PATIENCE: Final = 1.0
"""Seconds for which a write may take before what waits goes to the spool: so much is lost at most when the process is
killed, with `DELAY`, what ended within that time."""
MIN_PAUSE: Final = 0.5
MAX_PAUSE: Final = 5.0
"""Seconds between two attempts while the database is away."""
CLOSE_SECONDS: Final = 3.0
"""For the last write; after that the spool takes what is left."""
MOST_WAITING: Final = 20_000
"""Records in memory: only when the spool cannot be written are there more than a few hundred."""
_FULL: Final = 0.9
"""Of the spool's limit: the rest is for prompts that are being answered when it is reached."""


class SpoolUse(StrEnum):
    """What the spool is for."""

    OUTAGE = "outage"
    """What cannot be written to the database."""
    ALWAYS = "always"
    """Every record, as it ends: it survives a `kill -9`."""


@final
class LedgerWriter(Observer, LedgerRoom):
    """Writes in batches from memory while the database is well, and from the spool when it was away.

    `begin` it on a running loop; `close` it before the database.
    """

    def __init__(self, ledger: Ledger, spool: Spool, *, use: SpoolUse, limit: int) -> None:
        """`limit`: bytes of the spool's folder."""
        self._ledger = ledger
        self._spool = spool
        self._use = use
        self._limit = limit
        self._waiting: list[RoutedPrompt] = []
        self._seen = 0
        """Records that were ever taken: the number of the last."""
        self._timer: asyncio.TimerHandle | None = None
        self._wake = asyncio.Event()
        self._passed = asyncio.Condition()
        self._task: asyncio.Task[None] | None = None
        self._closing = False
        self._behind = False
        """Whether the spool holds what memory does not."""
        self._gap = False
        """Whether memory holds what should be in the spool and could not be written there."""
        self._spool_works = True
        self.away = False
        """Whether the database was, when it was last asked."""
        self.size_of_others = 0
        """Bytes that other processes have in the spool's folder."""
        self.written = 0
        """Records that the database took, each as often as it did."""

    @property
    def waiting(self) -> int:
        """Records in memory that are not yet written."""
        return len(self._waiting)

    @property
    def spooled(self) -> int:
        """Records in this process's files."""
        return self._spool.rows

    def unwritten(self) -> Iterable[tuple[str, int]]:
        """Where this process's records are that the database does not have, and how many."""
        return ("memory", self.waiting), ("spool", self.spooled)

    @property
    def full(self) -> bool:
        """Whether no new prompt should be taken, because its record might find no place."""
        kept = self._spool.size + self.size_of_others
        return kept >= self._limit * _FULL or len(self._waiting) >= MOST_WAITING

    def observe(self, records: Sequence[RoutedPrompt]) -> None:
        self._waiting.extend(records)
        self._seen += len(records)
        if self._use is SpoolUse.ALWAYS and not self._keep(records):
            self._gap = True
        if len(self._waiting) >= BATCH:
            self._wake.set()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(DELAY, self._ring)

    def begin(self) -> None:
        """From now on what is observed is written."""
        self._task = begin(self._work(), name="write ledger")

    async def flush(self) -> None:
        """Return when all that was observed has been written, or spooled; at the latest after a few seconds."""
        number = self._seen
        if self._task is None or self._task.done():
            return
        self._wake.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS), self._passed:
                await self._passed.wait_for(lambda: self._out >= number)

    async def close(self) -> None:
        """Write what waits, within a few seconds, else spool it: nothing is lost."""
        self._closing = True
        self._wake.set()
        if self._task is not None:
            await asyncio.wait((self._task,), timeout=CLOSE_SECONDS)
            await end(self._task)
        self._stop_timer()
        await self._put_by()
        self._spool.close()

    @property
    def _out(self) -> int:
        """The number of the last record that memory no longer holds."""
        return self._seen - len(self._waiting)

    def _ring(self) -> None:
        self._timer = None
        self._wake.set()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def _work(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            self._stop_timer()
            closing = self._closing
            obstacle = await self._write()
            if closing:
                return
            if obstacle is not None:
                await self._outlast(obstacle)

    async def _write(self) -> str | None:
        """All that waits now; what was in the way of it, if something was."""
        number = self._seen
        try:
            while (left := number - self._out) > 0:
                await self._patiently(self._write_some(min(left, BATCH)), patience=PATIENCE)
                await self._tell_of_passing()
        except StateUnavailable as obstacle:
            return str(obstacle)
        return f"The database takes more than {PATIENCE:g} s for a write" if self._behind else None

    async def _write_some(self, count: int) -> None:
        """The first of those that wait. Until they are written they wait: whoever gives up on this loses nothing."""
        batch, out = self._waiting[:count], self._out
        await self._ledger.write(batch)
        self.written += len(batch)
        if self._out == out:  # else they went to the spool meanwhile
            del self._waiting[: len(batch)]
            self._gap = self._gap and bool(self._waiting)
            if not self._behind:
                self._spool.drop_through(self._out)

    async def _outlast(self, obstacle: str) -> None:
        """Spool what comes until the database has taken all of it, or until we close."""
        log = structlog.get_logger()
        log.warning("ledger_spooling", error=obstacle)
        self.away = True
        pause, replayed = MIN_PAUSE, 0
        while self.away:
            await self._put_by()
            await self._pause(pause)
            if self._closing:
                return
            try:
                replayed += await self._patiently(self._replay(), patience=DELAY)
                self.away = self._behind
            except StateUnavailable:
                pause = min(MAX_PAUSE, pause * 2)
        log.info("ledger_replayed", records=replayed)
        self._wake.set()

    async def _pause(self, seconds: float) -> None:
        over = monotonic() + seconds
        while not self._closing and (left := over - monotonic()) > 0:
            await asyncio.sleep(min(left, DELAY))
            await self._put_by()

    async def _replay(self) -> int:
        """Write what the spool holds, oldest first, and delete it; how many records that was.

        Raises: StateUnavailable.
        """
        replayed = 0
        if self._waiting:  # the spool does not take them
            await self._write_some(BATCH)
        while (segment := self._spool.seal()) is not None:
            rows = await replay_file(self._ledger, segment.path)
            self._spool.drop(segment)
            self.written += rows
            replayed += rows
        self._behind = False
        return replayed

    async def _patiently(self, work: Coroutine[object, object, T], *, patience: float) -> T:
        """What `work` comes to. What waits after so many seconds is put by meanwhile."""
        task = asyncio.create_task(work)
        try:
            await asyncio.wait((task,), timeout=patience)
            while not task.done():
                await self._put_by()
                await asyncio.wait((task,), timeout=DELAY)
            return task.result()
        finally:
            if task.cancel():
                task.add_done_callback(_hear)
                await asyncio.wait((task,), timeout=PATIENCE)

    def _keep(self, records: Sequence[RoutedPrompt]) -> bool:
        """Whether the spool holds them now."""
        try:
            self._spool.append(write_lines(records), rows=len(records), through=self._seen)
        except OSError as exc:
            if self._spool_works:
                structlog.get_logger().error("ledger_spool_unusable", error=exc.strerror or type(exc).__name__)
            self._spool_works = False
            return False
        self._spool_works = True
        return True

    async def _put_by(self) -> None:
        """Move what waits to the spool, synced; what that does not take goes on waiting."""
        number = self._seen
        while (left := number - self._out) > 0:
            some = self._waiting[: min(left, BATCH)]
            if (self._use is SpoolUse.OUTAGE or self._gap) and not self._keep(some):
                return
            del self._waiting[: len(some)]
            self._behind = True
            with suppress(OSError):  # written it is, and survives this process
                await asyncio.to_thread(self._spool.sync())
        await self._tell_of_passing()

    async def _tell_of_passing(self) -> None:
        async with self._passed:
            self._passed.notify_all()


def _hear(task: asyncio.Task[T]) -> None:
    """So that asyncio does not complain of an error that nobody waits for any more."""
    if not task.cancelled():
        task.exception()
