"""The months of the ledger on Postgres."""

import asyncio
import os
import subprocess
import sys
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from factories import RoutedPromptFactory
from sqlalchemy import text

from neuroroute.domain.access import Secret
from neuroroute.infrastructure.sql.database import Database
from neuroroute.infrastructure.sql.ledger import SqlLedger

pytestmark = pytest.mark.anyio

TESTS = Path(__file__).parents[2]

_WRITE = """
import asyncio, sys
from datetime import UTC, datetime
from factories import RoutedPromptFactory
from neuroroute.domain.access import Secret
from neuroroute.infrastructure.sql.database import Database
from neuroroute.infrastructure.sql.ledger import SqlLedger

async def main(url):
    database = Database(Secret(url))
    ledger = SqlLedger(database)
    print("ready", flush=True)
    sys.stdin.readline()
    for month in range(1, 13):
        at = datetime(2026, month, 1, tzinfo=UTC).timestamp()
        await ledger.write([RoutedPromptFactory.build(at=at)])
    await database.close()

asyncio.run(main(sys.argv[1]))
"""


@asynccontextmanager
async def opened(url):
    database = Database(Secret(url))
    try:
        yield database
    finally:
        await database.close()


async def partitions(database):
    async with database.reading() as session:
        found = text("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'usage'::regclass ORDER BY 1")
        return list((await session.scalars(found)).all())


def in_month(*month):
    return RoutedPromptFactory.build(at=datetime(*month, 1, tzinfo=UTC).timestamp())


async def test_a_month_gets_its_partition_by_its_first_record(postgres_database):
    async with opened(postgres_database) as database:
        await SqlLedger(database).write([in_month(2026, 11), in_month(2026, 12)])
        assert await partitions(database) == ["usage_y2026m11", "usage_y2026m12"]


async def test_a_partition_holds_exactly_its_month_in_utc(postgres_database):
    edges = [datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 30, 23, 59, 59, 999_999, tzinfo=UTC)]
    async with opened(postgres_database) as database:
        await SqlLedger(database).write([RoutedPromptFactory.build(at=edge.timestamp()) for edge in edges])
        async with database.reading() as session:
            assert await session.scalar(text("SELECT count(*) FROM usage_y2026m11")) == 2


def test_eight_processes_that_make_the_same_months_at_once_never_fail(postgres_database):
    command = [sys.executable, "-c", _WRITE, postgres_database]
    environ = os.environ | {"PYTHONPATH": str(TESTS)}
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    writers = [subprocess.Popen(command, env=environ, text=True, **pipes) for _ in range(8)]
    for writer in writers:
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:  # all are waiting for it, none has touched the database
        writer.stdin.write("\n")
        writer.stdin.flush()
    told = [writer.communicate(timeout=60)[1] for writer in writers]
    assert [writer.returncode for writer in writers] == [0] * 8, told

    async def count():
        async with opened(postgres_database) as database, database.reading() as session:
            return await session.scalar(text("SELECT count(*) FROM usage"))

    assert asyncio.run(count()) == 96


async def test_a_month_is_made_while_others_read_and_write(postgres_database):
    async with opened(postgres_database) as database:
        ledger = SqlLedger(database)
        await ledger.write([in_month(2026, 11)])
        async with database.writing() as reader:
            await reader.execute(text("SELECT count(*) FROM usage"))
            await reader.execute(text("UPDATE usage SET surface = 'prompt'"))
            await asyncio.wait_for(ledger.write([in_month(2026, 12)]), 2)


async def test_a_month_that_another_process_has_dropped_is_made_again(postgres_database):
    async with opened(postgres_database) as database:
        here, there = SqlLedger(database), SqlLedger(database)
        await here.write([in_month(2026, 8)])
        assert await there.drop_before(date(2026, 10, 1)) == 1
        await here.write([in_month(2026, 8)])
        assert await partitions(database) == ["usage_y2026m08"]


async def test_an_index_of_the_table_is_one_of_each_month(postgres_database):
    async with opened(postgres_database) as database:
        await SqlLedger(database).make_room(date(2026, 11, 1))
        async with database.reading() as session:
            indexed = text("SELECT count(*) FROM pg_indexes WHERE tablename = 'usage_y2026m11'")
            assert await session.scalar(indexed) == 2
