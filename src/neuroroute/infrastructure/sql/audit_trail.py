"""Adds to the audit log, in the transaction of the change that it tells of."""

from time import time
from typing import Final, final

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from neuroroute.domain.audit import AuditEntry, seal_of_head
from neuroroute.infrastructure.sql.revisions import lock_audit
from neuroroute.infrastructure.sql.tables import AuditHeadRow, AuditRow
from neuroroute.infrastructure.sql.vault_keys import Purpose, VaultKeys

_ENCODE: Final = msgspec.json.Encoder(order="deterministic").encode
_ONLY: Final = 1


@final
class AuditTrail:
    """Written by the stores; read by `audit_log`."""

    def __init__(self, vault_keys: VaultKeys) -> None:
        self._vault_keys = vault_keys

    async def add(
        self, session: AsyncSession, *, by: str, action: str, target: str, before: object, after: object
    ) -> None:
        """`before` and `after` are what msgspec writes as JSON, or `None` for nothing, and hold no secret.

        Called last in a transaction: until the commit nobody else can add.
        """
        seq = await lock_audit(session)
        key = await self._vault_keys.active(session, Purpose.AUDIT)
        previous = await session.scalar(select(AuditRow.hash).where(AuditRow.seq == seq - 1))
        entry = AuditEntry(
            seq=seq,
            at=time(),
            actor=by,
            action=action,
            target=target,
            before=_json(before),
            after=_json(after),
            previous=previous or b"",
        )
        digest = entry.chained(key.bytes)
        session.add(AuditRow(**{**msgspec.structs.asdict(entry), "hash": digest}))
        await session.merge(AuditHeadRow(id=_ONLY, seq=seq, seal=seal_of_head(key.bytes, seq=seq, last=digest)))
        await session.flush()


def _json(told: object) -> str | None:
    return None if told is None else _ENCODE(told).decode()
