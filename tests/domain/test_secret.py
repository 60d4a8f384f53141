"""A secret shows itself to nobody who does not ask it."""

import copy
import pickle
import traceback

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuroroute.domain.access import Secret

CANARY = "sk-canary-5f0c93"


class Holder(msgspec.Struct, frozen=True):
    secret: Secret


def test_it_prints_as_stars_however_it_is_printed():
    secret = Secret(CANARY)
    printed = (
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret!r}",
        f"{secret:>30}",
        f"{secret} {secret!s:>20}",
        f"{Holder(secret)}",
    )
    assert all(CANARY not in text and "*****" in text for text in printed)


def test_it_is_not_written_by_serializers():
    with pytest.raises(TypeError):
        msgspec.json.encode(Holder(Secret(CANARY)))
    with pytest.raises(TypeError):
        pickle.dumps(Secret(CANARY))


def test_it_is_not_in_a_traceback_of_what_failed_with_it():
    with pytest.raises(TypeError) as caught:
        int(Secret(CANARY))  # pyright: ignore[reportArgumentType] -- the fault is the point
    assert CANARY not in "".join(traceback.format_exception(caught.value))


@given(st.text(), st.text())
def test_two_are_the_same_when_their_texts_are(one, other):
    assert (Secret(one) == Secret(other)) == (one == other)
    assert hash(Secret(one)) == hash(Secret(one))
    assert Secret(one) != one


def test_it_can_be_copied_with_what_holds_it():
    holder = Holder(Secret(CANARY))
    assert copy.deepcopy(holder) == holder
    assert copy.deepcopy(holder).secret.reveal() == CANARY
