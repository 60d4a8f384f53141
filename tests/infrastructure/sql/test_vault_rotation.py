"""The vault gets new keys while everything runs, and nobody notices."""

import asyncio
from collections import Counter
from contextlib import AsyncExitStack

import pytest
from infrastructure.sql.vaults import vault

from neuroroute.application.stores import Topic
from neuroroute.infrastructure.sql.revisions import SqlRevisions
from neuroroute.infrastructure.sql.vault_rotation import Rotated, VaultShut

pytestmark = pytest.mark.anyio

PAUSE = 0.15
"""Seconds between two writes of one writer: SQLite's lock is not fair, who waits for it only looks every 0.1 s."""
SEALED = "SELECT provider, key_id, ciphertext FROM credentials ORDER BY id"


async def test_every_key_is_sealed_anew_by_a_new_key_and_still_the_same(database):
    async with vault(database) as held:
        await held.put("a", "sk-a")
        await held.put("b", "sk-b")
        before = await held.rows(SEALED)
        assert await held.rotation.rotate(by="cli") == Rotated(rewrapped=0, resealed=2, undecryptable=(), unopened=0)
        after = await held.rows(SEALED)
        assert {row.key_id for row in before}.isdisjoint(row.key_id for row in after)
        assert all(old.ciphertext != new.ciphertext for old, new in zip(before, after, strict=True))
        assert await held.keys() == {"a": "sk-a", "b": "sk-b"}
        active = await held.rows("SELECT id FROM vault_keys WHERE purpose = 'credentials' AND is_active")
        assert {row.key_id for row in after} == {row.id for row in active}


async def test_who_follows_is_told_and_so_is_the_audit_log(database):
    async with vault(database) as held:
        revisions = SqlRevisions(held.database)
        before = (await revisions.look())[Topic.CREDENTIALS]
        await held.rotation.rotate(by="cli")
        assert (await revisions.look())[Topic.CREDENTIALS] > before
        ((actor, action),) = await held.rows("SELECT actor, action FROM audit_log")
        assert (actor, action) == ("cli", "vault.rotate")


async def test_the_earlier_master_key_works_until_everything_is_rotated(database):
    async with vault(database, "old") as held:
        await held.put("a", "sk-a")
    async with vault(database, "new", "old") as held:
        assert await held.keys() == {"a": "sk-a"}
        rotated = await held.rotation.rotate(by="cli")
        assert (rotated.rewrapped, rotated.resealed) == (2, 1)  # those of the credentials and of the audit log
        assert (await held.rotation.rotate(by="cli")).rewrapped == 0
    async with vault(database, "new") as held:
        assert await held.keys() == {"a": "sk-a"}
    async with vault(database, "old") as held:
        assert await held.keys() == {"a": None}


async def test_what_does_not_open_is_named_and_left_as_it_is(database):
    async with vault(database, "lost") as held:
        await held.put("lost", "sk-1")
    async with vault(database, "a") as held:
        await held.put("mine", "sk-2")
        before = await held.rows(SEALED)
        rotated = await held.rotation.rotate(by="cli")
        assert (rotated.resealed, rotated.undecryptable, rotated.unopened) == (1, ("lost",), 2)
        assert (await held.rows(SEALED))[0] == before[0]
        assert await held.keys() == {"lost": None, "mine": "sk-2"}
    async with vault(database, "a", "lost") as held:
        assert await held.keys() == {"lost": "sk-1", "mine": "sk-2"}


async def test_by_a_wrong_master_key_nothing_is_rotated(database):
    async with vault(database, "right") as held:
        await held.put("a", "sk-a")
    async with vault(database, "wrong") as held:
        before = await held.rows("SELECT * FROM vault_keys ORDER BY id")
        with pytest.raises(VaultShut, match="NEUROROUTE_MASTER_KEY_PREVIOUS"):
            await held.rotation.rotate(by="cli")
        assert await held.rows("SELECT * FROM vault_keys ORDER BY id") == before
    async with vault(database, "right") as held:
        assert await held.keys() == {"a": "sk-a"}


async def test_an_empty_vault_can_be_rotated(database):
    async with vault(database) as held:
        assert await held.rotation.rotate(by="cli") == Rotated(rewrapped=0, resealed=0, undecryptable=(), unopened=0)
        await held.put("a", "sk-a")
        assert await held.keys() == {"a": "sk-a"}


async def test_nobody_fails_while_the_vault_is_rotated_again_and_again(database):
    """Two processes write and two read, all with connections of their own, while a fifth rotates."""
    done = asyncio.Event()
    counts = Counter[str]()

    async def write(held, provider):
        while not done.is_set():
            counts[provider] += 1
            await held.put(provider, f"sk-{provider}-{counts[provider]}")
            await asyncio.sleep(PAUSE)

    async def read(held, reader):
        while not done.is_set():
            counts[reader] += 1
            for provider, key in (await held.keys()).items():
                assert key is not None
                assert key.startswith(f"sk-{provider}")

    async def rotate(held):
        try:
            while counts["rotations"] < 10 or len(counts) < 5 or min(counts.values()) < 10:
                counts["rotations"] += 1
                await held.rotation.rotate(by="cli")
                await asyncio.sleep(PAUSE)
        finally:
            done.set()

    async with vault(database, "old") as before:
        for provider in ("a", "b", "c"):
            await before.put(provider, f"sk-{provider}")
    async with AsyncExitStack() as stack:
        processes = [await stack.enter_async_context(vault(database, "new", "old")) for _ in range(5)]
        async with asyncio.timeout(60):
            await asyncio.gather(
                write(processes[0], "a"),
                write(processes[1], "b"),
                read(processes[2], "reader"),
                read(processes[3], "another"),
                rotate(processes[4]),
            )
    async with vault(database, "new") as after:
        assert await after.keys() == {"a": f"sk-a-{counts['a']}", "b": f"sk-b-{counts['b']}", "c": "sk-c"}
