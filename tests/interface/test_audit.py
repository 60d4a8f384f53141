"""`GET /admin/audit` tells who changed what, a page at a time."""

import httpx
import pytest

from neuroroute.domain.audit import AuditEntry
from neuroroute.infrastructure.memory.audit_log import MemoryAuditLog
from neuroroute.interface.audit import AuditEndpoint, view_of
from neuroroute.interface.errors import told
from neuroroute.interface.visit import Visit

pytestmark = pytest.mark.anyio
NOON = 1_774_958_400.0
"""2026-03-31T12:00:00Z."""


@pytest.fixture
def log():
    log = MemoryAuditLog()
    for number, (by, action) in enumerate([("startup", "catalog.seed"), ("admin", "put"), ("cli", "put")]):
        log.add(at=NOON + number, by=by, action=action, target="openai", before=None, after={"active": True})
    return log


@pytest.fixture
async def client(log):
    endpoint = AuditEndpoint(log=log)

    async def app(scope, receive, send):
        visit = Visit.opened(scope)
        try:
            await endpoint.list(scope, receive, send)
        except Exception as error:  # noqa: BLE001 - as every route is guarded
            await told(visit, error)(scope, receive, send)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://neuroroute") as client:
        yield client


async def seqs(client, **query):
    answer = await client.get("/admin/audit", params=query)
    assert answer.status_code == 200, answer.text
    return [entry["seq"] for entry in answer.json()["entries"]]


async def test_an_entry_is_told_with_what_was_there_and_what_is(client, log):
    answer = (await client.get("/admin/audit", params={"limit": 1})).json()
    (entry,) = answer["entries"]
    assert len(bytes.fromhex(entry.pop("hash"))) == 32
    assert entry == {
        "seq": 3, "at": "2026-03-31T12:00:02Z", "actor": "cli", "action": "put", "target": "openai",
        "before": None, "after": {"active": True},
    }  # fmt: skip
    assert answer["next_before_seq"] == 3


async def test_entries_are_chosen_by_who_what_and_when(client):
    assert await seqs(client) == [3, 2, 1]
    assert await seqs(client, actor="admin") == [2]
    assert await seqs(client, action="put", target="openai") == [3, 2]
    assert await seqs(client, target="anthropic") == []
    assert await seqs(client, **{"from": "2026-03-31T12:00:01Z"}) == [3, 2]
    assert await seqs(client, **{"from": str(NOON), "to": "2026-03-31T12:00:01Z"}) == [1]


async def test_the_whole_log_is_read_a_page_at_a_time(client):
    read, before = [], None
    while True:
        query = {"limit": 2} if before is None else {"limit": 2, "before_seq": before}
        page = (await client.get("/admin/audit", params=query)).json()
        read += [entry["seq"] for entry in page["entries"]]
        before = page["next_before_seq"]
        if before is None:
            break
    assert read == [3, 2, 1]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("from", "yesterday"), ("to", "nan"), ("limit", "0"), ("limit", "1001"), ("limit", "many"),
        ("before_seq", "0"), ("before_seq", str(1 << 63)), ("actor", "a\0"), ("user", "admin"),
    ],
)  # fmt: skip
async def test_a_parameter_that_is_wrong_is_named(client, name, value):
    answer = await client.get("/admin/audit", params={name: value})
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_error")
    assert answer.json()["detail"][0]["loc"] == ["query", name]


async def test_all_that_is_wrong_is_named_at_once(client):
    answer = await client.get("/admin/audit", params={"limit": "0", "from": "?", "who": "me"})
    assert {problem["loc"][1] for problem in answer.json()["detail"]} == {"limit", "from", "who"}


def test_what_was_tampered_with_is_shown_all_the_same():
    entry = AuditEntry(
        seq=1, at=1e300, actor="", action="", target="", before="{not json", after="7", key_id="", previous=b""
    )
    view = view_of(entry)
    assert (view.at, view.before, view.after) == (None, "{not json", 7)
