"""The audit log of an installation that keeps nothing."""

import secrets
from collections.abc import Sequence
from time import time
from typing import Final, final

import msgspec

from neuroroute.application.stores import AuditLog
from neuroroute.domain.audit import AuditEntry, AuditFilter, AuditHead
from neuroroute.domain.audit_verification import Verification, verify

_KEY_ID: Final = "memory"
_ENCODE: Final = msgspec.json.Encoder(order="deterministic").encode


@final
class MemoryAuditLog(AuditLog):
    """In this process, by a key that is as short-lived as the log."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._entries: list[AuditEntry] = []

    async def note(self, *, by: str, action: str, target: str, after: object) -> None:
        self.add(at=time(), by=by, action=action, target=target, before=None, after=after)

    def add(self, *, at: float, by: str, action: str, target: str, before: object, after: object) -> None:
        """As the stores' transactions do: `before` and `after` hold no secret."""
        entry = AuditEntry(
            seq=len(self._entries) + 1,
            at=at,
            actor=by,
            action=action,
            target=target,
            before=_json(before),
            after=_json(after),
            key_id=_KEY_ID,
            previous=self._entries[-1].hash if self._entries else b"",
        )
        self._entries.append(entry.chained(self._key))

    async def entries(self, wanted: AuditFilter, *, before: int | None, limit: int) -> Sequence[AuditEntry]:
        older = self._entries[: None if before is None else max(0, before - 1)]
        return [entry for entry in reversed(older) if wanted.admits(entry)][:limit]

    async def verify(self) -> Verification:
        head = AuditHead.of(self._entries[-1], self._key) if self._entries else None
        keys = {_KEY_ID: self._key} if self._entries else {}
        return verify(self._entries, head, written=len(self._entries), keys=keys)


def _json(told: object) -> str | None:
    return None if told is None else _ENCODE(told).decode()
