"""What every store of decisions promises."""

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime

import pytest
from decisions import CARDS, READING, a_decision, decided
from factories import ModelCardFactory, RoutedPromptFactory
from msgspec.structs import replace

from neuroroute.application.draft import new_id
from neuroroute.application.stores import StoredDecision
from neuroroute.domain.access import Secret
from neuroroute.domain.decision import remade
from neuroroute.domain.record import Outcome
from neuroroute.infrastructure.memory.decisions import MemoryDecisions
from neuroroute.infrastructure.memory.ledger import MemoryLedger
from neuroroute.infrastructure.record_ids import first_id
from neuroroute.infrastructure.sql.database import Database
from neuroroute.infrastructure.sql.decisions import SqlDecisions
from neuroroute.infrastructure.sql.ledger import SqlLedger

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def sql_stores(url):
    database = Database(Secret(url))
    yield SqlLedger(database), SqlDecisions(database)
    await database.close()


@pytest.fixture(params=["memory", "sqlite", "postgres"])
async def stores(request):
    """A ledger, and the decisions that it writes."""
    if request.param == "memory":
        ledger = MemoryLedger()
        yield ledger, MemoryDecisions(ledger)
        return
    async with sql_stores(request.getfixturevalue(f"{request.param}_database")) as pair:
        yield pair


def at(*moment):
    return datetime(*moment, tzinfo=UTC).timestamp()


async def everything(decisions, *, moment=0.0, limit=2):
    """The ids, read page by page."""
    ids = []
    while page := await decisions.since(moment, after=ids[-1] if ids else "", limit=limit):
        assert len(page) <= limit
        ids += [one.record.id for one in page]
    return ids


@pytest.mark.parametrize("rules", [True, False])
async def test_a_decision_is_found_as_it_was_and_can_be_made_again(stores, rules):
    ledger, decisions = stores
    decision = a_decision(rules=rules, shadow=READING, caller="é\n\0")
    await ledger.write([decided(decision, cost=123)])
    found = await decisions.find(decision.id)
    assert found == StoredDecision(record=decision, model="middle", cost_nano_usd=123, outcome="answered")
    assert repr(remade(found.record, CARDS)) == repr(decision.plan)


async def test_what_nobody_decided_is_not_there(stores):
    ledger, decisions = stores
    record = RoutedPromptFactory.build(decision=None)
    await ledger.write([record])
    for unknown in (record.id, new_id(), "", "no such id", "\0", "é" * 300):
        assert await decisions.find(unknown) is None
    assert await everything(decisions) == []


async def test_what_became_of_it_is_told(stores):
    ledger, decisions = stores
    failed = decided(model=None, usage=None, cost=None, outcome=Outcome.FAILED)
    unpriced = decided(cost=None, outcome=Outcome.CUT)
    await ledger.write([failed, unpriced])
    for record, told in ((failed, (None, 0, "failed")), (unpriced, ("middle", None, "cut"))):
        found = await decisions.find(record.id)
        assert (found.model, found.cost_nano_usd, found.outcome) == told


async def test_a_decision_is_written_once_and_never_changed(stores):
    ledger, decisions = stores
    record = decided(cost=1)
    await ledger.write([record])
    await ledger.write([replace(record, cost=2, outcome=Outcome.LEFT), decided()])
    found = await decisions.find(record.id)
    assert (found.cost_nano_usd, found.outcome) == (1, "answered")
    assert len(await everything(decisions)) == 2


async def test_two_who_write_the_same_at_once_write_it_once(stores):
    ledger, decisions = stores
    records = [decided() for _ in range(50)]
    await asyncio.gather(*(ledger.write(records) for _ in range(4)))
    assert await everything(decisions, limit=20) == sorted(record.id for record in records)


async def test_they_are_read_in_the_order_of_their_ids_from_a_moment_on(stores):
    ledger, decisions = stores
    moments = [at(2026, 10, 31, 23, 59, 59), at(2026, 11, 1), at(2026, 11, 1, 0, 0, 1), at(2026, 12, 1)]
    made = [a_decision(at=moment) for moment in (*moments, *moments)]
    await ledger.write([decided(decision) for decision in reversed(made)])
    assert await everything(decisions, limit=3) == sorted(decision.id for decision in made)
    later = [decision.id for decision in made if decision.at >= moments[1]]
    assert await everything(decisions, moment=moments[1]) == sorted(later)
    assert await everything(decisions, moment=moments[-1] + 1) == []


async def test_ids_are_sorted_by_bytes(stores):
    ledger, decisions = stores
    prefix = first_id(at(2026, 11, 1))
    ids = [prefix + tail for tail in ("0" * 20, "1aa", "1ab", "1b", "aa", "ab", "f" * 20)]
    await ledger.write([decided(a_decision(decision_id)) for decision_id in reversed(ids)])
    assert await everything(decisions) == ids


async def test_a_decision_expires_with_its_months_prompts(stores):
    ledger, decisions = stores
    made = [a_decision(at=at(2026, month, 1)) for month in (8, 9, 10)]
    await ledger.write([decided(decision) for decision in made])
    await ledger.drop_before(date(2026, 10, 1))
    assert await everything(decisions) == [made[-1].id]
    assert await decisions.find(made[0].id) is None


async def test_a_prompt_that_outlasts_its_month_is_written_and_found(stores):
    ledger, decisions = stores
    decision = a_decision(at=at(2026, 10, 31, 23, 59, 59, 999_000))
    await ledger.write([decided(decision, at=at(2026, 11, 1, 0, 0, 3))])
    assert (await decisions.find(decision.id)).record == decision


async def test_the_cards_of_a_version_are_kept_as_they_first_were(stores):
    _, decisions = stores
    assert await decisions.cards("3f7a") is None
    for _ in range(2):
        await decisions.keep_cards("3f7a", CARDS[::-1])
    await decisions.keep_cards("other", [ModelCardFactory.build(name="é\0")])
    await decisions.keep_cards("nothing", [])
    assert tuple(await decisions.cards("3f7a")) == CARDS[::-1]
    assert [card.name for card in await decisions.cards("other")] == ["é\0"]
    assert list(await decisions.cards("nothing")) == []


async def test_many_who_keep_the_same_cards_at_once_never_fail(stores):
    _, decisions = stores
    await asyncio.gather(*(decisions.keep_cards("3f7a", CARDS) for _ in range(8)))
    assert tuple(await decisions.cards("3f7a")) == CARDS
