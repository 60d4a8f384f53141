"""Each prompt is in the ledger exactly once, whatever happens to the database and to the process."""

import asyncio
import os
import random
import subprocess
import sys
import time
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from infrastructure.ledger.fickle import names, numbered, writing
from services.cutting_proxy import CuttingProxy
from services.databases import migrate
from services.waiting import comes_about
from sqlalchemy import text

from neuroroute.domain.access import Secret
from neuroroute.domain.errors import StateUnavailable
from neuroroute.infrastructure.ledger.spool import Spool
from neuroroute.infrastructure.ledger.upkeep import LedgerUpkeep
from neuroroute.infrastructure.ledger.writer import SpoolUse
from neuroroute.infrastructure.sql.database import Database
from neuroroute.infrastructure.sql.ledger import SqlLedger

pytestmark = pytest.mark.anyio

TESTS = Path(__file__).parents[2]
CUTS = 20

_WORKER = """
import asyncio, sys
from pathlib import Path
from infrastructure.ledger.fickle import numbered, writing
from neuroroute.domain.access import Secret
from neuroroute.infrastructure.ledger.writer import SpoolUse
from neuroroute.infrastructure.sql.database import Database
from neuroroute.infrastructure.sql.ledger import SqlLedger

async def main(url, folder, use):
    async with writing(SqlLedger(Database(Secret(url))), Path(folder), use=SpoolUse(use), limit=1 << 30) as writer:
        for number in range(1, 90_000):
            (record,) = numbered(number, number)
            writer.observe([record])
            print(record.request_id, flush=True)
            await asyncio.sleep(0.001)

asyncio.run(main(*sys.argv[1:]))
"""


@asynccontextmanager
async def opened(url):
    database = Database(Secret(url))
    try:
        yield database
    finally:
        await database.close()


async def rows(database):
    """The request ids, each with its decision."""
    async with database.reading() as session:
        written = text("SELECT request_id FROM usage JOIN decisions USING (id) ORDER BY 1")
        return list((await session.scalars(written)).all())


def through(proxy, url):
    return urlsplit(url)._replace(netloc=f"postgres@127.0.0.1:{proxy.port}").geturl()


async def test_a_commit_whose_answer_is_lost_is_written_once(postgres_database):
    records = numbered(1, CUTS)
    port = urlsplit(postgres_database).port
    async with CuttingProxy(port, at=b"COMMIT") as proxy, opened(through(proxy, postgres_database)) as database:
        ledger = SqlLedger(database)
        await ledger.write(records[:1])
        for record in records:
            proxy.cuts = 1
            with pytest.raises(StateUnavailable):
                await ledger.write([record])
            await ledger.write([record])
        assert proxy.done == CUTS
    async with opened(postgres_database) as database:
        assert await rows(database) == names(1, CUTS)


async def test_a_writer_whose_commits_are_cut_writes_each_record_once(postgres_database, tmp_path):
    port = urlsplit(postgres_database).port
    async with CuttingProxy(port, at=b"COMMIT") as proxy, opened(through(proxy, postgres_database)) as database:
        async with writing(SqlLedger(database), tmp_path) as writer:
            proxy.cuts = 3
            for first in range(1, 200, 10):
                writer.observe(numbered(first, first + 9))
                await asyncio.sleep(0.1)
            await comes_about(lambda: _is(not writer.away and not writer.waiting), within=15)
        assert proxy.done == 3
    async with opened(postgres_database) as database:
        assert await rows(database) == names(1, 200)


async def test_writes_that_are_cancelled_at_any_moment_can_be_made_again(database):
    moments = random.Random(20)
    records = numbered(1, 100)
    async with opened(database) as opened_database:
        ledger = SqlLedger(opened_database)
        await ledger.write(records[:1])
        for record in records:
            write = asyncio.create_task(ledger.write([record]))
            await asyncio.sleep(moments.uniform(0, 0.004))
            write.cancel()
            await asyncio.wait((write,))
            await ledger.write([record])
        assert await rows(opened_database) == names(1, 100)


@pytest.mark.parametrize("fault", ["killed", "frozen"])
async def test_a_postgres_that_goes_away_and_comes_back_has_every_record_once(postgres, tmp_path, fault):
    migrate(postgres.url)
    async with opened(postgres.url) as database, writing(SqlLedger(database), tmp_path / "spool") as writer:
        writer.observe(numbered(1, 50))
        await writer.flush()
        lag = 0.0
        for number in range(51, 451):
            if number == 100:
                await asyncio.to_thread(postgres.kill if fault == "killed" else postgres.freeze)
            began = time.monotonic()
            writer.observe(numbered(number, number))
            await asyncio.sleep(0.005)
            lag = max(lag, time.monotonic() - began)
        await comes_about(lambda: _is(writer.away and writer.spooled), within=8)
        assert lag < 0.3
        await asyncio.to_thread(postgres.start if fault == "killed" else postgres.thaw)
        await comes_about(lambda: _is(not writer.away and not writer.waiting), within=20)
        assert await rows(database) == names(1, 450)
        assert (writer.spooled, writer.full) == (0, False)


@pytest.mark.parametrize("use", list(SpoolUse))
async def test_what_a_killed_process_had_kept_is_written_by_another(database, tmp_path, use):
    """All with the spool always on; else all but what ended within the last moment."""
    folder = tmp_path / "spool"
    with subprocess.Popen(  # noqa: ASYNC220 - read by its own pace below
        [sys.executable, "-c", _WORKER, database, str(folder), use.value],
        env=os.environ | {"PYTHONPATH": str(TESTS)},
        stdout=subprocess.PIPE,
        text=True,
    ) as worker:
        told = [worker.stdout.readline().strip() for _ in range(1000)]
        worker.kill()
        told += worker.stdout.read().split()
    expected = names(1, int(told[-1]))
    async with opened(database) as ours:
        ledger = SqlLedger(ours)
        async with writing(ledger, folder) as writer:
            await LedgerUpkeep(ledger, Spool(folder), writer, months=0).once(date(2026, 11, 15))
        found = await rows(ours)
    assert found == expected[: len(found)] or found == [*expected, f"{len(expected) + 1:05d}"]
    if use is SpoolUse.ALWAYS:
        assert len(found) >= len(expected)
        assert list(folder.iterdir()) == []
    else:
        assert len(found) >= 500


async def _is(value):
    return bool(value)
