"""Providers' keys in the database: sealed, so that each opens only in the row that it was written for."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, final

import msgspec
from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from neuroroute.application.stores import CredentialStore, Topic
from neuroroute.domain.access import Secret
from neuroroute.domain.credential import ProviderCredential
from neuroroute.domain.errors import NameTaken, NotStored
from neuroroute.infrastructure.sql.audit_trail import AuditTrail
from neuroroute.infrastructure.sql.database import Database
from neuroroute.infrastructure.sql.revisions import bump
from neuroroute.infrastructure.sql.tables import CredentialRow
from neuroroute.infrastructure.sql.vault_keys import Purpose, VaultKey, VaultKeys
from neuroroute.infrastructure.vault import Undecryptable, seal, unseal

_ENCODE: Final = msgspec.json.Encoder().encode


class _Redacted(Struct, frozen=True):
    """What the audit log tells of a row."""

    provider: str
    is_active: bool
    origin: str


@final
class SqlCredentials(CredentialStore):
    """Each row names the vault's key that sealed it."""

    def __init__(self, database: Database, vault_keys: VaultKeys, audit_trail: AuditTrail) -> None:
        self._database = database
        self._vault_keys = vault_keys
        self._audit_trail = audit_trail

    async def all(self) -> Sequence[ProviderCredential]:
        async with self._database.reading() as session:
            rows = (await session.scalars(select(CredentialRow).order_by(CredentialRow.id))).all()
            # After the rows: whatever was rotated in between, the keys that they name are still there.
            keys = await self._vault_keys.opened(session, Purpose.CREDENTIALS)
        return [_credential(row, opened(row, keys)) for row in rows]

    async def put(self, provider: str, *, key: Secret, is_active: bool, origin: str, by: str) -> ProviderCredential:
        async with self._database.writing() as session:
            await bump(session, Topic.CREDENTIALS)
            row = await _row(session, provider)
            before = None if row is None else _redacted(row)
            if row is None:
                row = CredentialRow(created_at=datetime.now(UTC))
            else:
                row.updated_at = datetime.now(UTC)
            row.provider, row.is_active, row.origin = provider, is_active, origin
            return await self._keep(session, row, key, before=before, by=by)

    async def replace(
        self, name: str, *, provider: str, key: Secret, is_active: bool, origin: str, by: str
    ) -> ProviderCredential:
        async with self._database.writing() as session:
            await bump(session, Topic.CREDENTIALS)
            row = await _row(session, name)
            if row is None:
                raise NotStored("API key not found")
            if provider != name and await _row(session, provider) is not None:
                raise NameTaken("There is an API key of that provider already")
            before = _redacted(row)
            row.provider, row.is_active, row.origin, row.updated_at = provider, is_active, origin, datetime.now(UTC)
            return await self._keep(session, row, key, before=before, by=by)

    async def delete(self, provider: str, *, by: str) -> None:
        async with self._database.writing() as session:
            await bump(session, Topic.CREDENTIALS)
            row = await _row(session, provider)
            if row is None:
                raise NotStored("API key not found")
            await session.delete(row)
            await session.flush()
            await self._audit_trail.add(
                session, by=by, action="credential.delete", target=provider, before=_redacted(row), after=None
            )

    async def _keep(
        self, session: AsyncSession, row: CredentialRow, key: Secret, *, before: _Redacted | None, by: str
    ) -> ProviderCredential:
        seal_into(row, key, await self._vault_keys.active(session, Purpose.CREDENTIALS))
        session.add(row)
        await session.flush()
        await self._audit_trail.add(
            session,
            by=by,
            action="credential.put",
            target=row.provider if before is None else before.provider,
            before=before,
            after=_redacted(row),
        )
        return _credential(row, key)


def seal_into(row: CredentialRow, key: Secret, vault_key: VaultKey) -> None:
    """Seal the provider's `key` for `row`, whose provider and origin are set already."""
    row.ciphertext = seal(vault_key.bytes, key.reveal().encode(), identity=_identity(row))
    row.key_id = vault_key.id


def opened(row: CredentialRow, keys: Mapping[str, VaultKey]) -> Secret | None:
    """The provider's key; `None` when none of `keys` opens it, as this row's."""
    vault_key = keys.get(row.key_id)
    if vault_key is None:
        return None
    try:
        return Secret(unseal(vault_key.bytes, row.ciphertext, identity=_identity(row)).decode())
    except Undecryptable:
        return None


def _identity(row: CredentialRow) -> str:
    """A ciphertext put into another row, and one whose row was given another origin, does not open."""
    return _ENCODE(["credential", row.provider, row.origin]).decode()


async def _row(session: AsyncSession, provider: str) -> CredentialRow | None:
    return await session.scalar(select(CredentialRow).where(CredentialRow.provider == provider))


def _credential(row: CredentialRow, key: Secret | None) -> ProviderCredential:
    return ProviderCredential(id=row.id, provider=row.provider, key=key, is_active=row.is_active, origin=row.origin)


def _redacted(row: CredentialRow) -> _Redacted:
    return _Redacted(row.provider, row.is_active, row.origin)
