"""The months of the ledger on Postgres."""

import asyncio
import os
import subprocess
import sys
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from decisions import a_decision, decided
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
from decisions import a_decision, decided
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
        await ledger.write([decided(a_decision(at=at))])
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


async def partitions(database, of="usage"):
    async with database.reading() as session:
        found = text(f"SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = '{of}'::regclass ORDER BY 1")
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
            both = "SELECT count(*) FROM usage JOIN decisions USING (id)"
            return await session.scalar(text(both))

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


async def test_decisions_lie_in_the_month_in_which_their_prompt_came_in(postgres_database):
    edges = [datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 30, 23, 59, 59, 999_000, tzinfo=UTC)]
    async with opened(postgres_database) as database:
        made = [
            decided(a_decision(at=edge.timestamp()), at=datetime(2026, 12, 1, tzinfo=UTC).timestamp()) for edge in edges
        ]
        await SqlLedger(database).write(made)
        assert await partitions(database, of="decisions") == ["decisions_y2026m11", "decisions_y2026m12"]
        async with database.reading() as session:
            assert await session.scalar(text("SELECT count(*) FROM decisions_y2026m11")) == 2


async def test_a_months_decisions_are_dropped_with_its_prompts_and_also_without_any(postgres_database):
    async with opened(postgres_database) as database:
        ledger = SqlLedger(database)
        await ledger.write([decided(a_decision(at=datetime(2026, 8, 1, tzinfo=UTC).timestamp()))])
        async with database.writing() as session:
            await session.execute(text("DROP TABLE usage_y2026m08"))
        assert await ledger.drop_before(date(2026, 10, 1)) == 1
        assert await partitions(database, of="decisions") == []


async def test_a_decision_is_found_in_one_partition_by_its_id_alone(postgres_database):
    async with opened(postgres_database) as database:
        ledger = SqlLedger(database)
        made = [a_decision(at=datetime(2026, month, 1, tzinfo=UTC).timestamp()) for month in range(1, 7)]
        await ledger.write([decided(decision) for decision in made])
        async with database.reading() as session:
            plan = (await session.scalars(text(f"EXPLAIN SELECT * FROM decisions WHERE id = '{made[3].id}'"))).all()
        assert {month for month in range(1, 13) if f"y2026m{month:02d}" in "\n".join(plan)} == {4}


async def test_ids_are_compared_by_their_bytes_whatever_language_the_database_speaks(postgres_database):
    async with opened(postgres_database) as database:
        await SqlLedger(database).make_room(date(2026, 11, 1))
        asked = "SELECT collname FROM pg_attribute a JOIN pg_collation c ON c.oid = attcollation "
        asked += "WHERE attrelid = '{}'::regclass AND attname = 'id'"
        async with database.reading() as session:
            for table in ("decisions", "decisions_y2026m11"):
                assert await session.scalar(text(asked.format(table))) == "C"
