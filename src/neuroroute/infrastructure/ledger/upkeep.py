"""What the ledger needs beside being written: room for the next month, old months dropped, and orphans taken in."""

import asyncio
from contextlib import closing
from datetime import UTC, date, datetime
from typing import Final, final

import structlog

from neuroroute.application.stores import Ledger
from neuroroute.domain.errors import StateUnavailable
from neuroroute.domain.usage import month_after, oldest_kept
from neuroroute.infrastructure.ledger.replay import replay_file
from neuroroute.infrastructure.ledger.spool import Spool
from neuroroute.infrastructure.ledger.writer import LedgerWriter

INTERVAL: Final = 10.0
"""Seconds: so long the spool of a process that was killed lies at most, while the database is well."""


@final
class LedgerUpkeep:
    """Every process does it; what one has done the others find done."""

    def __init__(self, ledger: Ledger, spool: Spool, writer: LedgerWriter, *, months: int) -> None:
        """`months` are kept before the current one; 0 keeps all."""
        self._ledger = ledger
        self._spool = spool
        self._writer = writer
        self._months = months
        self._roomy: date | None = None
        self._dropped: date | None = None

    async def __call__(self) -> None:
        """At once and from time to time, until cancelled."""
        while True:
            await self.once(datetime.now(UTC).date())
            await asyncio.sleep(INTERVAL)

    async def once(self, today: date) -> None:
        """Once. While the database is away it is left for the next time."""
        self._writer.size_of_others = await asyncio.to_thread(self._spool.size_of_others)
        if self._writer.away:
            return
        try:
            await self._make_room(today.replace(day=1))
            await self._take_in_orphans()
            await self._drop_old(today)
        except StateUnavailable:
            return  # the writer tells of it

    async def _make_room(self, month: date) -> None:
        if self._roomy != month:
            await self._ledger.make_room(month)
            await self._ledger.make_room(month_after(month))
            self._roomy = month

    async def _take_in_orphans(self) -> None:
        try:
            with closing(self._spool.orphans()) as orphans:
                for orphan in orphans:
                    rows = [await replay_file(self._ledger, path) for path in orphan.files()]
                    orphan.delete()
                    structlog.get_logger().info("ledger_replayed", records=sum(rows), of="a process that is gone")
        except OSError as exc:
            structlog.get_logger().error("ledger_spool_unusable", error=exc.strerror or type(exc).__name__)

    async def _drop_old(self, today: date) -> None:
        """Once a day: a spool that is replayed late may bring an old month back."""
        if self._months and self._dropped != today:
            oldest = oldest_kept(today, months=self._months)
            if dropped := await self._ledger.drop_before(oldest):
                structlog.get_logger().info("ledger_dropped", before=str(oldest), number=dropped)
            self._dropped = today
