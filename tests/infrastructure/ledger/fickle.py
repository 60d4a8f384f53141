"""A ledger that goes away when it is told to, a writer to it, and what to write."""

import asyncio
from contextlib import asynccontextmanager

from decisions import decided
from msgspec.structs import replace

from neuroroute.application.draft import new_id
from neuroroute.application.stores import Ledger
from neuroroute.domain.errors import StateUnavailable
from neuroroute.infrastructure.ledger.spool import Spool
from neuroroute.infrastructure.ledger.writer import LedgerWriter, SpoolUse
from neuroroute.infrastructure.memory.ledger import MemoryLedger

_RECORD = decided()


class Fickle(Ledger):
    """Keeps what it takes; goes away, or is slow, at will."""

    def __init__(self):
        self.kept = MemoryLedger()
        self.batches = []
        self.away = False
        self.answers = asyncio.Event()
        self.answers.set()

    async def write(self, records):
        await self.answers.wait()
        if self.away:
            raise StateUnavailable("It is away")
        self.batches.append([record.request_id for record in records])
        await self.kept.write(records)

    async def totals(self, query):
        return await self.kept.totals(query)

    async def make_room(self, month):
        if self.away:
            raise StateUnavailable("It is away")
        self.batches.append(f"room for {month}")

    async def drop_before(self, month):
        return await self.kept.drop_before(month)

    @property
    def holds(self):
        """The records, by the ids of their requests."""
        return sorted(record.request_id for record in self.kept._records.values())


@asynccontextmanager
async def writing(ledger, folder, *, use=SpoolUse.OUTAGE, limit=1 << 20):
    """A writer at work, closed at the end."""
    writer = LedgerWriter(ledger, Spool(folder), use=use, limit=limit)
    writer.begin()
    try:
        yield writer
    finally:
        await writer.close()


def numbered(first, last):
    """Records whose request ids say their number."""
    return [_named(name) for name in names(first, last)]


def names(first, last):
    return [f"{number:05d}" for number in range(first, last + 1)]


def _named(name):
    record_id = new_id()
    return replace(_RECORD, id=record_id, request_id=name, decision=replace(_RECORD.decision, id=record_id))
