"""What a record becomes in the ledger's table."""

from contextlib import asynccontextmanager
from datetime import datetime

import msgspec
import pytest
from factories import AttemptFactory, RoutedPromptFactory, UsageFactory
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from neuroroute.domain.access import Secret
from neuroroute.infrastructure.sql.database import Database
from neuroroute.infrastructure.sql.ledger import SqlLedger
from neuroroute.infrastructure.sql.tables import UsageRow
from neuroroute.infrastructure.sql.usage_rows import COLUMNS, row_of

pytestmark = pytest.mark.anyio

LONG = "né\0e\ud800" * 100


@asynccontextmanager
async def opened(url):
    database = Database(Secret(url))
    try:
        yield database
    finally:
        await database.close()


async def written(url, record):
    """The row, as the database gives it back."""
    async with opened(url) as database:
        await SqlLedger(database).write([record])
        async with database.reading() as session:
            return dict((await session.execute(text("SELECT * FROM usage"))).mappings().one())


def row(record):
    return dict(zip(COLUMNS, row_of(record, datetime.isoformat), strict=True))


def test_every_column_of_the_table_is_written():
    assert set(COLUMNS) == set(UsageRow.__table__.columns.keys())


async def test_a_row_says_who_asked_what_it_cost_and_why_that_model(database):
    attempts = (
        AttemptFactory.build(
            model="local", provider="lmstudio", outcome="unavailable", seconds=0.05, error="It is down"
        ),
        AttemptFactory.build(seconds=0.25),
    )
    usage = UsageFactory.build(cached_tokens=4, cache_write_tokens=2, reasoning_tokens=3)
    record = RoutedPromptFactory.build(attempts=attempts, usage=usage, chosen="local", seconds=0.3123456)
    found = await written(database, record)
    trail = msgspec.json.decode(found.pop("attempts"))
    assert trail == [
        {"model": "local", "provider": "lmstudio", "outcome": "unavailable", "ms": 50.0, "error": "It is down"},
        {"model": "openai", "provider": "openai", "outcome": "answered", "ms": 250.0},
    ]
    assert str(found.pop("at")).startswith("2026-11-15 12:00:00")
    assert found == {
        "id": record.id, "request_id": "req_1", "caller": "team-a", "surface": "prompt", "model": "openai",
        "provider": "openai", "chosen": "local", "prompt_tokens": 12, "completion_tokens": 5, "cached_tokens": 4,
        "cache_write_tokens": 2, "reasoning_tokens": 3, "estimated": False, "cost_nano_usd": 80_000,
        "latency_ms": 312.346, "first_event_ms": 250.0, "outcome": "answered", "from_cache": False, "streamed": False,
        "method": "classifier", "policy": "rules", "catalog_version": "3f7a",
    }  # fmt: skip


async def test_what_nobody_priced_has_no_cost(database):
    assert (await written(database, RoutedPromptFactory.build(cost=None)))["cost_nano_usd"] is None


async def test_the_databases_take_whatever_a_record_holds(database):
    hostile = RoutedPromptFactory.build(
        request_id=LONG,
        caller=LONG,
        chosen=LONG,
        method=LONG,
        catalog_version=LONG,
        usage=UsageFactory.build(prompt_tokens=10**30, completion_tokens=-5),
        cost=-1,
        attempts=(AttemptFactory.build(error=LONG, seconds=1e300),),
    )
    found = await written(database, hostile)
    assert (found["prompt_tokens"], found["completion_tokens"], found["cost_nano_usd"]) == (10**15, 0, 0)
    assert found["caller"] == found["request_id"] == ("née?" * 100)[:255]


@given(st.text(), st.integers(), st.floats(0, 1e9))
def test_no_text_number_or_time_is_more_than_a_column_holds(words, count, seconds):
    record = RoutedPromptFactory.build(
        caller=words, usage=UsageFactory.build(cached_tokens=count), cost=count, seconds=seconds
    )
    made = row(record)
    assert len(made["caller"].encode().decode()) <= 255
    assert "\0" not in made["caller"]
    assert 0 <= made["cached_tokens"] <= 10**15
    assert 0 <= made["cost_nano_usd"] <= 10**15


@given(st.floats(0, 4e9))
def test_the_time_of_a_row_is_the_same_however_often_it_is_made(moment):
    record = RoutedPromptFactory.build(at=moment)
    again = msgspec.json.decode(msgspec.json.encode(record), type=type(record))
    assert row(again) == row(record)
