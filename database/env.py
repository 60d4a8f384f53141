"""How migrations run: one process at a time, all steps in one transaction, on both databases.

Alembic runs this file; `neuroroute.infrastructure.sql.migrations` asks it to.
"""

import asyncio

from alembic import context
from sqlalchemy import text
from sqlalchemy.engine import Connection

from neuroroute.infrastructure.sql.migrations import LOCK, LOCK_SECONDS, METADATA, VERSION_TABLE

config = context.config


def is_ours(name: str | None, kind: str, parents: object) -> bool:
    """Partitions come and go by the month and are no part of the schema."""
    del parents
    return kind != "table" or name in METADATA.tables


def migrate(connection: Connection) -> None:
    """Waits for whoever migrates; then finds out what is left to do."""
    if connection.dialect.name == "sqlite":
        # The file has one write lock, and this takes it before anything is looked at.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    context.configure(
        connection=connection,
        target_metadata=METADATA,
        version_table=VERSION_TABLE,
        compare_type=True,
        render_as_batch=True,
        transactional_ddl=True,
        include_name=is_ours,
    )
    with context.begin_transaction():
        context.run_migrations()


async def run() -> None:
    """On a connection of its own, closed whatever happens."""
    engine = config.engine
    try:
        async with engine.connect() as connection, connection.begin():
            await connection.run_sync(migrate)
    finally:
        await engine.dispose()


asyncio.run(run())
