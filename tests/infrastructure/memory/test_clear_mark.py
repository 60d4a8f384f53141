"""Processes that share a mark follow each other's clears, whatever the order."""

import subprocess
import sys
import textwrap
import timeit

import pytest

from neuroroute.application.ports import CachedAnswer
from neuroroute.domain.completion import Completion, Finished, FinishReason, Usage
from neuroroute.domain.model import ModelId
from neuroroute.domain.routing import Selection, SelectionMethod
from neuroroute.infrastructure.memory.cache import MemoryCache
from neuroroute.infrastructure.memory.clear_mark import ClearMark, make_clear_mark

pytestmark = pytest.mark.anyio


def answer(text="Paris", model="a"):
    finished = Finished(reason=FinishReason.STOP, native_reason="stop", usage=Usage(), model=model)
    selection = Selection(method=SelectionMethod.CLASSIFIER, model=ModelId(model))
    return CachedAnswer(
        model=ModelId(model), selection=selection, completion=Completion(text, finished), latency_ms=412
    )


@pytest.fixture
def path(tmp_path):
    return make_clear_mark(tmp_path)


@pytest.fixture
def one(path):
    return MemoryCache(max_bytes=1_000_000, ttl=600, mark=ClearMark(path))


@pytest.fixture
def other(path):
    return MemoryCache(max_bytes=1_000_000, ttl=600, mark=ClearMark(path))


async def test_a_clear_is_followed_by_the_others_at_once(one, other):
    await one.put("k", answer(), ttl=None)
    await other.put("k", answer(), ttl=None)
    assert await one.clear(None) == 1
    assert await one.get("k") is None
    assert await other.get("k") is None


async def test_a_clear_of_one_model_reaches_it_everywhere_and_counts_its_own_answers_alone(one, other):
    for cache in (one, other):
        await cache.put("a", answer(model="a"), ttl=None)
        await cache.put("b", answer(model="b"), ttl=None)
    assert await one.clear(ModelId("a")) == 1
    assert [await cache.get("a") for cache in (one, other)] == [None, None]


async def test_putting_after_anothers_clear_brings_nothing_back(one, other):
    await other.put("old", answer(), ttl=None)
    await one.clear(None)
    await other.put("new", answer("new"), ttl=None)
    assert await other.get("old") is None
    assert await other.get("new") == answer("new")


async def test_clearing_after_anothers_clear_brings_nothing_back(one, other):
    """Also when each cleared another model, and neither had seen the other's."""
    for cache in (one, other):
        await cache.put("a", answer(model="a"), ttl=None)
        await cache.put("b", answer(model="b"), ttl=None)
    await one.clear(ModelId("a"))
    assert await other.clear(ModelId("b")) == 0
    assert [await cache.get(key) for cache in (one, other) for key in "ab"] == [None] * 4


class Overtaken:
    """A mark with a worker that clears just before this one changes it."""

    def __init__(self, mark, overtaking):
        self.current = mark.current
        self._mark = mark
        self._overtaking = overtaking

    def change(self):
        with pytest.raises(StopIteration):
            self._overtaking.send(None)  # as far as it goes, which is to its end
        return self._mark.change()


async def test_two_clears_at_the_same_moment_both_hold_everywhere(path, other):
    late = MemoryCache(max_bytes=1_000_000, ttl=600, mark=Overtaken(ClearMark(path), other.clear(ModelId("b"))))
    for cache in (late, other):
        await cache.put("a", answer(model="a"), ttl=None)
        await cache.put("b", answer(model="b"), ttl=None)
    await late.clear(ModelId("a"))
    assert [await cache.get(key) for cache in (late, other) for key in "ab"] == [None] * 4


async def test_a_clear_does_not_count_what_anothers_clear_forgot(one, other):
    await other.put("k", answer(), ttl=None)
    await one.clear(None)
    assert await other.clear(None) == 0


async def test_remembers_anew_after_a_clear(one, other):
    await one.clear(None)
    for cache in (one, other):
        await cache.put("k", answer(), ttl=None)
        assert await cache.get("k") == answer()
        assert await cache.get("k") == answer()


async def test_a_worker_that_starts_later_follows_too(path, one):
    await one.clear(None)
    late = MemoryCache(max_bytes=1_000_000, ttl=600, mark=ClearMark(path))
    await late.put("k", answer(), ttl=None)
    assert await late.get("k") == answer()
    await one.clear(None)
    assert await late.get("k") is None


async def test_follows_a_clear_in_another_process(path, one):
    await one.put("k", answer(), ttl=None)
    clear_in_another_process(path)
    assert await one.get("k") is None


def clear_in_another_process(path):
    script = """
        import asyncio, sys
        from pathlib import Path
        from neuroroute.infrastructure.memory.cache import MemoryCache
        from neuroroute.infrastructure.memory.clear_mark import ClearMark

        asyncio.run(MemoryCache(max_bytes=1, ttl=1, mark=ClearMark(Path(sys.argv[1]))).clear(None))
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(script), path], timeout=30, check=True)


def test_looking_at_the_mark_costs_less_than_a_tenth_of_a_microsecond(path):
    mark = ClearMark(path)
    current, seen = mark.current, mark.current[0]
    rounds = 2_000  # so short a look that some of many are not disturbed by whatever else runs
    best = min(timeit.repeat(lambda: current[0] != seen, number=rounds, repeat=1_000)) / rounds
    idle = min(timeit.repeat(lambda: None, number=rounds, repeat=1_000)) / rounds
    assert best - idle < 1e-7
