"""How records come to the database, whatever that does."""

import asyncio
import os
import time

import pytest
from infrastructure.ledger.fickle import Fickle, names, numbered, writing
from services.waiting import comes_about
from structlog.testing import capture_logs

from neuroroute.infrastructure.ledger.spool import Spool
from neuroroute.infrastructure.ledger.spool_lines import read_lines
from neuroroute.infrastructure.ledger.writer import CLOSE_SECONDS, MOST_WAITING, LedgerWriter, SpoolUse

pytestmark = pytest.mark.anyio


@pytest.fixture
def ledger():
    return Fickle()


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "spool"


@pytest.fixture(params=list(SpoolUse))
def use(request):
    return request.param


def on_disk(folder):
    paths = sorted(folder.glob("*/0*"))
    return [record.request_id for path in paths for record in read_lines(path.read_bytes()).records]


async def holds(ledger, expected, *, within=3.0):
    async def they_are_there():
        return ledger.holds == expected

    await comes_about(they_are_there, within=within)


async def is_away(writer, *, within=3.0):
    async def it_is():
        return writer.away

    await comes_about(it_is, within=within)


async def test_records_are_written_together_a_moment_later(ledger, folder, use):
    async with writing(ledger, folder, use=use) as writer:
        for record in numbered(1, 3):
            writer.observe([record])
        assert (ledger.batches, writer.waiting) == ([], 3)
        await holds(ledger, names(1, 3))
        assert ledger.batches == [names(1, 3)]
        assert (writer.waiting, writer.written, writer.spooled, on_disk(folder)) == (0, 3, 0, [])


async def test_a_batch_has_five_hundred_rows_at_most(ledger, folder):
    async with writing(ledger, folder) as writer:
        writer.observe(numbered(1, 1200))
        await holds(ledger, names(1, 1200))
        assert [len(batch) for batch in ledger.batches] == [500, 500, 200]


async def test_flushing_returns_when_what_happened_is_written(ledger, folder, use):
    async with writing(ledger, folder, use=use) as writer:
        await writer.flush()
        writer.observe(numbered(1, 3))
        began = time.monotonic()
        await writer.flush()
        assert ledger.holds == names(1, 3)
        assert time.monotonic() - began < 0.15


async def test_a_flush_that_is_given_up_loses_nothing(ledger, folder):
    async with writing(ledger, folder) as writer:
        writer.observe(numbered(1, 3))
        ledger.answers.clear()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(writer.flush(), 0.05)
        ledger.answers.set()
    assert ledger.holds == names(1, 3)


async def test_closing_writes_what_waits(ledger, folder, use):
    async with writing(ledger, folder, use=use) as writer:
        writer.observe(numbered(1, 700))
    assert ledger.holds == names(1, 700)
    assert not folder.exists() or not list(folder.iterdir())


async def test_what_the_database_does_not_take_is_spooled_and_written_when_it_is_back(ledger, folder, use):
    ledger.away = True
    with capture_logs() as lines:
        async with writing(ledger, folder, use=use) as writer:
            writer.observe(numbered(1, 3))
            await is_away(writer)
            writer.observe(numbered(4, 600))
            await writer.flush()
            assert on_disk(folder) == names(1, 600)
            assert (writer.waiting, writer.spooled) == (0, 600)
            assert on_disk(folder)
            ledger.away = False
            await holds(ledger, names(1, 600), within=8.0)
            assert ledger.batches[0][0] == "00001"  # the oldest first
            writer.observe(numbered(601, 602))
            await holds(ledger, names(1, 602))
            assert (writer.spooled, on_disk(folder), writer.away) == (0, [], False)
    assert [line["event"] for line in lines] == ["ledger_spooling", "ledger_replayed"]
    assert lines[1]["records"] == 600


async def test_what_comes_while_the_database_is_frozen_is_on_disk_within_two_seconds(ledger, folder):
    ledger.answers.clear()
    async with writing(ledger, folder) as writer:
        writer.observe(numbered(1, 3))
        await asyncio.sleep(0.3)
        writer.observe(numbered(4, 5))

        async def all_are_on_disk():
            return on_disk(folder) == names(1, 5)

        await comes_about(all_are_on_disk, within=2.0)
        ledger.answers.set()
        await holds(ledger, names(1, 5), within=3.0)


async def test_closing_while_the_database_is_frozen_spools_within_a_few_seconds(ledger, folder, use):
    ledger.answers.clear()
    writer = LedgerWriter(ledger, Spool(folder), use=use, limit=1 << 20)
    writer.begin()
    writer.observe(numbered(1, 3))
    await asyncio.sleep(0.3)
    writer.observe(numbered(4, 5))
    began = time.monotonic()
    await writer.close()
    assert time.monotonic() - began < CLOSE_SECONDS + 2
    assert on_disk(folder) == names(1, 5)


async def test_closing_in_an_outage_is_quick_and_loses_nothing(ledger, folder, use):
    ledger.away = True
    async with writing(ledger, folder, use=use) as writer:
        writer.observe(numbered(1, 3))
        await is_away(writer)
        writer.observe(numbered(4, 5))
        began = time.monotonic()
    assert time.monotonic() - began < 1
    assert on_disk(folder) == names(1, 5)


async def test_a_writer_that_never_began_keeps_what_it_was_told(ledger, folder):
    writer = LedgerWriter(ledger, Spool(folder), use=SpoolUse.OUTAGE, limit=1 << 20)
    writer.observe(numbered(1, 3))
    await writer.close()
    assert on_disk(folder) == names(1, 3)


async def test_with_the_spool_always_on_a_record_is_on_disk_before_anything_else_happens(ledger, folder):
    async with writing(ledger, folder, use=SpoolUse.ALWAYS) as writer:
        writer.observe(numbered(1, 2))
        assert on_disk(folder) == names(1, 2)
        writer.observe(numbered(3, 3))
        assert on_disk(folder) == names(1, 3)
        await writer.flush()
        assert (on_disk(folder), ledger.holds) == ([], names(1, 3))


async def test_files_are_kept_until_all_that_they_hold_is_written(ledger, folder):
    async with writing(ledger, folder, use=SpoolUse.ALWAYS) as writer:
        writer.observe(numbered(1, 2))
        ledger.answers.clear()
        await asyncio.sleep(0.3)  # the first two are on their way
        writer.observe(numbered(3, 3))
        ledger.answers.set()
        await asyncio.sleep(0.05)
        assert ledger.holds == names(1, 2)
        assert "00003" in on_disk(folder)


async def test_no_new_prompt_is_to_be_taken_when_the_spool_is_nearly_full(ledger, folder):
    ledger.away = True
    async with writing(ledger, folder, limit=10_000) as writer:
        assert not writer.full
        writer.observe(numbered(1, 20))
        await is_away(writer)
        await writer.flush()
        assert writer.full
        writer.observe(numbered(21, 30))  # those that were being answered are kept all the same
        await writer.flush()
        assert on_disk(folder) == names(1, 30)
        ledger.away = False
        await holds(ledger, names(1, 30), within=8.0)
        assert not writer.full


async def test_what_others_have_in_the_spool_counts(ledger, folder):
    async with writing(ledger, folder, limit=10_000) as writer:
        writer.size_of_others = 9_500
        assert writer.full


async def test_where_nothing_can_be_spooled_memory_keeps_what_it_can(ledger, tmp_path, use):
    (tmp_path / "file").touch()
    ledger.away = True
    with capture_logs() as lines:
        async with writing(ledger, tmp_path / "file" / "spool", use=use) as writer:
            writer.observe(numbered(1, 3))
            await is_away(writer)
            writer.observe(numbered(4, 5))
            await asyncio.sleep(0.5)
            assert (writer.waiting, writer.full) == (5, False)
            ledger.away = False
            await holds(ledger, names(1, 5), within=8.0)
    events = [line["event"] for line in lines]
    assert events.count("ledger_spool_unusable") == 1
    assert len(events) <= 3


async def test_memory_that_is_full_takes_no_new_prompt(ledger, folder):
    writer = LedgerWriter(ledger, Spool(folder), use=SpoolUse.OUTAGE, limit=1 << 30)
    writer.observe(numbered(1, 1) * MOST_WAITING)
    assert writer.full
    writer._waiting.clear()
    await writer.close()


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="nowhere to count open files")  # noqa: PTH112
async def test_outages_leave_no_file_open(ledger, folder, use):
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    async with writing(ledger, folder, use=use) as writer:
        for _ in range(2):
            ledger.away = True
            writer.observe(numbered(1, 600))
            await is_away(writer)
            ledger.away = False
            await comes_about(lambda: _is(not writer.away), within=8.0)
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


async def _is(value):
    return value
