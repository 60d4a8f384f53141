"""Which texts are known, and as whose key."""

import os
import sys
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuroroute.application.keep_client_keys import KeepClientKeys
from neuroroute.application.key_ring import KeyRing, Unopened
from neuroroute.application.stores import ClientKeyStore
from neuroroute.domain.client_key import ChangedKeys, NewKey
from neuroroute.domain.errors import NotStored, StateUnavailable
from neuroroute.domain.key_text import ENTROPY_BYTES, write_key
from neuroroute.infrastructure.memory.client_keys import MemoryClientKeys

pytestmark = pytest.mark.anyio
NOW = 1_764_000_000.0
LATER = datetime.fromtimestamp(NOW + 60, UTC)


class Kept:
    """Keys kept in memory, and a ring that follows every change."""

    def __init__(self):
        self.store = MemoryClientKeys()
        self.ring = KeyRing(self.store)
        self.keep = KeepClientKeys(self.store, follow=self.ring.load, entropy=os.urandom)

    async def create(self, **said):
        return await self.keep.create(NewKey(**{"name": "a shop", **said}), now=NOW, by="admin")

    def known(self, minted, now=NOW):
        return self.ring.recognise(minted.text.reveal().encode(), now)


@pytest.fixture
def kept():
    return Kept()


async def test_a_new_key_is_known_at_once(kept):
    minted = await kept.create(requests_per_minute=5)
    assert kept.known(minted) == minted.key.caller
    assert kept.known(minted).requests_per_minute == 5


async def test_a_key_is_known_by_its_own_text_only(kept):
    one, other = await kept.create(), await kept.create()
    text, foreign = one.text.reveal(), other.text.reveal()
    assert kept.known(one).id != kept.known(other).id
    stolen = write_key(one.key.id, os.urandom(ENTROPY_BYTES)).reveal()
    assert kept.ring.recognise(stolen.encode(), NOW) is Unopened.UNKNOWN
    mixed = text[:15] + foreign[15:]  # one's id with the other's secret
    assert kept.ring.recognise(mixed.encode(), NOW) is Unopened.MALFORMED


async def test_two_texts_that_differ_in_one_letter_are_never_the_same_key(kept):
    minted = await kept.create()
    text = minted.text.reveal().encode()
    for place in range(len(text)):
        other = text[:place] + (b"0" if text[place] != ord("0") else b"1") + text[place + 1 :]
        assert kept.ring.recognise(other, NOW) is Unopened.MALFORMED


@given(st.binary(max_size=2000))
def test_no_other_text_is_known_whatever_it_is(text):
    assert Kept().ring.recognise(text, NOW) is Unopened.MALFORMED


def calls_of(action):
    """The names of all functions that `action` calls, in order."""
    calls = []

    def note(frame, event, callee):
        if event == "c_call":
            calls.append(callee.__name__)
        elif event == "call":
            calls.append(frame.f_code.co_name)

    sys.setprofile(note)
    try:
        action()
    finally:
        sys.setprofile(None)
    return calls


async def test_an_unknown_id_costs_the_same_work_as_a_wrong_secret(kept):
    minted = await kept.create()
    wrong = write_key(minted.key.id, os.urandom(ENTROPY_BYTES)).reveal().encode()
    unknown = write_key("000000000000", os.urandom(ENTROPY_BYTES)).reveal().encode()
    of_wrong, of_unknown = [calls_of(lambda text=text: kept.ring.recognise(text, NOW)) for text in (wrong, unknown)]
    assert of_wrong == of_unknown
    assert of_wrong.count("digest_of") == of_wrong.count("compare_digest") == 1


async def test_a_key_opens_until_it_expires_and_one_that_does_not_for_ever(kept):
    expiring, lasting = await kept.create(expires_at=LATER), await kept.create()
    assert kept.known(expiring, now=NOW + 59) == expiring.key.caller
    assert kept.known(expiring, now=NOW + 60) is Unopened.EXPIRED
    assert kept.known(lasting, now=NOW * 100) == lasting.key.caller


async def test_a_revoked_key_is_told_from_an_expired_one(kept):
    revoked = await kept.create(expires_at=LATER)
    await kept.keep.revoke(revoked.key.id, now=NOW, by="admin")
    assert kept.known(revoked, now=NOW + 60) is Unopened.REVOKED


async def test_the_text_before_a_rotation_opens_for_the_overlap_and_no_longer(kept):
    first = await kept.create()
    second = await kept.keep.rotate(first.key.id, overlap=60, now=NOW, by="admin")
    assert kept.known(first, NOW + 59) == kept.known(second, NOW + 59) == first.key.caller
    assert kept.known(first, NOW + 60) is Unopened.UNKNOWN
    third = await kept.keep.rotate(first.key.id, overlap=0, now=NOW, by="admin")
    assert [kept.known(minted) for minted in (first, second)] == [Unopened.UNKNOWN] * 2
    assert kept.known(third) == first.key.caller


@pytest.mark.parametrize("of", ["000000000000", "", "\0", "a" * 1000, "' OR '1'='1"])
async def test_what_is_no_key_can_be_neither_rotated_nor_revoked(kept, of):
    with pytest.raises(NotStored):
        await kept.keep.rotate(of, overlap=0, now=NOW, by="admin")
    with pytest.raises(NotStored):
        await kept.keep.revoke(of, now=NOW, by="admin")


async def test_keys_are_listed_as_they_were_made(kept):
    made = [await kept.keep.create(NewKey(name=f"{at}"), now=NOW + at, by="admin") for at in range(5)]
    assert await kept.keep.all() == [minted.key for minted in made]
    assert all(a.created_at < b.created_at for a, b in pairwise(await kept.keep.all()))


async def test_the_last_use_is_noted_for_those_who_were_let_in(kept):
    used, refused = await kept.create(), await kept.create()
    await kept.keep.revoke(refused.key.id, now=NOW, by="admin")
    revision = kept.store.revision
    for now in (NOW + 5, NOW + 7):
        kept.known(used, now)
        kept.known(refused, now)
    await kept.ring.note_used()
    assert [key.last_used_at for key in await kept.keep.all()] in ([NOW + 7, None], [None, NOW + 7])
    assert kept.store.revision == revision


class AwayOnce(ClientKeyStore):
    """A store whose database is away as often as it is told to be."""

    def __init__(self, store):
        self._store = store
        self.failures = 0
        self.noted = []

    async def changed_since(self, revision):
        self._fail()
        return await self._store.changed_since(revision)

    async def used(self, last_used):
        self._fail()
        self.noted.append(dict(last_used))

    def _fail(self):
        if self.failures:
            self.failures -= 1
            raise StateUnavailable("The database is away")

    async def add(self, key, text, *, by):
        await self._store.add(key, text, by=by)

    async def rotate(self, key_id, text, *, previous_until, by):
        raise NotImplementedError

    async def revoke(self, key_id, *, at, by):
        raise NotImplementedError


async def test_a_use_that_could_not_be_noted_is_noted_the_next_time():
    store = AwayOnce(MemoryClientKeys())
    ring = KeyRing(store)
    minted = await KeepClientKeys(store, follow=ring.load, entropy=os.urandom).create(
        NewKey(name="a"), now=NOW, by="admin"
    )
    ring.recognise(minted.text.reveal().encode(), NOW + 1)
    store.failures = 1
    with pytest.raises(StateUnavailable):
        await ring.note_used()
    for _ in range(2):
        await ring.note_used()
    assert store.noted == [{minted.key.id: NOW + 1}]


async def test_a_load_that_fails_leaves_what_was_held():
    store = AwayOnce(MemoryClientKeys())
    ring = KeyRing(store)
    minted = await KeepClientKeys(store, follow=ring.load, entropy=os.urandom).create(
        NewKey(name="a"), now=NOW, by="admin"
    )
    store.failures = 1
    with pytest.raises(StateUnavailable):
        await ring.load()
    assert ring.recognise(minted.text.reveal().encode(), NOW) == minted.key.caller


class Restorable(ClientKeyStore):
    """A store of which a backup can be put back."""

    def __init__(self):
        self.now = MemoryClientKeys()

    async def changed_since(self, revision):
        return await self.now.changed_since(revision)

    async def add(self, key, text, *, by):
        await self.now.add(key, text, by=by)

    async def rotate(self, key_id, text, *, previous_until, by):
        raise NotImplementedError

    async def revoke(self, key_id, *, at, by):
        raise NotImplementedError

    async def used(self, last_used):
        raise NotImplementedError


async def test_keys_that_a_restored_backup_does_not_have_open_nothing():
    store = Restorable()
    ring = KeyRing(store)
    keep = KeepClientKeys(store, follow=ring.load, entropy=os.urandom)
    lost = [await keep.create(NewKey(name="a"), now=NOW, by="admin") for _ in range(2)]
    store.now = MemoryClientKeys()
    kept = await keep.create(NewKey(name="b"), now=NOW, by="admin")
    opened = [ring.recognise(minted.text.reveal().encode(), NOW) for minted in (*lost, kept)]
    assert opened == [Unopened.UNKNOWN, Unopened.UNKNOWN, kept.key.caller]


class WrongMasterKey(Restorable):
    """A store whose hash keys do not open."""

    async def changed_since(self, revision):
        changed = await self.now.changed_since(revision)
        return ChangedKeys(keys=changed.keys, hash_keys={}, revision=changed.revision)


async def test_a_key_that_cannot_be_checked_is_neither_known_nor_unknown():
    store = WrongMasterKey()
    ring = KeyRing(store)
    keep = KeepClientKeys(store, follow=ring.load, entropy=os.urandom)
    minted = await keep.create(NewKey(name="a"), now=NOW, by="admin")
    with pytest.raises(StateUnavailable, match="NEUROROUTE_MASTER_KEY"):
        ring.recognise(minted.text.reveal().encode(), NOW)
    other = write_key("000000000000", os.urandom(ENTROPY_BYTES)).reveal()
    assert ring.recognise(other.encode(), NOW) is Unopened.UNKNOWN
