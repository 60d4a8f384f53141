"""What the text of a client key says, and what is none."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuroroute.domain.key_text import ENTROPY_BYTES, digest_of, id_in, is_key, is_key_id, key_id, write_key

ENTROPY = st.binary(min_size=ENTROPY_BYTES, max_size=ENTROPY_BYTES)
KEYS = st.builds(lambda of, secret: write_key(key_id(of), secret).reveal().encode(), ENTROPY, ENTROPY)
KNOWN = write_key("0123456789Ab", bytes(range(ENTROPY_BYTES))).reveal().encode()
HASH_KEY = b"k" * 32


@given(ENTROPY, ENTROPY)
def test_a_key_names_its_id(of, secret):
    text = write_key(key_id(of), secret).reveal()
    assert re.fullmatch(r"nr_[0-9A-Za-z]{12}_[0-9A-Za-z]{32}_[0-9A-Za-z]{6}", text)
    assert is_key(text.encode())
    assert id_in(text.encode()) == key_id(of).encode()
    assert is_key_id(key_id(of))


def test_the_form_never_changes_under_keys_that_are_in_use():
    assert KNOWN == b"nr_0123456789Ab_HCGbYdCUyWx6xd2ivh2DOxR816N56NAd_3zoBXB"
    assert digest_of(KNOWN, HASH_KEY).hex() == "60da7bb54175d6b9495d9bd0af759db537fc368160b0aac476a9fcaee9428b2d"


@given(KEYS, st.data())
def test_a_key_with_one_other_letter_is_none(text, data):
    place = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.integers(0, 255).filter(lambda other: other != text[place]))
    other = text[:place] + bytes([letter]) + text[place + 1 :]
    assert not is_key(other)
    assert digest_of(other, HASH_KEY) != digest_of(text, HASH_KEY)


@given(st.binary(max_size=80))
def test_what_is_no_key_is_none_whatever_it_is(text):
    assert not is_key(text)


@pytest.mark.parametrize(
    "text",
    [
        b"", b"nr_", KNOWN[:-1], KNOWN + b"0", KNOWN + b"\n", b" " + KNOWN, KNOWN.upper(), KNOWN.replace(b"_", b"-"),
        KNOWN * 20_000, b"\0" * len(KNOWN), b"nr_' OR '1'='1" + KNOWN[14:], KNOWN[:-2] + "é".encode(),
        KNOWN[:-4] + "😀".encode(),
    ],
    ids=repr,
)  # fmt: skip
def test_what_only_looks_like_a_key_is_none(text):
    assert not is_key(text)


@given(st.binary(max_size=80))
def test_only_what_is_as_long_as_a_key_names_an_id(text):
    assert (id_in(text) is None) == (len(text) != len(KNOWN))


@given(KEYS, ENTROPY, ENTROPY)
def test_a_digest_says_nothing_without_its_hash_key(text, one, another):
    assert (digest_of(text, one) == digest_of(text, another)) == (one == another)


@pytest.mark.parametrize("text", ["", "0123456789A", "0123456789Abc", "0123456789A\0", "0123456789é0", "../../../etc"])
def test_what_no_key_can_have_is_no_id(text):
    assert not is_key_id(text)


def test_a_key_prints_without_its_text():
    assert f"{write_key('0123456789Ab', bytes(ENTROPY_BYTES))!r}" == "*****"
