"""Decisions and feedback of several instances on one database."""

import asyncio
import time
from contextlib import asynccontextmanager

import pytest
from decisions import QUALITIES, a_decision, decided
from infrastructure.sql.asking import opened
from sqlalchemy import text

from neuroroute.application.abilities import Abilities
from neuroroute.application.follow_state import FollowState, StateUnreadable
from neuroroute.domain.errors import NotStored
from neuroroute.domain.feedback import DOUBT
from neuroroute.infrastructure.sql.decision_rows import COLUMNS
from neuroroute.infrastructure.sql.decisions import LATE, SqlDecisions
from neuroroute.infrastructure.sql.feedback import SqlFeedback
from neuroroute.infrastructure.sql.ledger import SqlLedger
from neuroroute.infrastructure.sql.revisions import SqlRevisions
from neuroroute.infrastructure.sql.tables import DecisionRow

pytestmark = pytest.mark.anyio

OLD = 1e9
"""Epoch seconds: long before any process that runs now."""


@asynccontextmanager
async def instances(url):
    """Two, each with its own connections."""
    async with opened(url) as here, opened(url) as there:
        yield here, there


async def give(database, decision_id, score=1.0):
    return await SqlFeedback(database).give(decision_id, caller="team-a", score=score, at=1.5)


async def prepared():
    pass


def following(database):
    """What an instance has learned, and how it follows."""
    abilities = Abilities(SqlFeedback(database))
    return abilities, FollowState(SqlRevisions(database), [abilities], prepare=prepared, tell=lambda _: None)


def test_every_column_is_the_ledgers_or_the_callers():
    assert set(COLUMNS) | {"score", "scored_at", "counted"} == set(DecisionRow.__table__.columns.keys())


async def test_of_words_to_two_instances_at_once_each_decisions_first_counts(database):
    async with instances(database) as (here, there):
        records = [decided() for _ in range(10)]
        await SqlLedger(here).write(records)
        told = [
            await asyncio.gather(give(here, record.id, 1.0), give(there, record.id, 0.0), give(here, record.id, 0.5))
            for record in records
        ]
        firsts = [words[0] for words in told]
        assert all(set(map(repr, words)) == {repr(words[0])} for words in told)
        (total,) = await SqlFeedback(there).totals()
    assert total.count == 10
    assert total.surplus == pytest.approx(sum(word.score - QUALITIES["middle"] for word in firsts))


async def test_instances_that_hear_of_many_decisions_in_any_order_never_wait_for_each_other(database):
    async with instances(database) as (here, there):
        records = [decided() for _ in range(20)]
        ids = [record.id for record in records]
        await SqlLedger(here).write(records)
        began = time.monotonic()
        await asyncio.gather(*(give(here, one) for one in ids), *(give(there, one) for one in reversed(ids)))
        assert time.monotonic() - began < 3, "a deadlock ends after longer, and with an error"
        assert [total.count for total in await SqlFeedback(here).totals()] == [20]


async def test_what_another_instance_is_about_to_write_is_waited_for(database):
    async with instances(database) as (here, there):
        record = decided(a_decision(at=time.time()))
        asking = asyncio.gather(give(here, record.id), SqlDecisions(here).find(record.id))
        await asyncio.sleep(0.1)
        await SqlLedger(there).write([record])
        word, found = await asking
        assert (word.decision, found.record) == (record.id, record.decision)


async def test_what_is_unknown_and_old_is_refused_at_once(database):
    async with opened(database) as here:
        unknown = a_decision(at=OLD).id
        await SqlDecisions(here).find(unknown)
        began = time.monotonic()
        with pytest.raises(NotStored):
            await give(here, unknown)
        assert await SqlDecisions(here).find(unknown) is None
        assert time.monotonic() - began < LATE


async def test_what_one_instance_was_told_another_knows_by_its_next_look_and_a_later_start_too(database):
    async with instances(database) as (here, there):
        record = decided()
        await SqlLedger(here).write([record])
        abilities, follow = following(there)
        await follow.refresh()
        assert abilities.corrections == {}
        await give(here, record.id, 0.0)
        await follow.refresh()
        assert abilities.corrections["middle"].shift == pytest.approx(-QUALITIES["middle"] / (1 + DOUBT))
    async with opened(database) as later:
        started, follow = following(later)
        await follow.refresh()
        assert started.corrections == abilities.corrections


@pytest.mark.parametrize("record", ["", "{}", "[]", "\u00e9"])
async def test_a_decision_that_this_version_cannot_read_is_told_so(database, record):
    async with opened(database) as here:
        decision = a_decision(at=OLD)
        await SqlLedger(here).write([decided(decision)])
        async with here.writing() as session:
            await session.execute(text("UPDATE decisions SET record = :record"), {"record": record})
        for ask in (SqlDecisions(here).find(decision.id), give(here, decision.id)):
            with pytest.raises(StateUnreadable, match=decision.id):
                await ask


async def test_cards_that_this_version_cannot_read_are_told_so(database):
    async with opened(database) as here:
        async with here.writing() as session:
            await session.execute(text("INSERT INTO catalog_snapshots (version, cards) VALUES ('3f7a', '[{}]')"))
        with pytest.raises(StateUnreadable, match="3f7a"):
            await SqlDecisions(here).cards("3f7a")


async def test_a_decision_holds_none_of_the_prompts_words_and_no_more_than_a_few_kilobytes(database):
    async with opened(database) as here:
        await SqlLedger(here).write([decided(a_decision(rules=True)), decided()])
        async with here.reading() as session:
            records = (await session.scalars(text("SELECT record FROM decisions"))).all()
    assert all("France" not in record and len(record) < 4000 for record in records)
