"""What is done to the audit log behind its back is found, on both databases."""

import asyncio
import os
from base64 import b64encode

import pytest
from sqlalchemy import text

from neuroroute.domain.access import Secret
from neuroroute.domain.audit import AuditFilter, AuditHead
from neuroroute.domain.audit_verification import Flaw
from neuroroute.infrastructure.sql.audit_log import SqlAuditLog
from neuroroute.infrastructure.sql.audit_trail import AuditTrail
from neuroroute.infrastructure.sql.database import Database
from neuroroute.infrastructure.sql.vault_keys import VaultKeys
from neuroroute.infrastructure.vault import MasterKeys

pytestmark = pytest.mark.anyio


def master_key():
    return Secret(b64encode(os.urandom(32)).decode())


class Kept:
    """An installation's log: its own writer and reader of the database at `url`."""

    def __init__(self, url, *masters):
        self.database = Database(Secret(url))
        self.keys = VaultKeys(MasterKeys(masters[0], masters[1:]))
        self.trail = AuditTrail(self.keys)
        self.log = SqlAuditLog(self.database, self.keys, self.trail)

    async def write(self, times=1, *, target="openai"):
        for _ in range(times):
            async with self.database.writing() as session:
                await self._add(session, target)

    async def _add(self, session, target):
        await self.trail.add(session, by="admin", action="put", target=target, before=None, after={"a": 1})

    async def found(self):
        return [(finding.flaw, finding.first, finding.last) for finding in (await self.log.verify()).findings]

    async def entries(self):
        return await self.log.entries(AuditFilter(), before=None, limit=100)

    async def tamper(self, *statements, **values):
        async with self.database.writing() as session:
            for statement in statements:
                await session.execute(text(statement), values if ":" in statement else {})


@pytest.fixture
def master():
    return master_key()


@pytest.fixture
async def kept(database, master):
    kept = Kept(database, master)
    yield kept
    await kept.database.close()


@pytest.fixture
async def another(database, master):
    another = Kept(database, master)
    yield another
    await another.database.close()


async def test_writers_at_once_leave_one_chain_without_a_gap(kept, another):
    await asyncio.gather(*(each.write(5, target=str(n)) for n, each in enumerate([kept, another, kept, another])))
    assert [entry.seq for entry in await kept.entries()] == list(range(20, 0, -1))
    assert await another.found() == []


async def test_verifying_while_others_write_finds_nothing(kept, another):
    log = SqlAuditLog(another.database, another.keys, another.trail, page=3)
    await kept.write(7)
    writing = asyncio.create_task(kept.write(20))
    while not writing.done():
        assert (await log.verify()).findings == ()
    await writing
    assert (await log.verify()).entries == 27


async def test_a_change_that_is_rolled_back_leaves_no_entry(kept):
    await kept.write()

    async def fail():
        async with kept.database.writing() as session:
            await kept._add(session, "never")
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    await kept.write(target="after")
    assert [(entry.seq, entry.target) for entry in await kept.entries()] == [(2, "after"), (1, "openai")]
    assert await kept.found() == []


@pytest.mark.parametrize(
    ("statements", "found"),
    [
        (["UPDATE audit_log SET actor = 'nobody' WHERE seq = 2"], [(Flaw.CHANGED, 2, 2)]),
        (["UPDATE audit_log SET after = NULL WHERE seq = 4"], [(Flaw.CHANGED, 4, 4)]),
        (["DELETE FROM audit_log WHERE seq = 2"], [(Flaw.MISSING, 2, 2)]),
        (["DELETE FROM audit_log WHERE seq < 3"], [(Flaw.MISSING, 1, 2)]),
        (["DELETE FROM audit_log WHERE seq > 2"], [(Flaw.MISSING, 3, 4)]),
        (["DELETE FROM audit_log"], [(Flaw.MISSING, 1, 4)]),
        (["DELETE FROM audit_log", "DELETE FROM audit_head"], [(Flaw.MISSING, 1, 4)]),
        (
            ["DELETE FROM audit_log", "DELETE FROM audit_head", "UPDATE revisions SET revision = 0"],
            [(Flaw.UNSEALED, 0, 0)],
        ),
        (["DELETE FROM audit_head"], [(Flaw.UNSEALED, 4, 4)]),
        (
            [f"UPDATE audit_log SET seq = {new} WHERE seq = {old}" for old, new in ((2, 9), (3, 2), (9, 3))],
            [(Flaw.CHANGED, 2, 3)],
        ),
    ],
)
async def test_what_somebody_with_only_the_database_does_is_found(kept, statements, found):
    await kept.write(4)
    await kept.tamper(*statements)
    assert await kept.found() == found


async def test_hashes_and_head_made_anew_without_the_key_are_found(kept):
    await kept.write(3)
    entry = (await kept.entries())[0]
    forged = type(entry)(**{name: getattr(entry, name) for name in entry.__struct_fields__} | {"actor": "nobody"})
    forged = forged.chained(b"not the key")
    await kept.tamper(
        "UPDATE audit_log SET actor = 'nobody', hash = :hash WHERE seq = 3",
        "UPDATE audit_head SET seal = :seal",
        hash=forged.hash,
        seal=AuditHead.of(forged, b"not the key").seal,
    )
    assert await kept.found() == [(Flaw.CHANGED, 3, 3), (Flaw.UNSEALED, 3, 3)]


@pytest.mark.parametrize("head", ["UPDATE audit_head SET seq = 2", "DELETE FROM audit_head"])
async def test_a_cut_end_stays_found_when_the_next_change_is_written(kept, head):
    await kept.write(4)
    await kept.tamper("DELETE FROM audit_log WHERE seq > 2", head, "UPDATE revisions SET revision = 2")
    await kept.write(2)
    assert await kept.found() == [(Flaw.RESUMED, 3, 3)]


async def test_the_log_goes_on_under_another_master_key_and_says_what_it_cannot_verify(kept, database, master):
    await kept.write(3)
    other = master_key()
    changed = Kept(database, other)
    await changed.write(2)
    assert await changed.found() == [(Flaw.UNPROVEN, 1, 3), (Flaw.RESUMED, 4, 4)]
    await changed.database.close()
    both = Kept(database, other, master)
    assert await both.found() == []
    await both.database.close()


async def test_nothing_is_called_whole_while_its_key_does_not_open(kept, database):
    await kept.write(3)
    changed = Kept(database, master_key())
    assert await changed.found() == [(Flaw.UNPROVEN, 1, 3)]
    await changed.database.close()
