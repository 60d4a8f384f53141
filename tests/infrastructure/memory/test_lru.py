"""The store never holds more than it may, and what was used last stays."""

import os
import sys
import time
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neuroroute.infrastructure.memory.lru import LARGEST_SHARE, OVERHEAD, ByteLru

KEYS = st.integers(0, 15).map(lambda number: f"k{number}")
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), KEYS, st.integers(0, 700).map(bytes), st.sampled_from("ab"), st.integers(0, 20)),
        st.tuples(st.just("put"), KEYS, st.just(bytes(200)), st.just("a"), st.just(1000)),
        st.tuples(st.just("get"), KEYS),
        st.tuples(st.just("drop"), KEYS),
        st.tuples(st.just("clear"), st.sampled_from(["a", "b", "nobody", None])),
        st.tuples(st.just("wait"), st.integers(0, 10)),
    ),
    max_size=100,
)


class Plain:
    """The same store, written for nothing but to be obvious: a list, the least recently used first."""

    def __init__(self, max_bytes):
        self.now = 1000
        self.max_bytes = max_bytes
        self.entries = []  # key, value, group, end

    def size(self, entries):
        return sum(sys.getsizeof(key) + sys.getsizeof(value) + OVERHEAD for key, value, _, _ in entries)

    def put(self, key, value, group, ttl):
        self.drop(key)
        entry = (key, value, group, self.now + ttl)
        if ttl <= 0 or self.size([entry]) * LARGEST_SHARE > self.max_bytes:
            return False
        self.entries.append(entry)
        while self.size(self.entries) > self.max_bytes:
            del self.entries[0]
        return True

    def get(self, key):
        for entry in self.entries:
            if entry[0] == key:
                self.entries.remove(entry)
                if entry[3] <= self.now:
                    return None
                self.entries.append(entry)
                return entry[1]
        return None

    def drop(self, key):
        self.entries = [entry for entry in self.entries if entry[0] != key]

    def clear(self, group):
        gone = [entry for entry in self.entries if group in (None, entry[2])]
        self.entries = [entry for entry in self.entries if entry not in gone]
        return {key for key, _, _, end in gone if end > self.now}

    def wait(self, seconds):
        self.now += seconds


@given(steps=STEPS, max_bytes=st.integers(6_000, 12_000))
@settings(deadline=None)
def test_is_a_plain_lru_of_what_lives_within_its_bound(steps, max_bytes):
    plain = Plain(max_bytes)
    lru = ByteLru(max_bytes=max_bytes, clock=lambda: plain.now)
    for step, *arguments in steps:
        expected = getattr(plain, step)(*arguments)
        if step == "put":
            key, value, group, ttl = arguments
            assert lru.put(key, value, group=group, ttl=ttl) == expected
        elif step != "wait":
            assert getattr(lru, step)(*arguments) == expected
        assert lru.size == plain.size(plain.entries) <= max_bytes
        assert len(lru) == len(plain.entries)
        assert set(lru.groups) == {group for _, _, group, _ in plain.entries}


@given(steps=STEPS)
@settings(deadline=None)
def test_what_was_put_last_is_always_there(steps):
    lru = ByteLru(max_bytes=12_000, clock=lambda: 0)
    for step, *arguments in steps:
        if step == "put":
            key, value, group, _ = arguments
            assert lru.put(key, value, group=group, ttl=1)
            assert lru.get(key) == value


def test_what_was_asked_for_stays_longer_than_what_was_not():
    lru = ByteLru(max_bytes=10 * 1024, clock=lambda: 0)
    keys = [str(at) for at in range(30)]
    for key in keys:
        lru.put(key, bytes(400), group="a", ttl=1)
        assert lru.get("0") is not None
    assert lru.get("1") is None


def test_leaves_out_what_would_push_too_many_others_out():
    lru = ByteLru(max_bytes=80_000, clock=time.monotonic)
    assert lru.put("small", bytes(100), group="a", ttl=60)
    assert not lru.put("large", bytes(80_000 // LARGEST_SHARE), group="a", ttl=60)
    assert lru.get("small") is not None
    assert lru.get("large") is None


@pytest.mark.parametrize("length", [0, 300, 3000])
def test_counts_at_least_the_memory_it_takes(length):
    tracemalloc.start()
    try:
        lru = ByteLru(max_bytes=1 << 40, clock=time.monotonic)
        before = tracemalloc.get_traced_memory()[0]
        for at in range(25_000):
            lru.put(os.urandom(32).hex(), bytes(length), group="a", ttl=60)
            if at > 100 and at % 499 == 0:
                taken = tracemalloc.get_traced_memory()[0] - before
                assert taken <= lru.size
    finally:
        tracemalloc.stop()


def test_stays_within_its_bound_of_real_memory_however_long_it_runs():
    max_bytes = 4_000_000
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        lru = ByteLru(max_bytes=max_bytes, clock=time.monotonic)
        for at in range(30_000):
            lru.put(str(at), bytes(at % 3000), group=str(at % 7), ttl=60)
        assert tracemalloc.get_traced_memory()[0] - before <= max_bytes
    finally:
        tracemalloc.stop()
