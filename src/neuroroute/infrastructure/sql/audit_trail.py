"""Adds to the audit log, in the transaction of the change that it tells of."""

from time import time
from typing import Final, final

import msgspec
from msgspec.structs import asdict, replace
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from neuroroute.domain.audit import RESUMED, AuditEntry, AuditHead
from neuroroute.infrastructure.sql.revisions import lock_audit
from neuroroute.infrastructure.sql.tables import AuditHeadRow, AuditRow
from neuroroute.infrastructure.sql.vault_keys import Purpose, VaultKeys

_ENCODE: Final = msgspec.json.Encoder(order="deterministic").encode
_ONLY: Final = 1
"""The id of the one head."""


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
        opened = await self._vault_keys.opened(session, Purpose.AUDIT)
        key = await self._vault_keys.active(session, Purpose.AUDIT)
        head = await read_head(session)
        last = await session.scalar(select(AuditRow.hash).where(AuditRow.seq == seq - 1))
        entry = AuditEntry(
            seq=seq,
            at=time(),
            actor=by,
            action=action,
            target=target,
            before=_json(before),
            after=_json(after),
            key_id=key.id,
            previous=last or b"",
        )
        keys = {key_id: one.bytes for key_id, one in opened.items()}
        begins = seq == 1 and head is None and not keys
        if not begins and (head is None or not head.is_of(seq - 1, entry.previous, keys)):
            # The new head will vouch for what is found now. What the old one vouched for is kept where it stays seen.
            told = {"actor": "audit", "action": RESUMED, "target": "audit_log", "before": None, "after": _json(head)}
            resumed = replace(entry, **told).chained(key.bytes)
            session.add(AuditRow(**asdict(resumed)))
            entry = replace(entry, seq=await lock_audit(session), previous=resumed.hash)
        entry = entry.chained(key.bytes)
        session.add(AuditRow(**asdict(entry)))
        await session.merge(AuditHeadRow(id=_ONLY, **asdict(AuditHead.of(entry, key.bytes))))
        await session.flush()


async def read_head(session: AsyncSession) -> AuditHead | None:
    """As it is stored: whether it is genuine is for its reader to say."""
    row = await session.get(AuditHeadRow, _ONLY)
    return None if row is None else AuditHead(seq=row.seq, key_id=row.key_id, seal=row.seal)


def _json(told: object) -> str | None:
    return None if told is None else _ENCODE(told).decode()
