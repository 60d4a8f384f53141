"""Bringing the database's schema to where this version wants it (the migrations themselves: `database/versions/`)."""

import re
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from advanced_alchemy.config import AlembicAsyncConfig, EngineConfig, SQLAlchemyAsyncConfig
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.pool import NullPool

from neuroroute.domain.access import Secret
from neuroroute.domain.errors import StateUnavailable
from neuroroute.infrastructure.data import DATABASE
from neuroroute.infrastructure.sql import tables
from neuroroute.infrastructure.sql.database import CONNECT_SECONDS, engine_url

VERSION_TABLE: Final = "schema_version"
LOCK: Final = 7_236_283_117_554_112
"""The advisory lock that only one migration holds at a time; any number that nobody else uses."""
LOCK_SECONDS: Final = 120
"""For as long one process waits for another's migration."""
STATEMENT_SECONDS: Final = 600
"""For one statement of a migration, which may have to rewrite a table: who waits for a frozen server gives up."""

METADATA: Final = tables.DefaultBase.metadata


class MigrationFailed(StateUnavailable):
    """The schema could not be brought to where it should be; it is as it was before."""


class SchemaBehind(StateUnavailable):
    """The database answers, and its schema is not the one that this version works with."""

    def __init__(self, found: str | None) -> None:
        super().__init__(
            f"The database's schema is {found or 'empty'} and has to be {head()}: run `neuroroute migrate`"
        )
        self.found = found


def head() -> str:
    """The last revision: `0001`, `0002`, … as the files are named."""
    return max(found[1] for path in (DATABASE / "versions").glob("*.py") if (found := re.match(r"(\d{4})_", path.name)))


async def check_schema(session: AsyncSession) -> None:
    """A schema that is ahead will do: migrations keep what the version before reads and writes.

    Raises: SchemaBehind.
    """
    try:
        found = (await session.execute(text(f"SELECT version_num FROM {VERSION_TABLE}"))).scalar()  # noqa: S608 - ours
    except DBAPIError as exc:
        if not _is_missing_table(exc):
            raise
        found = None
    if found is None or found < head():
        raise SchemaBehind(found)


def migrate(url: Secret, *, revision: str = "head") -> None:
    """Upgrade to `revision`. Of several processes that do so at once one migrates; the others wait and find it done.

    Called without a running event loop: it runs one of its own.

    Raises:
        MigrationFailed: the database cannot be reached, or a migration failed.
    """
    from advanced_alchemy.alembic.commands import AlembicCommands  # noqa: PLC0415 - a tenth of a second, only here

    _in_words(lambda: AlembicCommands(_config(url)).upgrade(revision))


def downgrade(url: Secret, *, revision: str) -> None:
    """Take back every migration after `revision`; `base` is all of them, with all that they held.

    Raises:
        MigrationFailed: as `migrate`.
    """
    from advanced_alchemy.alembic.commands import AlembicCommands  # noqa: PLC0415 - as above

    _in_words(lambda: AlembicCommands(_config(url)).downgrade(revision))


def draft(url: Secret, message: str) -> None:
    """Write a migration of what the tables want and the database at `url`, which is at head, does not have."""
    from advanced_alchemy.alembic.commands import AlembicCommands  # noqa: PLC0415 - as above

    AlembicCommands(_config(url)).revision(message, autogenerate=True, rev_id=f"{int(head()) + 1:04d}")


def _in_words(step: Callable[[], None]) -> None:
    try:
        step()
    except (SQLAlchemyError, OSError) as exc:
        cause = exc.driver_exception if isinstance(exc, DBAPIError) else exc
        raise MigrationFailed(f"The database could not be migrated: {type(cause).__name__}: {cause}") from exc


def _config(url: Secret) -> SQLAlchemyAsyncConfig:
    address = engine_url(url)
    connect_args: dict[str, object] = {"timeout": LOCK_SECONDS, "isolation_level": None}
    if address.get_backend_name() != "sqlite":
        bound = {"statement_timeout": f"{STATEMENT_SECONDS}s"}
        connect_args = {"timeout": CONNECT_SECONDS, "command_timeout": STATEMENT_SECONDS + 5, "server_settings": bound}
    return SQLAlchemyAsyncConfig(
        connection_string=address.render_as_string(hide_password=False),
        engine_config=EngineConfig(poolclass=NullPool, hide_parameters=True, connect_args=connect_args),
        alembic_config=AlembicAsyncConfig(
            script_config="",
            script_location=str(DATABASE).replace("%", "%%"),  # an ini file's escape
            version_table_name=VERSION_TABLE,
            compare_type=True,
            template_path=str(DATABASE),
        ),
    )


def _is_missing_table(error: DBAPIError) -> bool:
    """Each driver's own word for it."""
    told = error.driver_exception
    return type(told).__name__ == "UndefinedTableError" or "no such table" in str(told)


if __name__ == "__main__":  # `python -m … "add …"`, on a database of its own
    with TemporaryDirectory() as folder:
        scratch = Secret(f"sqlite:///{Path(folder) / 'scratch.sqlite3'}")
        migrate(scratch)
        draft(scratch, sys.argv[1])
