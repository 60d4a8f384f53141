"""Providers' stored settings in the database."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from neuroroute.application.stores import ProviderSettingsStore, Topic
from neuroroute.domain.credential import ProviderSettings
from neuroroute.domain.errors import NameTaken, NotStored
from neuroroute.infrastructure.sql.audit_trail import AuditTrail
from neuroroute.infrastructure.sql.database import Database
from neuroroute.infrastructure.sql.revisions import bump
from neuroroute.infrastructure.sql.tables import ProviderSettingsRow


@final
class SqlProviderSettings(ProviderSettingsStore):
    """Nothing in them is secret: the audit log tells them whole."""

    def __init__(self, database: Database, audit_trail: AuditTrail) -> None:
        self._database = database
        self._audit_trail = audit_trail

    async def all(self) -> Sequence[ProviderSettings]:
        async with self._database.reading() as session:
            rows = (await session.scalars(select(ProviderSettingsRow).order_by(ProviderSettingsRow.id))).all()
        return [_settings(row) for row in rows]

    async def put(self, settings: ProviderSettings, *, by: str) -> ProviderSettings:
        async with self._database.writing() as session:
            await bump(session, Topic.CREDENTIALS)
            row = await _row(session, settings.provider)
            before = None if row is None else _settings(row)
            if row is None:
                row = ProviderSettingsRow(created_at=datetime.now(UTC))
                session.add(row)
            else:
                row.updated_at = datetime.now(UTC)
            return await self._keep(session, row, settings, before=before, by=by)

    async def replace(self, name: str, settings: ProviderSettings, *, by: str) -> ProviderSettings:
        async with self._database.writing() as session:
            await bump(session, Topic.CREDENTIALS)
            row = await _row(session, name)
            if row is None:
                raise NotStored("API key settings not found")
            if settings.provider != name and await _row(session, settings.provider) is not None:
                raise NameTaken("There are API key settings of that provider already")
            before = _settings(row)
            row.updated_at = datetime.now(UTC)
            return await self._keep(session, row, settings, before=before, by=by)

    async def delete(self, provider: str, *, by: str) -> None:
        async with self._database.writing() as session:
            await bump(session, Topic.CREDENTIALS)
            row = await _row(session, provider)
            if row is None:
                raise NotStored("API key settings not found")
            await session.delete(row)
            await session.flush()
            await self._audit_trail.add(
                session, by=by, action="provider_settings.delete", target=provider, before=_settings(row), after=None
            )

    async def _keep(
        self,
        session: AsyncSession,
        row: ProviderSettingsRow,
        settings: ProviderSettings,
        *,
        before: ProviderSettings | None,
        by: str,
    ) -> ProviderSettings:
        row.provider, row.model = settings.provider, settings.model
        row.organization, row.api_base = settings.organization, settings.api_base
        await session.flush()
        kept = _settings(row)
        target = kept.provider if before is None else before.provider
        await self._audit_trail.add(
            session, by=by, action="provider_settings.put", target=target, before=before, after=kept
        )
        return kept


async def _row(session: AsyncSession, provider: str) -> ProviderSettingsRow | None:
    return await session.scalar(select(ProviderSettingsRow).where(ProviderSettingsRow.provider == provider))


def _settings(row: ProviderSettingsRow) -> ProviderSettings:
    return ProviderSettings(
        id=row.id, provider=row.provider, model=row.model, organization=row.organization, api_base=row.api_base
    )
