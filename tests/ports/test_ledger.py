"""What every ledger promises."""

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime

import pytest
from factories import RoutedPromptFactory, UsageFactory
from msgspec.structs import replace

from neuroroute.domain.access import Secret
from neuroroute.domain.record import Outcome
from neuroroute.domain.usage import Grouping, UsageQuery
from neuroroute.infrastructure.memory.ledger import MemoryLedger
from neuroroute.infrastructure.sql.database import Database
from neuroroute.infrastructure.sql.ledger import SqlLedger

pytestmark = pytest.mark.anyio

DAY = date(2026, 11, 15)
EVERYTHING = UsageQuery(first=date(2000, 1, 1), last=date(2100, 1, 1), by=frozenset())


@asynccontextmanager
async def sql_ledger(url):
    database = Database(Secret(url))
    yield SqlLedger(database)
    await database.close()


@pytest.fixture(params=["memory", "sqlite", "postgres"])
async def ledger(request):
    if request.param == "memory":
        yield MemoryLedger()
        return
    async with sql_ledger(request.getfixturevalue(f"{request.param}_database")) as adapter:
        yield adapter


def at(*moment):
    return datetime(*moment, tzinfo=UTC).timestamp()


def record(**fields):
    return RoutedPromptFactory.build(**fields)


async def total(ledger, **wanted):
    (only,) = await ledger.totals(replace(EVERYTHING, **wanted))
    return only


async def test_what_was_written_is_added_up(ledger):
    usage = UsageFactory.build(
        prompt_tokens=7, completion_tokens=5, cached_tokens=4, cache_write_tokens=2, reasoning_tokens=3
    )
    await ledger.write([record(usage=usage, cost=10), record(usage=usage, cost=20)])
    added = await total(ledger)
    assert (added.requests, added.cost, added.unpriced, added.errors, added.remembered) == (2, 30, 0, 0, 0)
    assert (added.prompt_tokens, added.completion_tokens) == (14, 10)
    assert (added.cached_tokens, added.cache_write_tokens, added.reasoning_tokens) == (8, 4, 6)


async def test_nothing_adds_up_to_nothing(ledger):
    assert (await total(ledger)).requests == 0
    assert await ledger.totals(UsageQuery(first=DAY, last=DAY)) == []


async def test_a_record_is_written_once_however_often_it_is_told(ledger):
    records = [record(cost=1), record(cost=2)]
    await ledger.write(records)
    await ledger.write([*reversed(records), record(cost=4)])
    assert ((await total(ledger)).requests, (await total(ledger)).cost) == (3, 7)


async def test_two_who_write_the_same_at_once_write_it_once(ledger):
    records = [record(cost=1) for _ in range(300)]
    await asyncio.gather(*(ledger.write(records) for _ in range(4)))
    assert (await total(ledger)).cost == 300


async def test_writing_nothing_is_no_fault(ledger):
    await ledger.write([])


async def test_unpriced_errors_and_remembered_answers_are_told_apart(ledger):
    await ledger.write(
        [
            record(cost=None),
            record(outcome=Outcome.CUT, cost=7),
            record(outcome=Outcome.FAILED, model=None, usage=None, cost=None),
            record(outcome=Outcome.REJECTED, model=None, usage=None, cost=None),
            record(outcome=Outcome.LEFT, cost=1),
            record(from_cache=True, cost=None),
        ]
    )
    added = await total(ledger)
    assert (added.requests, added.cost, added.unpriced, added.errors, added.remembered) == (6, 8, 1, 2, 1)
    assert added.prompt_tokens == 3 * 12  # the remembered answer used none


@pytest.mark.parametrize("by", [{Grouping.DAY}, {Grouping.MODEL}, {Grouping.KEY}, set(Grouping)])
async def test_totals_are_told_apart_and_sorted_by_bytes(ledger, by):
    days, models, keys = (DAY, date(2026, 12, 1)), (None, "B", "a", "é"), ("A-b", "Aa", "a_", "a-")
    await ledger.write(
        [
            record(at=at(day.year, day.month, day.day), model=model, caller=key, cost=1)
            for day in days
            for model in models
            for key in keys
        ]
    )
    totals = await ledger.totals(UsageQuery(first=date.min, last=date.max, by=frozenset(by)))
    expected = [
        (day, model, key)
        for day in (days if Grouping.DAY in by else [None])
        for model in (models if Grouping.MODEL in by else [None])
        for key in (sorted(keys) if Grouping.KEY in by else [None])
    ]
    assert [(each.day, each.model, each.key) for each in totals] == expected
    assert {each.requests for each in totals} == {32 // len(expected)}


async def test_a_day_is_one_of_utc_from_its_first_microsecond_to_its_last(ledger):
    moments = [at(2026, 11, 14, 23, 59, 59, 999_999), at(2026, 11, 15), at(2026, 11, 15, 23, 59, 59, 999_999),
               at(2026, 11, 16)]  # fmt: skip
    await ledger.write([record(at=moment, cost=10**place) for place, moment in enumerate(moments)])
    (only,) = await ledger.totals(UsageQuery(first=DAY, last=DAY))
    assert (only.day, only.cost) == (DAY, 110)


async def test_only_a_model_or_a_key_is_added_up_when_that_is_wanted(ledger):
    await ledger.write([record(model="a", caller="x", cost=1), record(model="a", caller="y", cost=10),
                        record(model="b", caller="x", cost=100)])  # fmt: skip
    assert (await total(ledger, model="a")).cost == 11
    assert (await total(ledger, key="x")).cost == 101
    assert (await total(ledger, model="a", key="x")).cost == 1


async def test_totals_can_be_read_page_by_page(ledger):
    await ledger.write([record(caller=f"key {number}") for number in range(5)])

    async def page(limit, offset):
        query = UsageQuery(first=DAY, last=DAY, by=frozenset({Grouping.KEY}), limit=limit, offset=offset)
        return [each.key for each in await ledger.totals(query)]

    assert await page(2, 0) == ["key 0", "key 1"]
    assert await page(3, 2) == ["key 2", "key 3", "key 4"]
    assert await page(3, 5) == []


async def test_old_months_are_dropped_and_the_others_kept(ledger):
    await ledger.write([record(at=at(2026, month, 1), cost=10**month) for month in (8, 9, 10)])
    assert await ledger.drop_before(date(2026, 10, 1)) == 2
    assert (await total(ledger)).cost == 10**10
    assert await ledger.drop_before(date(2026, 10, 1)) == 0


async def test_a_month_that_was_dropped_can_be_written_again(ledger):
    old = record(at=at(2026, 8, 1))
    await ledger.write([old])
    await ledger.drop_before(date(2026, 10, 1))
    await ledger.write([old])
    assert (await total(ledger)).requests == 1


async def test_making_room_twice_is_no_fault(ledger):
    for _ in range(2):
        await ledger.make_room(DAY.replace(day=1))
        await ledger.make_room(date(2026, 12, 1))
