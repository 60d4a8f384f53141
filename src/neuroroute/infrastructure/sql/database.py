"""The connections to the database, and the one place where its failures get their plain words.

One code for Postgres (asyncpg) and SQLite (aiosqlite). Nothing waits without a bound: not for a connection, not for the
server, not for another's lock.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from sqlite3 import SQLITE_BUSY, OperationalError
from typing import Final, final

from advanced_alchemy.config import EngineConfig, SQLAlchemyAsyncConfig
from advanced_alchemy.exceptions import AdvancedAlchemyError
from sqlalchemy import event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.pool import ConnectionPoolEntry

from neuroroute.domain.access import Secret
from neuroroute.domain.errors import StateUnavailable

CONNECT_SECONDS: Final = 2.0
"""For a new connection to Postgres."""
STATEMENT_SECONDS: Final = 3.0
"""For one statement: told to the server, and a little later enforced here, in case the server is frozen."""
TRANSACTION_SECONDS: Final = 5.0
"""For everything from asking for a connection to the commit. Who waits for the database waits no longer than this."""
CLOSE_SECONDS: Final = 0.5
"""For giving a connection back; one that does not answer by then is hung up on."""
POOL_SIZE: Final = 4
"""Connections of one process. No prompt uses any: only administrators, the ledger and the followers do."""
_BUSY_MS: Final = int(STATEMENT_SECONDS * 1000)
_PRIMARY: Final = 0xFF
"""SQLite's code, without what it says of the cause."""


def engine_url(url: Secret) -> URL:
    """The address as SQLAlchemy takes it, with the driver that is ours."""
    parsed = make_url(url.reveal())
    if parsed.get_backend_name() == "sqlite":
        return parsed.set(drivername="sqlite+aiosqlite")
    query = {"ssl" if name == "sslmode" else name: value for name, value in parsed.query.items()}  # libpq's name for it
    return parsed.set(drivername="postgresql+asyncpg", query=query)


@final
class Database:
    """Opened by its first use, closed by `close`. Safe to use from many tasks of one loop."""

    def __init__(self, url: Secret) -> None:
        """Does no I/O. `url` is `postgresql://…` or `sqlite:///…`."""
        self._url = engine_url(url)
        self.is_sqlite = self._url.get_backend_name() == "sqlite"
        self._config = SQLAlchemyAsyncConfig(
            connection_string=self._url.render_as_string(hide_password=False),
            engine_config=_sqlite_engine() if self.is_sqlite else _postgres_engine(),
        )
        self._engine: AsyncEngine | None = None

    @property
    def place(self) -> str:
        """The address, for a person; without a password."""
        return self._url.render_as_string(hide_password=True)

    @property
    def engine(self) -> AsyncEngine:
        if self._engine is None:
            self._engine = self._config.get_engine()
            if self.is_sqlite:
                event.listen(self._engine.sync_engine, "connect", _prepare_sqlite)
            else:
                event.listen(self._engine.sync_engine, "close", _hang_up)
        return self._engine

    async def close(self) -> None:
        """Let go of every connection; does not wait for the server."""
        engine, self._engine = self._engine, None
        if engine is not None:
            await engine.dispose()

    @asynccontextmanager
    async def reading(self) -> AsyncGenerator[AsyncSession, None]:
        """A session to read with, and only that; all that it reads is of one moment.

        Raises:
            StateUnavailable: the database does not answer in time.
        """
        async with self._session("BEGIN", isolation_level="REPEATABLE READ", postgresql_readonly=True) as session:
            yield session

    @asynccontextmanager
    async def writing(self) -> AsyncGenerator[AsyncSession, None]:
        """A session whose transaction is committed at the end, or rolled back by whatever is raised within.

        On SQLite it holds the only write lock from its beginning. `IntegrityError` comes through: only who wrote knows
        what it means.

        Raises:
            StateUnavailable: the database does not answer in time. Whether it had committed is not known then.
        """
        async with self._session("BEGIN IMMEDIATE") as session:
            yield session
            await session.commit()

    @asynccontextmanager
    async def _session(self, sqlite: str, **postgres: str | bool) -> AsyncGenerator[AsyncSession, None]:
        session = AsyncSession(self.engine, expire_on_commit=False, autoflush=False)
        try:
            async with asyncio.timeout(TRANSACTION_SECONDS):
                try:
                    connection = await session.connection(execution_options=None if self.is_sqlite else postgres)
                    if self.is_sqlite:
                        await connection.exec_driver_sql(sqlite)
                    yield session
                finally:
                    with suppress(TimeoutError):
                        async with asyncio.timeout(CLOSE_SECONDS):
                            await session.close()
        except IntegrityError:
            raise
        except TimeoutError as exc:
            raise StateUnavailable("The database does not answer in time") from exc
        except (SQLAlchemyError, AdvancedAlchemyError, OSError) as exc:
            raise StateUnavailable(_words(exc)) from exc


def _words(error: Exception) -> str:
    """Without the driver's text, which may quote a statement with what it writes."""
    cause = error.driver_exception if isinstance(error, DBAPIError) else error
    return f"The database cannot be used for now ({type(cause).__name__})"


def _postgres_engine() -> EngineConfig:
    return EngineConfig(
        pool_size=POOL_SIZE,
        max_overflow=0,
        pool_timeout=int(CONNECT_SECONDS),
        pool_recycle=1800,
        pool_pre_ping=False,
        hide_parameters=True,
        connect_args={
            "timeout": CONNECT_SECONDS,
            "command_timeout": STATEMENT_SECONDS + 0.5,
            "server_settings": {
                "application_name": "neuroroute",
                "statement_timeout": str(int(STATEMENT_SECONDS * 1000)),
                "lock_timeout": str(int(STATEMENT_SECONDS * 1000)),
                "idle_in_transaction_session_timeout": str(int(TRANSACTION_SECONDS * 1000)),
            },
        },
    )


def _sqlite_engine() -> EngineConfig:
    return EngineConfig(
        pool_size=POOL_SIZE,
        max_overflow=0,
        pool_timeout=int(CONNECT_SECONDS),
        hide_parameters=True,
        connect_args={"timeout": STATEMENT_SECONDS, "isolation_level": None},
    )


def _prepare_sqlite(connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
    """A journal that readers need not wait for, and whose commits outlast a `kill -9` and a loss of power."""
    del entry
    cursor = connection.cursor()
    for pragma in ("synchronous=FULL", "foreign_keys=ON", f"busy_timeout={_BUSY_MS}"):
        cursor.execute(f"PRAGMA {pragma}")
    while not _keeps_wal(cursor):  # for no longer than a transaction may last
        cursor.execute("BEGIN IMMEDIATE")  # this does wait for whoever writes
        cursor.execute("ROLLBACK")
    cursor.close()


def _keeps_wal(cursor: DBAPICursor) -> bool:
    """Whether the file has its journal now: SQLite says no at once while another connection gives it one, or writes."""
    try:
        cursor.execute("PRAGMA journal_mode=WAL")
    except OperationalError as exc:
        if exc.sqlite_errorcode & _PRIMARY != SQLITE_BUSY:
            raise
        return False
    return True


def _hang_up(connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
    """Before the library closes it: that would wait two seconds for a server that does not answer to say goodbye."""
    del connection
    if (driver := entry.driver_connection) is not None:
        driver.terminate()
