"""What is promised of a session with the database, on both kinds."""

import asyncio
import sqlite3
import sys
from asyncio.subprocess import PIPE
from contextlib import closing

import pytest
from infrastructure.sql.asking import asked, opened, refused, written
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

pytestmark = pytest.mark.anyio

WRITER = """
import asyncio, sys
from sqlalchemy import text
from neuroroute.domain.access import Secret
from neuroroute.infrastructure.sql.database import Database

async def write():
    database = Database(Secret(sys.argv[1]))
    print("writing", flush=True)
    while True:
        async with database.writing() as session:
            for topic in ("audit", "catalog"):
                await session.execute(text(f"UPDATE revisions SET revision = revision + 1 WHERE topic = '{topic}'"))
                await asyncio.sleep(0.001)

asyncio.run(write())
"""
"""Both numbers are the same whenever nobody is writing."""


async def test_what_is_written_is_read(database):
    async with opened(database) as one, opened(database) as other:
        await written(one)
        async with other.reading() as session:
            assert await session.scalar(text("SELECT revision FROM revisions WHERE topic = 'audit'")) == 1


async def test_what_is_read_is_of_one_moment(database):
    async with opened(database) as one, opened(database) as other:
        look = text("SELECT revision FROM revisions WHERE topic = 'audit'")
        async with one.reading() as session:
            assert await session.scalar(look) == 0
            await written(other)
            assert await session.scalar(look) == 0
        assert await asked(one)


async def test_a_broken_rule_comes_through(database):
    async with opened(database) as one:
        with pytest.raises(IntegrityError):
            async with one.writing() as session:
                await session.execute(text("INSERT INTO revisions VALUES ('audit', 1)"))
        assert await asked(one)


async def test_nothing_is_kept_of_what_was_left_in_the_middle(database):
    async with opened(database) as one:
        with pytest.raises(LookupError):  # noqa: PT012 - what is raised within
            async with one.writing() as session:
                await session.execute(text("DELETE FROM revisions"))
                raise LookupError
        async with one.reading() as session:
            assert await session.scalar(text("SELECT count(*) FROM revisions")) > 0


async def test_more_askers_than_connections_all_get_their_turn(database):
    async with opened(database) as one:
        assert await asyncio.gather(*(asked(one) for _ in range(50))) == [1] * 50
        await asyncio.gather(*(written(one) for _ in range(20)))


async def test_a_locked_sqlite_file_is_away_for_writers_and_open_to_readers(sqlite_database):
    async with opened(sqlite_database) as holder, opened(sqlite_database) as other:
        async with holder.writing():
            assert await asked(other) == 1
            async with refused():
                await written(other)
        await written(other)


async def test_an_sqlite_file_keeps_a_journal_that_readers_need_not_wait_for(sqlite_database):
    async with opened(sqlite_database) as database, database.reading() as session:
        assert await session.scalar(text("PRAGMA journal_mode")) == "wal"
        assert await session.scalar(text("PRAGMA foreign_keys")) == 1


async def test_who_opens_a_new_sqlite_file_waits_for_whoever_writes_it(sqlite_database):
    """To change a file's journal is refused at once while another does so, as processes that start together do."""
    with closing(sqlite3.connect(sqlite_database.removeprefix("sqlite:///"), isolation_level=None)) as first:
        first.execute("BEGIN IMMEDIATE")
        async with opened(sqlite_database) as one, opened(sqlite_database) as other:
            asking = [asyncio.create_task(asked(each)) for each in (one, one, other)]
            done, _ = await asyncio.wait(asking, timeout=0.3)
            assert not done
            first.execute("ROLLBACK")
            assert await asyncio.gather(*asking) == [1] * len(asking)


async def test_a_writer_that_is_killed_in_the_middle_leaves_a_whole_sqlite_file(sqlite_database):
    for wait in (0.1, 0.15, 0.3):
        writer = await asyncio.create_subprocess_exec(sys.executable, "-c", WRITER, sqlite_database, stdout=PIPE)
        await writer.stdout.readline()
        await asyncio.sleep(wait)
        writer.kill()
        await writer.communicate()
        async with opened(sqlite_database) as database:
            async with database.reading() as session:
                assert await session.scalar(text("PRAGMA integrity_check")) == "ok"
                counts = text("SELECT count(DISTINCT revision) FROM revisions WHERE topic IN ('audit', 'catalog')")
                assert await session.scalar(counts) == 1
            await written(database, "audit", "catalog")
