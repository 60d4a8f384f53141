"""Decisions in the database, and the catalogues that they were made by."""

import asyncio
from collections.abc import Sequence
from typing import Final, final

from sqlalchemy import select, text

from neuroroute.application.stores import DecisionStore, StoredDecision
from neuroroute.domain.model import ModelCard
from neuroroute.infrastructure.record_ids import first_id, is_id, may_be_under_way
from neuroroute.infrastructure.sql.database import Database
from neuroroute.infrastructure.sql.decision_rows import read_cards, stored, write_cards
from neuroroute.infrastructure.sql.tables import CatalogSnapshotRow, DecisionRow

LATE: Final = 0.5
"""Seconds after which what another process has answered is written, while all is well (`ledger.writer.DELAY`, and a
write): whoever asks at once for what it was answered may ask another process."""
_KEEP: Final = text(
    "INSERT INTO catalog_snapshots (version, cards) VALUES (:version, :cards) ON CONFLICT (version) DO NOTHING"
)


@final
class SqlDecisions(DecisionStore):
    """What `SqlLedger` has written."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, decision_id: str) -> StoredDecision | None:
        if not is_id(decision_id):
            return None
        found = await self._find(decision_id)
        if found is None and may_be_under_way(decision_id):
            await asyncio.sleep(LATE)
            found = await self._find(decision_id)
        return found

    async def since(self, moment: float, *, after: str, limit: int) -> Sequence[StoredDecision]:
        wanted = select(DecisionRow).where(DecisionRow.id >= first_id(moment), DecisionRow.id > after)
        async with self._database.reading() as session:
            rows = (await session.scalars(wanted.order_by(DecisionRow.id).limit(limit))).all()
        return [stored(row) for row in rows]

    async def keep_cards(self, version: str, cards: Sequence[ModelCard]) -> None:
        async with self._database.reading() as session:
            if await session.get(CatalogSnapshotRow, version) is not None:
                return
        async with self._database.writing() as session:
            await session.execute(_KEEP, {"version": version, "cards": write_cards(cards)})

    async def cards(self, version: str) -> Sequence[ModelCard] | None:
        async with self._database.reading() as session:
            row = await session.get(CatalogSnapshotRow, version)
        return None if row is None else read_cards(version, row.cards)

    async def _find(self, decision_id: str) -> StoredDecision | None:
        async with self._database.reading() as session:
            row = await session.get(DecisionRow, decision_id)
        return None if row is None else stored(row)
