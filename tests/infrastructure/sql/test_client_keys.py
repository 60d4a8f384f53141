"""What the database holds of client keys, and what it does not."""

import os
from base64 import b64encode

import pytest
from sqlalchemy import text as sql

from neuroroute.domain.access import Secret
from neuroroute.domain.client_key import ClientKey, KeyScope
from neuroroute.domain.key_text import ENTROPY_BYTES, write_key
from neuroroute.infrastructure.sql.audit_trail import AuditTrail
from neuroroute.infrastructure.sql.client_keys import SqlClientKeys
from neuroroute.infrastructure.sql.database import Database
from neuroroute.infrastructure.sql.vault_keys import VaultKeys
from neuroroute.infrastructure.vault import MasterKeys

pytestmark = pytest.mark.anyio
KEY = ClientKey(id="0123456789Ab", name="a shop", scopes=frozenset({KeyScope.CLIENT}), created_at=1.0)


def store_of(opened):
    vault_keys = VaultKeys(MasterKeys(Secret(b64encode(os.urandom(32)).decode())))
    return SqlClientKeys(opened, vault_keys=vault_keys, audit=AuditTrail(vault_keys))


def fresh_text():
    return write_key(KEY.id, os.urandom(ENTROPY_BYTES))


@pytest.fixture
async def opened(database):
    opened = Database(Secret(database))
    yield opened
    await opened.close()


async def everything(opened):
    """Every value of the tables that a key touches, as one text."""
    rows = []
    async with opened.reading() as session:
        for table in ("client_keys", "audit_log", "vault_keys"):
            rows += (await session.execute(sql(f"SELECT * FROM {table}"))).all()
    return repr(rows)


async def test_no_part_of_a_secret_is_in_any_table(opened):
    store, first, second = store_of(opened), fresh_text(), fresh_text()
    await store.add(KEY, first, by="admin")
    await store.rotate(KEY.id, second, previous_until=2e9, by="admin")
    await store.revoke(KEY.id, at=2.0, by="admin")
    told = await everything(opened)
    for text in (first, second):
        secret = text.reveal().split("_")[2]
        assert not [start for start in range(24) if secret[start : start + 8] in told]


async def test_each_change_is_in_the_audit_log_without_a_hash(opened):
    store, text = store_of(opened), fresh_text()
    await store.add(KEY, text, by="admin")
    await store.rotate(KEY.id, fresh_text(), previous_until=5.0, by="0123456789Zz")
    await store.revoke(KEY.id, at=2.0, by="cli")
    await store.revoke(KEY.id, at=3.0, by="cli")
    async with opened.reading() as session:
        statement = sql("SELECT actor, action, target, before, after FROM audit_log ORDER BY seq")
        entries = (await session.execute(statement)).all()
    assert [tuple(entry[:3]) for entry in entries] == [
        ("admin", "client_key.create", KEY.id),
        ("0123456789Zz", "client_key.rotate", KEY.id),
        ("cli", "client_key.revoke", KEY.id),
    ]
    assert entries[1].after == '{"previous_until":5.0}'
    assert '"revoked_at":null' in entries[2].before
    assert '"revoked_at":2.0' in entries[2].after
    assert "digest" not in repr(entries)


async def test_keys_that_another_master_key_hashed_are_listed_without_their_hash_key(opened):
    await store_of(opened).add(KEY, fresh_text(), by="admin")
    changed = await store_of(opened).changed_since(0)
    assert [held.key for held in changed.keys] == [KEY]
    assert changed.hash_keys == {}


async def test_a_new_master_key_gives_new_keys_a_hash_key_of_its_own(opened):
    await store_of(opened).add(KEY, fresh_text(), by="admin")
    store = store_of(opened)
    await store.rotate(KEY.id, fresh_text(), previous_until=None, by="cli")
    changed = await store.changed_since(0)
    assert set(changed.hash_keys) == {changed.keys[0].current.hash_key}
