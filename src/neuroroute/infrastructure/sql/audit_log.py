"""Reads the audit log, and verifies it."""

from collections.abc import Sequence
from typing import Final, final

from sqlalchemy import select
from sqlalchemy.sql import Select

from neuroroute.application.stores import AuditLog
from neuroroute.domain.audit import AuditEntry, AuditFilter
from neuroroute.domain.audit_verification import Verification
from neuroroute.infrastructure.sql.audit_trail import AuditTrail, read_head
from neuroroute.infrastructure.sql.database import Database
from neuroroute.infrastructure.sql.revisions import AUDIT
from neuroroute.infrastructure.sql.tables import AuditRow, RevisionRow
from neuroroute.infrastructure.sql.vault_keys import Purpose, VaultKeys

PAGE: Final = 1000
"""Entries that are verified in one transaction: a long log outlasts what one may take."""


@final
class SqlAuditLog(AuditLog):
    """Written by `AuditTrail`."""

    def __init__(self, database: Database, vault_keys: VaultKeys, audit_trail: AuditTrail, *, page: int = PAGE) -> None:
        self._database = database
        self._vault_keys = vault_keys
        self._audit_trail = audit_trail
        self._page = page

    async def note(self, *, by: str, action: str, target: str, after: object) -> None:
        async with self._database.writing() as session:
            await self._audit_trail.add(session, by=by, action=action, target=target, before=None, after=after)

    async def entries(self, wanted: AuditFilter, *, before: int | None, limit: int) -> Sequence[AuditEntry]:
        chosen = _chosen(select(AuditRow), wanted)
        if before is not None:
            chosen = chosen.where(AuditRow.seq < before)
        async with self._database.reading() as session:
            rows = await session.scalars(chosen.order_by(AuditRow.seq.desc()).limit(limit))
            return [_entry(row) for row in rows]

    async def verify(self) -> Verification:
        read, more = Verification(), True
        while more and not read.stopped:
            # The end is looked at in the same moment as the last page: meanwhile others may add.
            async with self._database.reading() as session:
                opened = await self._vault_keys.opened(session, Purpose.AUDIT)
                keys = {key_id: key.bytes for key_id, key in opened.items()}
                following = select(AuditRow).where(AuditRow.seq > read.last).order_by(AuditRow.seq).limit(self._page)
                page = [_entry(row) for row in await session.scalars(following)]
                more = len(page) == self._page
                head = await read_head(session)
                written = await session.scalar(select(RevisionRow.revision).where(RevisionRow.topic == AUDIT))
            for entry in page:
                read = read.after(entry, keys)
            if not more:
                read = read.ended(head, written=written or 0, keys=keys)
        return read


def _chosen(rows: Select[AuditRow], wanted: AuditFilter) -> Select[AuditRow]:
    named = {AuditRow.actor: wanted.actor, AuditRow.action: wanted.action, AuditRow.target: wanted.target}
    conditions = [column == value for column, value in named.items() if value is not None]
    if wanted.since is not None:
        conditions.append(AuditRow.at >= wanted.since)
    if wanted.until is not None:
        conditions.append(AuditRow.at < wanted.until)
    return rows.where(*conditions)


def _entry(row: AuditRow) -> AuditEntry:
    return AuditEntry(
        seq=row.seq,
        at=row.at,
        actor=row.actor,
        action=row.action,
        target=row.target,
        before=row.before,
        after=row.after,
        key_id=row.key_id,
        previous=row.previous,
        hash=row.hash,
    )
