"""The catalogue in the database."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Final, final

from sqlalchemy.ext.asyncio import AsyncSession

from neuroroute.application.stores import CatalogStore, Topic
from neuroroute.domain.catalog import Catalog, KnownModel, KnownProvider
from neuroroute.domain.catalog_plan import (
    CatalogPlan,
    Change,
    delete_model,
    delete_provider,
    plan,
    put_model,
    put_provider,
)
from neuroroute.infrastructure.sql.audit_trail import AuditTrail
from neuroroute.infrastructure.sql.catalog_rows import read_rows, write_changes
from neuroroute.infrastructure.sql.database import Database
from neuroroute.infrastructure.sql.revisions import bump
from neuroroute.infrastructure.sql.tables import AppliedCatalogRow

_MOST_NAMED: Final = 50
"""Entries that one audit entry names: the seeds are some three hundred, and stand in the package."""


@final
class SqlCatalog(CatalogStore):
    """Each change is computed by the domain from what is stored, under the lock of the topic."""

    def __init__(self, database: Database, *, audit: AuditTrail) -> None:
        self._database = database
        self._audit = audit

    async def known(self) -> Catalog:
        async with self._database.reading() as session:
            return (await read_rows(session)).catalog()

    async def apply(self, wanted: Catalog, *, prune: bool, by: str) -> CatalogPlan:
        async with self._database.writing() as session:
            await bump(session, Topic.CATALOG)
            return await self._apply(session, wanted, prune=prune, by=by, target="file")

    async def apply_once(self, wanted: Catalog, *, name: str, by: str) -> CatalogPlan | None:
        async with self._database.reading() as session:
            if await session.get(AppliedCatalogRow, name):
                return None
        async with self._database.writing() as session:
            await bump(session, Topic.CATALOG)
            if await session.get(AppliedCatalogRow, name):
                return None
            done = await self._apply(session, wanted, prune=False, by=by, target=name)
            session.add(AppliedCatalogRow(digest=name, applied_at=datetime.now(UTC)))
            await session.flush()
            return done

    async def put_provider(self, provider: KnownProvider, *, by: str) -> KnownProvider:
        done = await self._change(partial(put_provider, provider=provider), by=by, action="provider.put")
        return done.result.provider(provider.name) or provider

    async def put_model(self, model: KnownModel, *, by: str) -> KnownModel:
        await self._change(partial(put_model, model=model), by=by, action="model.put")
        return model

    async def delete_provider(self, name: str, *, by: str) -> None:
        await self._change(partial(delete_provider, name=name), by=by, action="provider.delete")

    async def delete_model(self, model_id: str, *, by: str) -> None:
        await self._change(partial(delete_model, model_id=model_id), by=by, action="model.delete")

    async def _change(self, step: Callable[[Catalog], CatalogPlan], *, by: str, action: str) -> CatalogPlan:
        """One entry, or none when it is so already."""
        async with self._database.writing() as session:
            await bump(session, Topic.CATALOG)
            rows = await read_rows(session)
            done = step(rows.catalog())
            await write_changes(session, rows, done)
            for change in done.changes:
                await self._audit.add(
                    session, by=by, action=action, target=change.name, before=change.before, after=change.after
                )
        return done

    async def _apply(self, session: AsyncSession, wanted: Catalog, *, prune: bool, by: str, target: str) -> CatalogPlan:
        rows = await read_rows(session)
        done = plan(rows.catalog(), wanted, prune=prune)
        await write_changes(session, rows, done)
        if done.changes:
            before = [change.before for change in done.changes if change.before and not change.after]
            after = {kind: _told(done.changes, kind) for kind in ("added", "changed", "removed")}
            await self._audit.add(
                session, by=by, action="catalog.apply", target=target, before=before or None, after=after
            )
        return done


def _told(changes: tuple[Change, ...], kind: str) -> Mapping[str, object]:
    """The names of one kind of change, and of what stays what becomes of its fields; of too many, how many."""
    if (number := sum(change.word == kind for change in changes)) > _MOST_NAMED:
        return {"entries": number}
    return {
        f"{change.kind} {change.name}": {field.field: (field.before, field.after) for field in change.fields}
        for change in changes
        if change.word == kind
    }
