"""What every audit log promises."""

import os
import time
from base64 import b64encode

import pytest

from neuroroute.domain.access import Secret
from neuroroute.domain.audit import AuditFilter
from neuroroute.infrastructure.memory.audit_log import MemoryAuditLog
from neuroroute.infrastructure.sql.audit_log import SqlAuditLog
from neuroroute.infrastructure.sql.audit_trail import AuditTrail
from neuroroute.infrastructure.sql.database import Database
from neuroroute.infrastructure.sql.vault_keys import VaultKeys
from neuroroute.infrastructure.vault import MasterKeys

pytestmark = pytest.mark.anyio
ALL = AuditFilter()
PAGE = 3


class Memory:
    def __init__(self):
        self.log = MemoryAuditLog()

    async def write(self, *entries):
        for entry in entries:
            self.log.add(at=time.time(), **entry)

    async def close(self):
        pass


class Sql:
    def __init__(self, url):
        self.database = Database(Secret(url))
        keys = VaultKeys(MasterKeys(Secret(b64encode(os.urandom(32)).decode())))
        self.trail = AuditTrail(keys)
        self.log = SqlAuditLog(self.database, keys, self.trail, page=PAGE)

    async def write(self, *entries):
        async with self.database.writing() as session:
            for entry in entries:
                await self.trail.add(session, **entry)

    async def close(self):
        await self.database.close()


@pytest.fixture(params=[None, "sqlite_database", "postgres_database"], ids=["memory", "sqlite", "postgres"])
async def kept(request):
    kept = Sql(request.getfixturevalue(request.param)) if request.param else Memory()
    yield kept
    await kept.close()


def entry(**fields):
    return {"by": "admin", "action": "credential.put", "target": "openai", "before": None, "after": None, **fields}


async def seqs(kept, wanted=ALL, *, before=None, limit=100):
    return [entry.seq for entry in await kept.log.entries(wanted, before=before, limit=limit)]


async def test_an_empty_log_is_whole(kept):
    assert await kept.log.entries(ALL, before=None, limit=10) == []
    verified = await kept.log.verify()
    assert verified.is_whole
    assert verified.entries == 0


async def test_an_entry_says_who_did_what_to_what_and_when(kept):
    began = time.time()
    await kept.write(entry(before={"active": True}, after={"active": False, "name": "ü"}))
    (told,) = await kept.log.entries(ALL, before=None, limit=10)
    assert (told.seq, told.actor, told.action, told.target) == (1, "admin", "credential.put", "openai")
    assert (told.before, told.after) == ('{"active":true}', '{"active":false,"name":"ü"}')
    assert began <= told.at <= time.time()


async def test_entries_come_newest_first_a_page_at_a_time(kept):
    await kept.write(*(entry() for _ in range(5)))
    assert await seqs(kept) == [5, 4, 3, 2, 1]
    assert await seqs(kept, limit=2) == [5, 4]
    assert await seqs(kept, before=4, limit=2) == [3, 2]
    assert await seqs(kept, before=1) == []


async def test_entries_are_found_by_who_what_and_when(kept):
    await kept.write(entry(by="cli"), entry(action="credential.delete"), entry(target="anthropic"))
    assert await seqs(kept, AuditFilter(actor="cli")) == [1]
    assert await seqs(kept, AuditFilter(action="credential.delete")) == [2]
    assert await seqs(kept, AuditFilter(target="anthropic")) == [3]
    assert await seqs(kept, AuditFilter(actor="admin", target="openai")) == [2]
    at = (await kept.log.entries(ALL, before=3, limit=1))[0].at
    assert 2 in await seqs(kept, AuditFilter(since=at, until=at + 1e-6))
    assert 2 not in await seqs(kept, AuditFilter(until=at))
    assert await seqs(kept, AuditFilter(since=at + 3600)) == []


async def test_a_log_of_several_pages_is_verified_whole(kept):
    await kept.write(*(entry() for _ in range(PAGE)))
    assert (await kept.log.verify()).entries == PAGE
    await kept.write(entry(after={"last": True}))
    verified = await kept.log.verify()
    assert verified.is_whole
    assert verified.entries == PAGE + 1


async def test_what_is_not_stored_can_be_noted(kept):
    await kept.write(entry())
    await kept.log.note(by="ops", action="cache.clear", target="all", after={"cleared": 3})
    newest, _ = await kept.log.entries(ALL, before=None, limit=10)
    assert (newest.seq, newest.actor, newest.action, newest.target) == (2, "ops", "cache.clear", "all")
    assert (newest.before, newest.after) == (None, '{"cleared":3}')
    assert (await kept.log.verify()).is_whole
