"""Makes the database ready for this version, before anything in it is held."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import final

import structlog

from neuroroute.domain.access import Secret
from neuroroute.infrastructure.sql.database import Database
from neuroroute.infrastructure.sql.migrations import SchemaBehind, check_schema, head, migrate


@final
class Preparation:
    """Migrates where a start may do that, and has the catalogue seeded. Safe when many processes do it at once."""

    def __init__(self, database: Database, url: Secret, *, migrates: bool, seed: Callable[[], Awaitable[None]]) -> None:
        """`migrates`: in development; elsewhere a schema that is behind waits for `neuroroute migrate`."""
        self._database = database
        self._url = url
        self._migrates = migrates
        self._seed = seed

    async def __call__(self) -> None:
        """Raises: StateUnavailable, SchemaBehind among them."""
        try:
            await self._look()
        except SchemaBehind:
            if not self._migrates:
                raise
            await asyncio.to_thread(migrate, self._url)
            structlog.get_logger().info("schema_migrated", revision=head())
        await self._seed()

    async def _look(self) -> None:
        async with self._database.reading() as session:
            await check_schema(session)
