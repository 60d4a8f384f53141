"""What is sealed opens with its key, as what it was sealed as, and in no other way."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuroroute.domain.access import Secret
from neuroroute.infrastructure.vault import KEY_BYTES, MasterKeys, Undecryptable, new_key, seal, unseal

KEY, OTHER = b"k" * KEY_BYTES, b"o" * KEY_BYTES


def master(letter):
    return Secret(base64.b64encode(letter.encode() * KEY_BYTES).decode())


@given(plain=st.binary(max_size=300), identity=st.text(max_size=50))
def test_what_was_sealed_opens_again(plain, identity):
    assert unseal(KEY, seal(KEY, plain, identity=identity), identity=identity) == plain


@given(plain=st.binary(min_size=1, max_size=300))
def test_no_two_seals_are_the_same_and_none_shows_what_it_holds(plain):
    first, second = seal(KEY, plain, identity="a"), seal(KEY, plain, identity="a")
    assert first != second
    assert len(first) == len(plain) + 28
    assert len(plain) < 4 or plain not in first


@given(identities=st.lists(st.text(max_size=30), min_size=2, max_size=2, unique=True))
def test_nothing_opens_as_something_else(identities):
    sealed = seal(KEY, b"secret", identity=identities[0])
    with pytest.raises(Undecryptable):
        unseal(KEY, sealed, identity=identities[1])


def test_nothing_opens_with_another_key():
    with pytest.raises(Undecryptable):
        unseal(OTHER, seal(KEY, b"secret", identity="a"), identity="a")


def test_every_flipped_bit_keeps_it_shut():
    sealed = seal(KEY, b"sk-secret", identity="a")
    for bit in range(len(sealed) * 8):
        damaged = bytearray(sealed)
        damaged[bit // 8] ^= 1 << bit % 8
        with pytest.raises(Undecryptable):
            unseal(KEY, bytes(damaged), identity="a")


@pytest.mark.parametrize("length", [*range(40)])
def test_a_cut_or_foreign_text_keeps_it_shut(length):
    for damaged in (seal(KEY, b"sk-secret-4711", identity="a")[:length], bytes(length)):
        with pytest.raises(Undecryptable):
            unseal(KEY, damaged, identity="a")


def test_why_it_does_not_open_tells_nothing_of_it():
    sealed = seal(KEY, b"sk-canary", identity="whose")
    with pytest.raises(Undecryptable) as raised:
        unseal(OTHER, sealed, identity="whose")
    assert raised.value.__cause__ is None
    for told in ("canary", "whose", sealed.hex()):
        assert told not in str(raised.value)


def test_an_earlier_master_key_still_opens_what_it_wrapped():
    key = new_key()
    before, after = MasterKeys(master("a")), MasterKeys(master("b"), (master("a"),))
    wrapped = before.wrap(key, identity="x")
    assert after.unwrap(wrapped, by=before.active, identity="x") == key
    assert before.active != after.active


def test_a_master_key_that_is_not_set_is_asked_for_by_its_name():
    before, after = MasterKeys(master("a")), MasterKeys(master("b"))
    with pytest.raises(Undecryptable, match=f"{before.active}.*NEUROROUTE_MASTER_KEY_PREVIOUS"):
        after.unwrap(before.wrap(new_key(), identity="x"), by=before.active, identity="x")


def test_new_keys_are_long_and_never_the_same():
    assert len({new_key() for _ in range(100)}) == 100
    assert {len(new_key()) for _ in range(10)} == {32}
