"""The vault's keys, each for one purpose, encrypted with the master key where they lie."""

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, final

from msgspec import Struct
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from neuroroute.infrastructure.sql.tables import VaultKeyRow
from neuroroute.infrastructure.vault import MasterKeys, Undecryptable, new_key

_ID_BYTES: Final = 6


class Purpose(StrEnum):
    """What a key is for; it is never used for anything else."""

    CREDENTIALS = "credentials"
    CLIENT_KEYS = "client_keys"
    AUDIT = "audit"


class VaultKey(Struct, frozen=True):
    """An opened key. Prints without its bytes."""

    id: str
    bytes: bytes

    def __repr__(self) -> str:
        return f"VaultKey({self.id!r}, *****)"


@final
class VaultKeys:
    """Reads and makes keys within the transactions of others."""

    def __init__(self, masters: MasterKeys) -> None:
        self._masters = masters

    async def opened(self, session: AsyncSession, purpose: Purpose) -> Mapping[str, VaultKey]:
        """Those of the purpose that open with our master keys, by id."""
        rows = await session.scalars(select(VaultKeyRow).where(VaultKeyRow.purpose == purpose))
        keys = (self._opened(row) for row in rows)
        return {key.id: key for key in keys if key is not None}

    async def active(self, session: AsyncSession, purpose: Purpose) -> VaultKey:
        """The key to use for something new; made now if there is none that opens.

        Called after the transaction has taken the lock of whoever writes with it (`revisions.bump`, `lock_audit`), so
        that two processes never make one each.
        """
        rows = await session.scalars(
            select(VaultKeyRow).where(VaultKeyRow.purpose == purpose, VaultKeyRow.is_active).order_by(VaultKeyRow.id)
        )
        for row in rows:
            if key := self._opened(row):
                return key
        return await self.renew(session, purpose)

    async def renew(self, session: AsyncSession, purpose: Purpose) -> VaultKey:
        """A new key, from now on the active one of its purpose; under the same lock as `active`."""
        await session.execute(update(VaultKeyRow).where(VaultKeyRow.purpose == purpose).values(is_active=False))
        key = VaultKey(secrets.token_hex(_ID_BYTES), new_key())
        session.add(
            VaultKeyRow(
                id=key.id,
                purpose=purpose.value,
                wrapped=self._masters.wrap(key.bytes, identity=_identity(key.id, purpose)),
                wrapped_by=self._masters.active,
                is_active=True,
                created_at=datetime.now(UTC),
            )
        )
        await session.flush()
        return key

    async def rewrap(self, session: AsyncSession) -> int:
        """Encrypt every key that opens with the active master key; how many were not so before."""
        rows = await session.scalars(select(VaultKeyRow).where(VaultKeyRow.wrapped_by != self._masters.active))
        rewrapped = 0
        for row in rows:
            if key := self._opened(row):
                row.wrapped = self._masters.wrap(key.bytes, identity=_identity(row.id, Purpose(row.purpose)))
                row.wrapped_by = self._masters.active
                rewrapped += 1
        await session.flush()
        return rewrapped

    def _opened(self, row: VaultKeyRow) -> VaultKey | None:
        try:
            identity = _identity(row.id, Purpose(row.purpose))
            return VaultKey(row.id, self._masters.unwrap(row.wrapped, by=row.wrapped_by, identity=identity))
        except Undecryptable:
            return None


def _identity(key_id: str, purpose: Purpose) -> str:
    return f"vault-key/{purpose}/{key_id}"
