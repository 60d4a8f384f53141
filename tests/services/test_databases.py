"""Fresh databases are at head, cheap, and keep to themselves."""

import sqlite3
from contextlib import closing

import asyncpg
import pytest
from services.databases import sqlite_file

pytestmark = pytest.mark.anyio


async def ask(url, statement):
    """Rows of either kind of database."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection, connection:
            return connection.execute(statement).fetchall()
    connection = await asyncpg.connect(url)
    try:
        return [tuple(row) for row in await connection.fetch(statement)]
    finally:
        await connection.close()


async def test_a_database_is_at_head(database):
    assert len(await ask(database, "SELECT version_num FROM schema_version")) == 1


async def test_an_empty_database_has_no_table(empty_database):
    tables = {
        "sqlite": "SELECT name FROM sqlite_master",
        "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
    }
    assert await ask(empty_database, tables[empty_database.partition(":")[0]]) == []


async def test_two_databases_of_one_template_do_not_see_each_other(postgres_databases, postgres_template):
    with (
        postgres_databases.database(like=postgres_template) as one,
        postgres_databases.database(like=postgres_template) as other,
    ):
        await ask(one, "CREATE TABLE mine (x int)")
        for url in (other, postgres_template):
            with pytest.raises(asyncpg.UndefinedTableError):
                await ask(url, "SELECT * FROM mine")


async def test_two_files_of_one_template_do_not_see_each_other(sqlite_template, tmp_path):
    one, other = (sqlite_file(tmp_path, like=sqlite_template) for _ in range(2))
    await ask(one, "CREATE TABLE mine (x int)")
    for url in (other, sqlite_template):
        with pytest.raises(sqlite3.OperationalError):
            await ask(url, "SELECT * FROM mine")


async def test_a_database_is_dropped_though_somebody_is_connected(postgres_url, postgres_databases):
    with postgres_databases.database() as url:
        left = await asyncpg.connect(url)
    assert await ask(postgres_url, f"SELECT 1 FROM pg_database WHERE datname = '{url.rpartition('/')[2]}'") == []
    left.terminate()


async def test_may_be_asked_for_within_a_running_event_loop(request):
    for name in ("sqlite_database", "postgres_database"):
        assert len(await ask(request.getfixturevalue(name), "SELECT version_num FROM schema_version")) == 1
