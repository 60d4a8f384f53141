"""`GET /admin/usage` says what was used, to people and to spreadsheets."""

import csv
import io
from datetime import UTC, date, datetime, timedelta

import httpx
import pytest
from factories import RoutedPromptFactory, UsageFactory

from neuroroute.application.stores import Ledger
from neuroroute.domain.errors import StateUnavailable
from neuroroute.domain.record import Outcome
from neuroroute.infrastructure.memory.ledger import MemoryLedger
from neuroroute.interface.errors import told
from neuroroute.interface.usage import UsageEndpoint
from neuroroute.interface.visit import Visit

pytestmark = pytest.mark.anyio

DAYS = {"from": "2026-11-01", "to": "2026-11-30"}


class Kept(Ledger):
    """A ledger whose last records come with the next flush."""

    def __init__(self):
        self.ledger = MemoryLedger()
        self.waiting = []
        self.away = False

    async def flush(self):
        await self.ledger.write(self.waiting)

    async def totals(self, query):
        if self.away:
            raise StateUnavailable("The database is away")
        return await self.ledger.totals(query)

    async def write(self, records):
        await self.ledger.write(records)

    async def make_room(self, month):
        pass

    async def drop_before(self, month):
        return 0


@pytest.fixture
def ledger():
    return Kept()


@pytest.fixture
async def client(ledger):
    endpoint = UsageEndpoint(ledger=ledger, flush=ledger.flush)

    async def app(scope, receive, send):
        visit = Visit.opened(scope)
        try:
            await endpoint.read(scope, receive, send)
        except Exception as error:  # noqa: BLE001 - as every route is guarded
            await told(visit, error)(scope, receive, send)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://neuroroute") as client:
        yield client


def record(**fields):
    return RoutedPromptFactory.build(**fields)


async def rows(client, **query):
    answer = await client.get("/admin/usage", params={**DAYS, **query})
    assert answer.status_code == 200, answer.text
    return answer.json()["rows"]


async def table(client, **query):
    answer = await client.get("/admin/usage", params={**DAYS, "format": "csv", **query})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    return list(csv.reader(io.StringIO(answer.text, newline="")))


async def test_a_row_says_what_was_used_and_what_it_cost(client, ledger):
    usage = UsageFactory.build(cached_tokens=4, cache_write_tokens=2, reasoning_tokens=3)
    await ledger.write(
        [
            record(usage=usage, cost=1_500_000_001),
            record(cost=None, outcome=Outcome.CUT),
            record(from_cache=True, cost=None),
        ]
    )
    assert await rows(client) == [
        {
            "day": "2026-11-15", "requests": 3, "prompt_tokens": 24, "completion_tokens": 10, "cached_tokens": 4,
            "cache_write_tokens": 2, "reasoning_tokens": 3, "cost_nano_usd": 1_500_000_001,
            "cost_usd": "1.500000001", "unpriced_requests": 1, "errors": 1, "cached_answers": 1,
        }
    ]  # fmt: skip


async def test_what_just_happened_is_in_it(client, ledger):
    ledger.waiting = [record()]
    assert len(await rows(client)) == 1


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("model", [{"model": None}, {"model": "a"}]),
        ("key", [{"key": "x"}, {"key": "y"}]),
        ("key,model", [{"model": None, "key": "x"}, {"model": "a", "key": "x"}, {"model": "a", "key": "y"}]),
        (["day", "key"], [{"day": "2026-11-15", "key": "x"}, {"day": "2026-11-15", "key": "y"}]),
    ],
)
async def test_rows_are_told_apart_as_asked(client, ledger, by, expected):
    await ledger.write(
        [record(model="a", caller="y"), record(model="a", caller="x"), record(model=None, usage=None, caller="x")]
    )
    told_apart = [
        {name: value for name, value in row.items() if name in {"day", "model", "key"}}
        for row in await rows(client, by=by)
    ]
    assert told_apart == expected


async def test_only_what_is_asked_for_is_added_up(client, ledger):
    await ledger.write([record(model="a", caller="x", cost=1), record(model="b", caller="x", cost=10)])
    assert [row["cost_nano_usd"] for row in await rows(client, model="b")] == [10]
    assert [row["cost_nano_usd"] for row in await rows(client, key="x")] == [11]
    assert await rows(client, key="y") == []
    assert await rows(client, **{"from": "2026-11-16"}) == []


async def test_without_days_it_is_the_last_thirty(client, ledger):
    today = datetime.now(UTC)
    await ledger.write([record(at=(today - timedelta(days=ago)).timestamp()) for ago in (0, 29, 30)])
    answer = (await client.get("/admin/usage")).json()
    assert (answer["last"], answer["first"]) == (f"{today:%Y-%m-%d}", f"{today - timedelta(days=29):%Y-%m-%d}")
    assert [row["day"] for row in answer["rows"]] == [answer["first"], answer["last"]]


async def test_rows_are_read_page_by_page(client, ledger):
    await ledger.write([record(caller=f"key {number}") for number in range(5)])
    read, offset = [], 0
    while offset is not None:
        query = {**DAYS, "by": "key", "limit": 2, "offset": offset}
        answer = (await client.get("/admin/usage", params=query)).json()
        read += [row["key"] for row in answer["rows"]]
        offset = answer["next_offset"]
    assert read == [f"key {number}" for number in range(5)]
    page = await client.get("/admin/usage", params={**DAYS, "by": "key", "limit": 2, "format": "csv"})
    assert page.headers["x-next-offset"] == "2"


async def test_a_table_has_the_columns_that_were_asked_for(client, ledger):
    await ledger.write([record(cost=80_000), record(model=None, usage=None, cost=None)])
    names, nobody, somebody = await table(client, by="model")
    assert names == [
        "model", "requests", "prompt_tokens", "completion_tokens", "cached_tokens", "cache_write_tokens",
        "reasoning_tokens", "cost_nano_usd", "cost_usd", "unpriced_requests", "errors", "cached_answers",
    ]  # fmt: skip
    assert nobody == ["", "1", "0", "0", "0", "0", "0", "0", "0.000000000", "0", "0", "0"]
    assert somebody[:1] + somebody[7:9] == ["openai", "80000", "0.000080000"]


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r", "\n"])
async def test_no_field_of_a_table_is_a_formula(client, ledger, begin):
    await ledger.write([record(caller=f'{begin}cmd|" /c calc"!A0,1')])
    _, row = await table(client, by="key")
    assert row[0] == f'\'{begin}cmd|" /c calc"!A0,1'


async def test_who_accepts_a_table_gets_one(client, ledger):
    answer = await client.get("/admin/usage", params=DAYS, headers={"accept": "text/csv"})
    assert answer.text.startswith("day,requests,")
    both = {"accept": "text/csv"}
    assert (await client.get("/admin/usage", params={**DAYS, "format": "json"}, headers=both)).json()["rows"] == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("from", "2026-13-01"), ("from", "yesterday"), ("to", "2026-11-31"), ("by", "hour"), ("by", "day,x"),
        ("format", "xml"), ("limit", "0"), ("limit", "10001"), ("offset", "-1"), ("offset", "x"),
        ("until", "2026-11-01"), ("from", "2026-12-01"), ("model", "a\0"),
    ],
)  # fmt: skip
async def test_a_parameter_that_is_wrong_is_named(client, name, value):
    answer = await client.get("/admin/usage", params={**DAYS, name: value})
    assert answer.status_code == 422
    assert [problem["loc"] for problem in answer.json()["detail"]] == [["query", name]]


async def test_the_first_and_the_last_of_all_days_can_be_named(client):
    answer = await client.get("/admin/usage", params={"from": str(date.min), "to": str(date.max)})
    assert answer.status_code == 200
    assert (await client.get("/admin/usage", params={"to": str(date.min)})).status_code == 200


async def test_a_database_that_is_away_is_told(client, ledger):
    ledger.away = True
    with pytest.raises(StateUnavailable):
        await ledger.totals(None)
    answer = await client.get("/admin/usage", params=DAYS)
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) >= 1
