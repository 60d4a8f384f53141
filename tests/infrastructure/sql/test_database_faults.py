"""Whoever asks Postgres waits for a bounded time, whatever has become of it, and no longer than it is away."""

import asyncio
import time

import asyncpg
import pytest
from infrastructure.sql.asking import BOUND, answers, asked, opened, refused, written
from services.postgres import start_postgres
from services.waiting import comes_about
from sqlalchemy import text

from neuroroute.domain.access import Secret
from neuroroute.domain.errors import StateUnavailable
from neuroroute.infrastructure.sql.database import TRANSACTION_SECONDS, Database

pytestmark = pytest.mark.anyio


async def test_a_frozen_postgres_holds_nobody_and_is_used_again_when_it_thaws(postgres):
    async with opened(postgres.url) as database:
        await asyncio.gather(asked(database), asked(database))
        postgres.freeze()
        try:
            async with refused():
                await asked(database)
            async with refused():
                await written(database)
            began = time.monotonic()
            told = await asyncio.gather(*(asked(database) for _ in range(20)), return_exceptions=True)
            assert time.monotonic() - began < BOUND
            assert {type(each) for each in told} == {StateUnavailable}
        finally:
            postgres.thaw()
        assert await comes_about(lambda: answers(database), within=5) < 5


async def test_a_postgres_that_freezes_in_the_middle_of_a_transaction_holds_nobody(postgres):
    async with opened(postgres.url) as database:
        try:
            async with refused(), database.writing() as session:
                await session.execute(text("CREATE TABLE t (x int)"))
                postgres.freeze()
        finally:
            postgres.thaw()


@pytest.mark.parametrize("pause", [TRANSACTION_SECONDS - 0.5, 60])
async def test_who_dawdles_in_a_transaction_is_let_go_in_time_also_when_postgres_froze_meanwhile(postgres, pause):
    async with opened(postgres.url) as database:
        try:
            async with refused(), database.writing() as session:
                await session.execute(text("SELECT 1"))
                postgres.freeze()
                await asyncio.sleep(pause)
                await session.execute(text("SELECT 1"))
        finally:
            postgres.thaw()
        assert await comes_about(lambda: answers(database), within=5) < 5


async def test_who_leaves_while_postgres_is_frozen_is_let_go_in_time(postgres):
    async with opened(postgres.url) as database:
        await asked(database)
        postgres.freeze()
        asking = asyncio.create_task(asked(database))
        try:
            await asyncio.sleep(0.1)
            began = time.monotonic()
            asking.cancel()
            await asyncio.wait([asking])
            assert time.monotonic() - began < 1
            assert asking.cancelled()
        finally:
            postgres.thaw()


async def test_closing_ends_while_postgres_is_frozen(postgres):
    database = Database(Secret(postgres.url))
    await asyncio.gather(asked(database), asked(database))
    postgres.freeze()
    began = time.monotonic()
    try:
        await database.close()
    finally:
        postgres.thaw()
    assert time.monotonic() - began < 1


async def test_a_postgres_that_was_killed_is_used_again_when_it_is_back(postgres):
    async with opened(postgres.url) as database:
        await asked(database)
        postgres.kill()
        async with refused(within=BOUND):
            await asked(database)
        postgres.start()
        assert await comes_about(lambda: answers(database), within=5) < 5


async def test_a_connection_that_the_server_ended_costs_one_question_at_most(postgres_database):
    async with opened(postgres_database) as database:
        for _ in range(3):
            await asyncio.gather(*(asked(database) for _ in range(4)))
            intruder = await asyncpg.connect(postgres_database)
            await intruder.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            await intruder.close()
            await answers(database)
            assert await asked(database) == 1


async def test_a_read_only_postgres_is_read_and_not_written():
    server = start_postgres("-c", "default_transaction_read_only=on")
    try:
        async with opened(server.url) as database:
            assert await asked(database) == 1
            async with refused(), database.writing() as session:
                await session.execute(text("CREATE TABLE t (x int)"))
    finally:
        server.close()


async def test_a_postgres_without_a_free_place_is_away_until_there_is_one():
    server = start_postgres("-c", "max_connections=5", "-c", "superuser_reserved_connections=0")
    try:
        others = [await asyncpg.connect(server.url) for _ in range(5)]
        async with opened(server.url) as database:
            async with refused():
                await asked(database)
            for other in others:
                await other.close()
            await comes_about(lambda: answers(database), within=5)
    finally:
        server.close()


async def test_a_statement_that_takes_too_long_is_ended_by_the_server_too(postgres_database):
    async with opened(postgres_database) as database:
        async with refused(), database.reading() as session:
            await session.execute(text("SELECT pg_sleep(60)"))
        intruder = await asyncpg.connect(postgres_database)
        sleeping = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep%' AND state = 'active'"
        assert await intruder.fetchval(f"{sleeping} AND pid <> pg_backend_pid()") == 0
        await intruder.close()
