"""What the ledger needs beside being written."""

from datetime import UTC, date, datetime

import pytest
from factories import RoutedPromptFactory
from infrastructure.ledger.fickle import Fickle, names, numbered, writing
from structlog.testing import capture_logs

from neuroroute.infrastructure.ledger.spool import Spool
from neuroroute.infrastructure.ledger.spool_lines import write_lines
from neuroroute.infrastructure.ledger.upkeep import LedgerUpkeep

pytestmark = pytest.mark.anyio

TODAY = date(2026, 11, 15)


@pytest.fixture
def ledger():
    return Fickle()


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "spool"


@pytest.fixture
async def writer(ledger, folder):
    async with writing(ledger, folder) as writer:
        yield writer


@pytest.fixture
def upkeep(ledger, folder, writer):
    return LedgerUpkeep(ledger, Spool(folder), writer, months=2)


def left(folder, records, *, damage=b""):
    """What a process leaves that was killed."""
    gone = Spool(folder)
    gone.append(write_lines(records) + damage, rows=len(records), through=len(records))
    gone.close()
    return gone.size


async def test_there_is_room_for_this_month_and_the_next_before_they_come(upkeep, ledger):
    await upkeep.once(TODAY)
    await upkeep.once(TODAY)
    assert ledger.batches == ["room for 2026-11-01", "room for 2026-12-01"]
    await upkeep.once(date(2026, 12, 1))
    assert ledger.batches[2:] == ["room for 2026-12-01", "room for 2027-01-01"]


async def test_what_dead_processes_left_is_written_and_deleted(upkeep, ledger, folder):
    left(folder, numbered(1, 2))
    left(folder, numbered(3, 4), damage=b"\n0badc0de torn")
    with capture_logs() as lines:
        await upkeep.once(TODAY)
    assert ledger.holds == names(1, 4)
    assert list(folder.iterdir()) == []
    told = [(line["event"], line.get("records") or line.get("lines")) for line in lines]
    assert sorted(told) == [("ledger_replayed", 2), ("ledger_replayed", 2), ("ledger_spool_damaged", 1)]


async def test_what_cannot_be_written_now_is_left_for_later(upkeep, ledger, folder):
    await upkeep.once(TODAY)
    left(folder, numbered(1, 2))
    ledger.away = True
    await upkeep.once(TODAY)
    assert (ledger.holds, len(list(folder.iterdir()))) == ([], 1)
    ledger.away = False
    await upkeep.once(TODAY)
    assert ledger.holds == names(1, 2)


async def test_the_writer_learns_what_others_have_in_the_spool(upkeep, writer, ledger, folder):
    ledger.away = True
    size = left(folder, numbered(1, 2))
    await upkeep.once(TODAY)
    assert writer.size_of_others == size


async def test_months_that_are_too_old_are_dropped(upkeep, ledger):
    def ended(*moment):
        return RoutedPromptFactory.build(request_id=f"{moment}", at=datetime(*moment, tzinfo=UTC).timestamp())

    await ledger.write([ended(2026, 8, 31), ended(2026, 9, 1), ended(2026, 11, 1)])
    with capture_logs() as lines:
        await upkeep.once(TODAY)
        await upkeep.once(TODAY)
    assert ledger.holds == ["(2026, 11, 1)", "(2026, 9, 1)"]
    assert [(line["event"], line["before"], line["number"]) for line in lines] == [("ledger_dropped", "2026-09-01", 1)]


async def test_all_is_kept_when_no_number_of_months_is_set(ledger, folder, writer):
    await ledger.write([RoutedPromptFactory.build(request_id="old", at=0.0)])
    await LedgerUpkeep(ledger, Spool(folder), writer, months=0).once(TODAY)
    assert ledger.holds == ["old"]
