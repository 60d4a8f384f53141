"""Clients' keys in the database: of each its keyed hash, never its text."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, final

import msgspec
from sqlalchemy import bindparam, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from neuroroute.application.stores import ClientKeyStore, Topic
from neuroroute.domain.access import Secret
from neuroroute.domain.client_key import ChangedKeys, ClientKey, HashKey, KeyDigest, KeyScope, StoredKey
from neuroroute.domain.errors import NameTaken, NotStored
from neuroroute.domain.key_text import digest_of
from neuroroute.domain.model import ModelId
from neuroroute.infrastructure.sql.audit_trail import AuditTrail
from neuroroute.infrastructure.sql.database import Database
from neuroroute.infrastructure.sql.revisions import bump
from neuroroute.infrastructure.sql.tables import ClientKeyRow, RevisionRow
from neuroroute.infrastructure.sql.vault_keys import Purpose, VaultKeys

_ENCODE: Final = msgspec.json.Encoder(order="deterministic").encode


@final
class SqlClientKeys(ClientKeyStore):
    """Hashes with the vault's active key for it."""

    def __init__(self, database: Database, *, vault_keys: VaultKeys, audit: AuditTrail) -> None:
        self._database = database
        self._vault_keys = vault_keys
        self._audit = audit

    async def changed_since(self, revision: int) -> ChangedKeys:
        async with self._database.reading() as session:
            # The revision before the rows: what is written in between is then read again, and never missed.
            now = await session.scalar(select(RevisionRow.revision).where(RevisionRow.topic == Topic.CLIENT_KEYS.value))
            rows = await session.scalars(
                select(ClientKeyRow)
                .where(ClientKeyRow.revision > revision)
                .order_by(ClientKeyRow.revision, ClientKeyRow.id)
            )
            opened = await self._vault_keys.opened(session, Purpose.CLIENT_KEYS)
            return ChangedKeys(
                keys=tuple(_stored(row) for row in rows),
                hash_keys={key.id: HashKey(key.id, key.bytes) for key in opened.values()},
                revision=now or 0,
            )

    async def add(self, key: ClientKey, text: Secret, *, by: str) -> None:
        try:
            async with self._database.writing() as session:
                revision = await bump(session, Topic.CLIENT_KEYS)
                digest = await self._digest(session, text)
                session.add(_row(key, digest, revision))
                await session.flush()
                await self._audit.add(session, by=by, action="client_key.create", target=key.id, before=None, after=key)
        except IntegrityError as exc:
            raise NameTaken(f"There is a key {key.id} already") from exc

    async def rotate(self, key_id: str, text: Secret, *, previous_until: float | None, by: str) -> ClientKey:
        async with self._database.writing() as session:
            revision = await bump(session, Topic.CLIENT_KEYS)
            row = await _found(session, key_id)
            if row.revoked_at is not None:
                raise NotStored(f"The key {key_id} was revoked: create another one")
            before, digest = _stored(row), await self._digest(session, text)
            kept = None if previous_until is None else before.current
            row.previous_digest = None if kept is None else kept.digest
            row.previous_hash_key = None if kept is None else kept.hash_key
            row.previous_until = _moment(previous_until)
            row.digest, row.hash_key, row.revision = digest.digest, digest.hash_key, revision
            await session.flush()
            told = {"previous_until": previous_until}
            await self._audit.add(session, by=by, action="client_key.rotate", target=key_id, before=None, after=told)
            return before.key

    async def revoke(self, key_id: str, *, at: float, by: str) -> ClientKey:
        async with self._database.writing() as session:
            revision = await bump(session, Topic.CLIENT_KEYS)
            row = await _found(session, key_id)
            before = _stored(row).key
            if before.revoked_at is not None:
                return before
            row.revoked_at, row.revision = _moment(at), revision
            await session.flush()
            after = _stored(row).key
            await self._audit.add(session, by=by, action="client_key.revoke", target=key_id, before=before, after=after)
            return after

    async def used(self, last_used: Mapping[str, float]) -> None:
        later = or_(ClientKeyRow.last_used_at.is_(None), ClientKeyRow.last_used_at < bindparam("at"))
        step = (
            update(ClientKeyRow).where(ClientKeyRow.id == bindparam("key"), later).values(last_used_at=bindparam("at"))
        )
        async with self._database.writing() as session:
            connection = await session.connection()
            # In one order everywhere, so that two processes never wait for each other's rows.
            await connection.execute(step, [{"key": key, "at": _moment(at)} for key, at in sorted(last_used.items())])

    async def _digest(self, session: AsyncSession, text: Secret) -> KeyDigest:
        key = await self._vault_keys.active(session, Purpose.CLIENT_KEYS)
        return KeyDigest(digest=digest_of(text.reveal().encode(), key.bytes), hash_key=key.id)


async def _found(session: AsyncSession, key_id: str) -> ClientKeyRow:
    row = await session.get(ClientKeyRow, key_id)
    if row is None:
        raise NotStored(f"There is no key {key_id}")
    return row


def _row(key: ClientKey, digest: KeyDigest, revision: int) -> ClientKeyRow:
    return ClientKeyRow(
        id=key.id,
        name=key.name,
        scopes=_ENCODE(key.scopes).decode(),
        models=None if key.models is None else _ENCODE(key.models).decode(),
        requests_per_minute=key.requests_per_minute,
        policy=key.policy,
        digest=digest.digest,
        hash_key=digest.hash_key,
        created_at=_moment(key.created_at),
        expires_at=_moment(key.expires_at),
        revoked_at=_moment(key.revoked_at),
        last_used_at=_moment(key.last_used_at),
        revision=revision,
    )


def _stored(row: ClientKeyRow) -> StoredKey:
    previous = None
    if row.previous_digest is not None and row.previous_hash_key is not None:
        previous = KeyDigest(digest=row.previous_digest, hash_key=row.previous_hash_key)
    return StoredKey(
        key=ClientKey(
            id=row.id,
            name=row.name,
            scopes=msgspec.json.decode(row.scopes, type=frozenset[KeyScope]),
            created_at=row.created_at.timestamp(),
            expires_at=_seconds(row.expires_at),
            revoked_at=_seconds(row.revoked_at),
            last_used_at=_seconds(row.last_used_at),
            requests_per_minute=row.requests_per_minute,
            models=None if row.models is None else msgspec.json.decode(row.models, type=frozenset[ModelId]),
            policy=row.policy,
        ),
        current=KeyDigest(digest=row.digest, hash_key=row.hash_key),
        previous=previous,
        previous_until=_seconds(row.previous_until),
        revision=row.revision,
    )


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _seconds(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()
