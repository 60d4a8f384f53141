"""A vault in a real database, as one process sees it, and hands that reach past it into the rows."""

import base64
import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import text

from neuroroute.domain.access import Secret
from neuroroute.infrastructure.sql.audit_trail import AuditTrail
from neuroroute.infrastructure.sql.credentials import SqlCredentials
from neuroroute.infrastructure.sql.database import Database
from neuroroute.infrastructure.sql.vault_keys import VaultKeys
from neuroroute.infrastructure.sql.vault_rotation import VaultRotation
from neuroroute.infrastructure.vault import MasterKeys

ORIGIN = "https://api.test:443"


def master(name: str) -> Secret:
    """A master key like no other name's."""
    return Secret(base64.b64encode(hashlib.sha256(name.encode()).digest()).decode())


class Vault:
    """With connections and master keys of its own."""

    def __init__(self, database: Database, masters: MasterKeys) -> None:
        self.database = database
        vault_keys = VaultKeys(masters)
        self.credentials = SqlCredentials(database, vault_keys, AuditTrail(vault_keys))
        self.rotation = VaultRotation(database, vault_keys, AuditTrail(vault_keys))

    async def put(self, provider: str, key: str, origin: str = ORIGIN) -> None:
        await self.credentials.put(provider, key=Secret(key), is_active=True, origin=origin, by="admin")

    async def keys(self) -> dict[str, str | None]:
        """What the store says: the keys by provider, `None` for those that do not open."""
        return {row.provider: row.key and row.key.reveal() for row in await self.credentials.all()}

    async def run(self, statement: str, **values: object) -> None:
        """Change rows behind the store's back."""
        async with self.database.writing() as session:
            await session.execute(text(statement), values)

    async def rows(self, query: str) -> Sequence[Any]:
        async with self.database.reading() as session:
            return (await session.execute(text(query))).all()


@asynccontextmanager
async def vault(url: str, name: str = "a", *previous: str) -> AsyncIterator[Vault]:
    """Of the database at `url`, by the master key `name`; those of `previous` are its earlier ones."""
    database = Database(Secret(url))
    try:
        yield Vault(database, MasterKeys(master(name), tuple(map(master, previous))))
    finally:
        await database.close()
