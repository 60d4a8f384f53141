"""Whom the guard lets in when something is odd: the key, the database, the master key, or our own work."""

import os
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuroroute.application.keep_client_keys import KeepClientKeys
from neuroroute.application.key_ring import KeyRing
from neuroroute.domain.access import ADMIN, ANYONE, Scope, Secret
from neuroroute.domain.client_key import NewKey
from neuroroute.domain.errors import CallerForbidden, CallerRefused, StateUnavailable
from neuroroute.domain.key_text import ENTROPY_BYTES, write_key
from neuroroute.infrastructure.memory.client_keys import MemoryClientKeys
from neuroroute.infrastructure.memory.rate_limiter import MemoryRateLimiter
from neuroroute.interface.access import Guard
from neuroroute.interface.visit import Visit

pytestmark = pytest.mark.anyio
ADMIN_KEY = "an-admin-key-of-24-letters"
UNKNOWN = write_key("0123456789Ab", bytes(range(ENTROPY_BYTES))).reveal().encode()


def visit(*headers):
    return Visit({"type": "http", "headers": list(headers)})


def bearing(key):
    return visit((b"authorization", b"Bearer " + key))


class Gate:
    """A guard of keys that are kept in memory."""

    def __init__(self, *, fresh=True, loaded=True, closed=True, ring=None):
        store = MemoryClientKeys()
        self.ring = KeyRing(store)
        self.keep = KeepClientKeys(store, follow=self.ring.load, entropy=os.urandom)
        self.fresh = fresh
        self.guard = Guard(
            admin_key=Secret(ADMIN_KEY),
            keys=ring or self.ring,
            fresh=lambda: self.fresh,
            loaded=lambda: loaded,
            limiter=MemoryRateLimiter(clock=time.monotonic),
            clients_need_keys=closed,
            metrics_need_keys=closed,
        )

    async def create(self, **said):
        minted = await self.keep.create(NewKey(name="a", **said), now=time.time(), by="admin")
        return minted.text.reveal().encode()

    def admit(self, scope, key):
        return self.guard.admit(scope, bearing(key))


async def test_the_caller_is_whom_the_key_says():
    gate = Gate()
    key = await gate.create(requests_per_minute=7, models=frozenset({"local"}))
    caller = gate.admit(Scope.CLIENT, key)
    assert caller.id.encode() in key
    assert (caller.opens, caller.requests_per_minute, caller.models) == ({Scope.CLIENT}, 7, {"local"})


@pytest.mark.parametrize("shown", [b"Bearer %s", b"bearer %s", b"BEARER   %s  "])
async def test_a_key_is_read_as_a_bearer_in_any_writing(shown):
    gate = Gate()
    key = await gate.create()
    assert gate.guard.admit(Scope.CLIENT, visit((b"authorization", shown % key))).id.encode() in key


async def test_while_the_database_is_away_a_known_key_opens_and_an_unknown_one_is_no_401():
    gate = Gate(fresh=False)
    key = await gate.create()
    assert gate.admit(Scope.CLIENT, key).id.encode() in key
    assert gate.admit(Scope.CLIENT, ADMIN_KEY.encode()) == ADMIN
    for scope in (Scope.CLIENT, Scope.METRICS, Scope.ADMIN):
        with pytest.raises(StateUnavailable):
            gate.admit(scope, UNKNOWN)
    gate.fresh = True
    with pytest.raises(CallerRefused):
        gate.admit(Scope.CLIENT, UNKNOWN)


def test_before_anything_was_read_no_client_is_told_that_there_is_no_model():
    gate = Gate(fresh=False, loaded=False, closed=False)
    for shown in (visit(), bearing(UNKNOWN), bearing(ADMIN_KEY.encode())):
        with pytest.raises(StateUnavailable):
            gate.guard.admit(Scope.CLIENT, shown)
    assert gate.admit(Scope.ADMIN, ADMIN_KEY.encode()) == ADMIN
    assert gate.guard.admit(Scope.PUBLIC, visit()) == ANYONE


async def test_a_new_text_that_this_process_does_not_know_yet_is_no_401_either():
    gate = Gate(fresh=False)
    key = await gate.create()
    rotated = write_key(key.split(b"_")[1].decode(), os.urandom(ENTROPY_BYTES)).reveal().encode()
    with pytest.raises(StateUnavailable):
        gate.admit(Scope.CLIENT, rotated)


async def test_a_mistyped_key_is_401_whatever_the_database_does():
    with pytest.raises(CallerRefused, match="mistyped"):
        Gate(fresh=False).admit(Scope.CLIENT, UNKNOWN[:-1] + b"!")


async def test_where_nobody_needs_a_key_one_that_nobody_knows_is_as_none():
    gate = Gate(closed=False, fresh=False)
    for key in (UNKNOWN, b"sk-of-another-place", b"\xff"):
        assert gate.admit(Scope.CLIENT, key) == ANYONE
    known = await gate.create()
    assert gate.admit(Scope.CLIENT, known).id.encode() in known
    with pytest.raises(StateUnavailable):
        gate.admit(Scope.ADMIN, UNKNOWN)


async def test_a_key_without_the_scope_is_told_what_it_has():
    gate = Gate()
    with pytest.raises(CallerForbidden, match="opens client; yours opens metrics"):
        gate.admit(Scope.CLIENT, await gate.create(scopes=frozenset({"metrics"})))


STRANGE = [
    b"\0", b"nr_", b"nr_\r\nx-admin: 1", "😀".encode(), b"' OR '1'='1", b"%s%n", b"${jndi:ldap://x}", b"null",
    UNKNOWN + b"\0", UNKNOWN + b"\r", UNKNOWN.upper(), b"nr_" * 20, b"Bearer Bearer", b"../../etc/passwd",
    b'{"$ne": null}', ADMIN_KEY[:-1].encode(), ADMIN_KEY.upper().encode(), ADMIN_KEY.encode() + b"\0",
]  # fmt: skip


@pytest.mark.parametrize("key", STRANGE, ids=repr)
@pytest.mark.parametrize("scope", [Scope.CLIENT, Scope.METRICS, Scope.ADMIN])
async def test_a_strange_key_opens_nothing(scope, key):
    with pytest.raises(CallerRefused) as refused:
        Gate().admit(scope, key)
    assert type(refused.value) is CallerRefused
    assert key.decode(errors="replace").strip() not in str(refused.value)


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_no_bytes_open_anything_and_none_break_the_guard(authorization, key):
    for scope in (Scope.CLIENT, Scope.METRICS, Scope.ADMIN):
        with pytest.raises(CallerRefused):
            Gate().guard.admit(scope, visit((b"authorization", authorization), (b"x-api-key", key)))


async def test_a_megabyte_of_key_is_judged_as_quickly_as_a_short_one():
    guard, large, small = Gate().guard, bearing(UNKNOWN * 20_000), bearing(b"x" * 60)

    def quickest(shown):
        return min(_seconds(guard, shown) for _ in range(50))

    assert quickest(large) < quickest(small) + 0.001  # only the copy of it is longer


def _seconds(guard, shown):
    began = time.perf_counter()
    with pytest.raises(CallerRefused):
        guard.admit(Scope.ADMIN, shown)
    return time.perf_counter() - began


@pytest.mark.parametrize("name", [b"authorization", b"x-api-key"])
async def test_a_key_that_is_sent_twice_opens_nothing(name):
    gate = Gate()
    key = await gate.create(scopes=frozenset({"admin"}))
    shown = b"Bearer " + key if name == b"authorization" else key
    with pytest.raises(CallerRefused, match="send it once"):
        gate.guard.admit(Scope.CLIENT, visit((name, shown), (name, shown)))


class BrokenRing:
    """Whose own work fails."""

    def recognise(self, text, now):
        raise RuntimeError("a fault of ours")


@pytest.mark.parametrize("closed", [True, False])
async def test_a_fault_of_ours_lets_nobody_in(closed):
    gate = Gate(closed=closed, ring=BrokenRing())
    for scope in (Scope.CLIENT, Scope.METRICS, Scope.ADMIN):
        with pytest.raises(RuntimeError):
            gate.admit(scope, UNKNOWN)
