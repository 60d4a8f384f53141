"""What every store of feedback promises."""

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime

import pytest
from decisions import QUALITIES, a_decision, decided

from neuroroute.application.draft import new_id
from neuroroute.application.stores import Topic
from neuroroute.domain.access import Secret
from neuroroute.domain.errors import NotStored
from neuroroute.domain.feedback import Feedback
from neuroroute.domain.record import Outcome
from neuroroute.infrastructure.memory.decisions import MemoryDecisions
from neuroroute.infrastructure.memory.feedback import MemoryFeedback
from neuroroute.infrastructure.memory.ledger import MemoryLedger
from neuroroute.infrastructure.memory.revisions import MemoryRevisions
from neuroroute.infrastructure.sql.database import Database
from neuroroute.infrastructure.sql.decisions import SqlDecisions
from neuroroute.infrastructure.sql.feedback import SqlFeedback
from neuroroute.infrastructure.sql.ledger import SqlLedger
from neuroroute.infrastructure.sql.revisions import SqlRevisions

pytestmark = pytest.mark.anyio

AT = 1_794_744_060.125


class Stores:
    """A ledger, and what goes with it."""

    def __init__(self, ledger, decisions, feedback, revisions):
        self.ledger, self.decisions, self.feedback, self.revisions = ledger, decisions, feedback, revisions

    async def write(self, decision=None, **fields):
        """Of a prompt that was answered; the id of its decision."""
        record = decided(decision, **fields)
        await self.ledger.write([record])
        return record.id

    async def give(self, decision_id, score=1.0, *, caller="team-a", at=AT):
        return await self.feedback.give(decision_id, caller=caller, score=score, at=at)

    async def totals(self):
        return {(one.caller, one.model): (one.count, one.surplus) for one in await self.feedback.totals()}

    async def revision(self):
        return (await self.revisions.look())[Topic.ABILITIES]


@asynccontextmanager
async def sql_stores(url):
    database = Database(Secret(url))
    yield Stores(SqlLedger(database), SqlDecisions(database), SqlFeedback(database), SqlRevisions(database))
    await database.close()


@pytest.fixture(params=["memory", "sqlite", "postgres"])
async def stores(request):
    if request.param == "memory":
        ledger, revisions = MemoryLedger(), MemoryRevisions()
        decisions = MemoryDecisions(ledger)
        yield Stores(ledger, decisions, MemoryFeedback(decisions, revisions), revisions)
        return
    async with sql_stores(request.getfixturevalue(f"{request.param}_database")) as all_of_them:
        yield all_of_them


async def test_a_word_is_kept_and_counted_against_what_was_predicted(stores):
    decision_id = await stores.write()
    word = await stores.give(decision_id, 0.25)
    assert word == Feedback(decision=decision_id, caller="team-a", score=0.25, at=AT, model="middle", counted=True)
    assert (await stores.decisions.find(decision_id)).feedback == word
    assert [one.feedback for one in await stores.decisions.since(0, after="", limit=9)] == [word]
    assert await stores.totals() == {("team-a", "middle"): (1, 0.25 - QUALITIES["middle"])}


async def test_the_first_word_stands_and_is_told_again(stores):
    decision_id = await stores.write()
    first = await stores.give(decision_id, 1.0)
    assert await stores.give(decision_id, 0.0, at=AT + 60) == first
    assert (await stores.totals())["team-a", "middle"][0] == 1
    assert await stores.revision() == 1


async def test_of_a_crowd_at_once_one_counts_and_all_hear_its_word(stores):
    decision_id = await stores.write()
    words = await asyncio.gather(*(stores.give(decision_id, number / 10) for number in range(11)))
    assert len({word.score for word in words}) == 1
    assert await stores.totals() == {("team-a", "middle"): (1, words[0].score - QUALITIES["middle"])}
    assert await stores.revision() == 1


async def test_a_crowd_on_many_decisions_is_counted_to_the_last_word(stores):
    ids = [await stores.write() for _ in range(20)]
    await asyncio.gather(*(stores.give(decision_id) for decision_id in (*ids, *reversed(ids))))
    count, surplus = (await stores.totals())["team-a", "middle"]
    assert (count, surplus) == (20, pytest.approx(20 * (1 - QUALITIES["middle"])))
    assert await stores.revision() == 20


async def test_a_correction_that_was_made_takes_nothing_from_the_next(stores):
    decision_id = await stores.write(a_decision(), model="large")  # whose prediction had been corrected
    await stores.give(decision_id, 1.0)
    assert (await stores.totals())["team-a", "large"] == (1, 1 - QUALITIES["large"])


async def test_words_add_up_by_caller_and_model(stores):
    for caller in ("b", "a"):
        for model in ("small", "large", "large"):
            await stores.give(await stores.write(a_decision(caller=caller), model=model), 0.5, caller=caller)
    totals = await stores.feedback.totals()
    places = [(one.caller, one.model, one.count) for one in totals]
    assert places == [("a", "large", 2), ("a", "small", 1), ("b", "large", 2), ("b", "small", 1)]


@pytest.mark.parametrize("case", ["ruled", "unforeseen"])
async def test_where_nothing_was_predicted_a_word_is_kept_and_not_counted(stores, case):
    if case == "ruled":
        decision_id = await stores.write(a_decision(rules=True))
    else:
        decision_id = await stores.write(model="of nobody's knowledge")
    word = await stores.give(decision_id)
    assert not word.counted
    assert (await stores.decisions.find(decision_id)).feedback == await stores.give(decision_id, 0.0) == word
    assert (await stores.totals(), await stores.revision()) == ({}, 0)


async def test_what_is_unknown_or_anothers_is_told_in_the_same_words(stores):
    decision_id = await stores.write()
    told = set()
    for unknown, caller in ((new_id(), "team-a"), (decision_id, "team-b"), ("no id", "team-a"), ("\0é", "team-a")):
        with pytest.raises(NotStored, match="There is no decision") as refused:
            await stores.give(unknown, caller=caller)
        told.add(str(refused.value).replace(unknown, "ID"))
    assert len(told) == 1
    assert (await stores.decisions.find(decision_id)).feedback is None
    assert await stores.totals() == {}


async def test_an_answer_that_nobody_gave_cannot_be_judged(stores):
    decision_id = await stores.write(model=None, usage=None, cost=None, outcome=Outcome.FAILED)
    with pytest.raises(NotStored, match="Nobody answered"):
        await stores.give(decision_id)


async def test_a_prompt_that_is_written_again_keeps_its_word(stores):
    record = decided()
    await stores.ledger.write([record])
    word = await stores.give(record.id)
    await stores.ledger.write([record])
    assert (await stores.decisions.find(record.id)).feedback == word


async def test_a_word_expires_with_its_decision_and_what_it_taught_stays(stores):
    decision_id = await stores.write(a_decision(at=datetime(2026, 8, 1, tzinfo=UTC).timestamp()))
    await stores.give(decision_id)
    await stores.ledger.drop_before(date(2026, 10, 1))
    with pytest.raises(NotStored):
        await stores.give(decision_id)
    assert (await stores.totals())["team-a", "middle"][0] == 1
