"""Providers' keys where they lie: nobody reads them there, moves them, or makes them go elsewhere."""

import base64
from pathlib import Path
from urllib.parse import quote

import pytest
from infrastructure.sql.vaults import vault
from sqlalchemy import inspect

pytestmark = pytest.mark.anyio

CANARY = "sk-canary/+=7f3a9c"


def spellings(secret):
    """As it would be found in a dump, whoever wrote it."""
    raw = secret.encode()
    # Base64 of it as a part of something longer: wherever it begins, these characters are in it.
    shifted = [base64.b64encode(b"\0" * shift + raw)[4:-4] for shift in range(3)]
    return [
        raw,
        quote(secret, safe="").encode(),
        raw.hex().encode(),
        *shifted,
        raw[::-1],
        raw.decode().encode("utf-16-le"),
    ]


async def dumped(held):
    """Every value of every table, as text and as bytes."""
    async with held.database.engine.connect() as connection:
        tables = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
    assert {"credentials", "vault_keys", "audit_log"} <= set(tables)
    values = [value for table in tables for row in await held.rows(f"SELECT * FROM {table}") for value in row]
    return b"\n".join(value if isinstance(value, bytes) else str(value).encode() for value in values)


async def test_the_key_stands_nowhere_in_the_database(database):
    async with vault(database) as held:
        await held.put("openai", CANARY)
        await held.put("openai", CANARY + "-again")
        await held.rotation.rotate(by="cli")
        await held.credentials.delete("openai", by="admin")
        await held.put("openai", CANARY)
        dump = await dumped(held)
        assert b"openai" in dump
        assert [spelling for spelling in spellings(CANARY) if spelling in dump] == []


async def test_the_key_stands_in_none_of_the_files(sqlite_database):
    async with vault(sqlite_database) as held:
        await held.put("openai", CANARY)
        path = Path(sqlite_database.removeprefix("sqlite:///"))
        files = sorted(path.parent.glob(f"{path.name}*"))
        assert [file.name.removeprefix(path.name) for file in files] == ["", "-shm", "-wal"]
        contents = b"".join(file.read_bytes() for file in files)
        assert b"openai" in contents
        assert [spelling for spelling in spellings(CANARY) if spelling in contents] == []


def test_the_search_finds_a_key_however_it_is_written():
    for shift in range(3):
        assert any(
            spelling in base64.b64encode(b"x" * shift + CANARY.encode() + b"tail") for spelling in spellings(CANARY)
        )
    for written in (CANARY, quote(CANARY, safe=""), CANARY.encode().hex()):
        assert any(spelling in f"before {written} after".encode() for spelling in spellings(CANARY))


async def test_every_changed_byte_keeps_a_key_shut_and_the_others_open(sqlite_database):
    async with vault(sqlite_database) as held:
        await held.put("openai", "sk-1")
        await held.put("other", "sk-2")
        ((sealed,),) = await held.rows("SELECT ciphertext FROM credentials WHERE provider = 'openai'")
        for place in range(len(sealed)):
            damaged = bytearray(sealed)
            damaged[place] ^= 1 << place % 8
            await held.run("UPDATE credentials SET ciphertext = :it WHERE provider = 'openai'", it=bytes(damaged))
            assert await held.keys() == {"openai": None, "other": "sk-2"}


async def test_a_key_moved_to_another_row_does_not_open(database):
    async with vault(database) as held:
        await held.put("a", "sk-a")
        await held.put("b", "sk-b")
        ((of_b,),) = await held.rows("SELECT ciphertext FROM credentials WHERE provider = 'b'")
        await held.run("UPDATE credentials SET ciphertext = :it WHERE provider = 'a'", it=of_b)
        assert await held.keys() == {"a": None, "b": "sk-b"}


@pytest.mark.parametrize("change", ["origin = 'https://evil.test:443'", "provider = 'evil'", "key_id = 'none'"])
async def test_a_row_that_was_edited_does_not_open(database, change):
    async with vault(database) as held:
        await held.put("openai", "sk-1")
        await held.run(f"UPDATE credentials SET {change}")
        assert set((await held.keys()).values()) == {None}


async def test_a_damaged_key_of_the_vault_shuts_what_it_sealed_and_hinders_no_write(database):
    async with vault(database) as held:
        await held.put("openai", "sk-1")
        await held.run("UPDATE vault_keys SET wrapped = :it WHERE purpose = 'credentials'", it=b"\0" * 60)
        assert await held.keys() == {"openai": None}
        await held.put("openai", "sk-2")
        assert await held.keys() == {"openai": "sk-2"}


async def test_by_a_wrong_master_key_everything_is_shut_and_new_keys_are_kept_all_the_same(database):
    async with vault(database, "a") as right:
        await right.put("openai", "sk-1")
        await right.put("other", "sk-2")
    async with vault(database, "b") as wrong:
        assert await wrong.keys() == {"openai": None, "other": None}
        await wrong.put("openai", "sk-new")
        assert await wrong.keys() == {"openai": "sk-new", "other": None}
        await wrong.credentials.delete("other", by="admin")
        assert await wrong.keys() == {"openai": "sk-new"}
    async with vault(database, "a", "b") as both:
        assert await both.keys() == {"openai": "sk-new"}


async def test_the_audit_log_tells_the_change_and_not_the_key(database):
    async with vault(database) as held:
        await held.put("openai", CANARY)
        await held.put("openai", CANARY, "https://other.test:443")
        await held.credentials.delete("openai", by="nr_abc")
        told = await held.rows("SELECT actor, action, target, before, after FROM audit_log ORDER BY seq")
    here = '{"provider":"openai","is_active":true,"origin":"https://api.test:443"}'
    there = here.replace("api.test", "other.test")
    assert [tuple(map(canonical, entry)) for entry in told] == [
        ("admin", "credential.put", "openai", None, canonical(here)),
        ("admin", "credential.put", "openai", canonical(here), canonical(there)),
        ("nr_abc", "credential.delete", "openai", canonical(there), None),
    ]


def canonical(told):
    """Without the order of its members."""
    return ",".join(sorted(told.strip("{}").split(","))) if told and told.startswith("{") else told
