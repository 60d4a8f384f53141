"""Which answers are told again, and to whom."""

import pytest
from application.scripted import ANSWER, END, Router, ScriptedProvider, wanted
from factories import (
    CachedAnswerFactory,
    CompletionFactory,
    FinishedFactory,
    UsageFactory,
)
from hypothesis import given
from hypothesis import strategies as st

from neuroroute.application.ports import ResponseCache
from neuroroute.application.route_prompt import fingerprint
from neuroroute.domain.access import ANYONE, Caller
from neuroroute.domain.completion import FinishReason, TextDelta
from neuroroute.domain.errors import ProviderUnavailable
from neuroroute.domain.record import Outcome
from neuroroute.domain.request import CacheUse
from neuroroute.domain.routing import Requirements
from neuroroute.infrastructure.memory.cache import MemoryCache, pack, unpack

pytestmark = pytest.mark.anyio

VERSION = "v1"


class WatchedCache(ResponseCache):
    """A memory cache that says what was asked of it."""

    def __init__(self):
        self._cache = MemoryCache(max_bytes=1 << 20, ttl=600)
        self.gets, self.puts = [], []

    async def get(self, key):
        self.gets.append(key)
        return await self._cache.get(key)

    async def put(self, key, answer, *, ttl):
        self.puts.append((key, answer, ttl))
        await self._cache.put(key, answer, ttl=ttl)

    async def clear(self, model):
        return await self._cache.clear(model)


async def test_the_same_question_is_answered_once_by_the_model_and_then_from_memory():
    router = Router()
    first = await router.ask(wanted("openai", id="req_1"))
    async with await router.route(wanted("openai", id="req_2")) as answer:
        assert answer.cached is not None
        assert await answer.whole() == first
        assert answer.latency_ms == answer.cached.latency_ms
    assert len(router.openai.calls) == 1
    record = router.told[-1]
    assert (record.request_id, record.outcome, record.from_cache) == ("req_2", Outcome.ANSWERED, True)
    assert (record.cost, record.attempts, record.provider) == (None, (), "openai")


async def test_a_remembered_answer_comes_streamed_or_whole():
    router = Router()
    await router.ask(wanted(streamed=True))
    async with await router.route(wanted(streamed=False)) as answer:
        assert [event async for event in answer] == [TextDelta("Paris"), END]
    assert len(router.local.calls) == 1


async def test_a_remembered_answer_says_why_its_model_was_chosen():
    router = Router()
    request = wanted(requirements=Requirements())
    async with await router.route(request) as fresh:
        await fresh.whole()
    async with await router.route(request) as again:
        assert again.selection == fresh.selection
        assert again.selection.ranking.reasoning.features == fresh.selection.ranking.reasoning.features


async def test_an_answer_of_a_catalogue_that_came_while_the_cache_was_asked_is_not_kept_under_the_one_before():
    class Slow(WatchedCache):
        async def get(self, key):
            router.catalog.version = "v2"
            return await super().get(key)

    router = Router(cache=Slow(), version=VERSION)
    await router.ask(wanted())
    assert router.cache.puts == []
    assert router.record.catalog_version == "v2"


async def test_an_answer_is_stored_before_its_last_event_is_handed_on():
    router = Router(cache=WatchedCache())
    async with await router.route(wanted(cache=CacheUse(ttl=5.0))) as answer:
        async for event in answer:
            assert len(router.cache.puts) == (event == END)
    ((_, stored, ttl),) = router.cache.puts
    assert (stored.model, stored.completion.text, ttl) == ("local", "Paris", 5.0)


async def test_what_is_stored_has_the_estimated_usage():
    cache = WatchedCache()
    router = Router(cache=cache, local=ScriptedProvider([TextDelta("Paris"), FinishedFactory.build(usage=None)]))
    completion = await router.ask(wanted())
    assert cache.puts[0][1].completion == completion
    assert completion.finished.usage.estimated


@pytest.mark.parametrize(
    "script",
    [
        [TextDelta("Par"), FinishedFactory.build(reason=FinishReason.LENGTH)],
        [TextDelta("Par"), FinishedFactory.build(reason=FinishReason.FILTERED)],
        [TextDelta("Par"), FinishedFactory.build(reason=FinishReason.OTHER)],
        [TextDelta("Par"), FinishedFactory.build(reason=FinishReason.TOOL_CALL)],
        [END],
    ],
    ids=["too long", "filtered", "for no known reason", "a tool call", "empty"],
)
async def test_only_whole_clean_answers_are_remembered(script):
    cache = WatchedCache()
    router = Router(cache=cache, local=ScriptedProvider(script))
    await router.ask(wanted())
    assert cache.puts == []


async def test_a_fallbacks_answer_is_not_remembered():
    cache = WatchedCache()
    router = Router(cache=cache, local=ScriptedProvider([ProviderUnavailable("down")]))
    await router.ask(wanted())
    assert cache.puts == []


async def test_an_answer_in_place_of_an_unhealthy_model_is_not_remembered():
    cache = WatchedCache()
    router = Router(cache=cache)
    router.health.show("local", router.health.of("local").after_probe("down", at=1.0, now=1.0))
    await router.ask(wanted())
    assert cache.puts == []


async def test_an_answer_that_was_left_before_its_end_is_not_remembered():
    cache = WatchedCache()
    router = Router(cache=cache)
    async with await router.route(wanted()) as answer:
        events = aiter(answer)
        await anext(events)
        await anext(events)
    assert cache.puts == []


async def test_who_wants_no_remembered_answer_neither_reads_nor_writes_one():
    cache = WatchedCache()
    router = Router(cache=cache)
    await router.ask(wanted(cache=None))
    assert (cache.gets, cache.puts) == ([], [])


async def test_callers_do_not_share_answers_but_one_caller_does_with_itself():
    router = Router()
    for caller, calls in ((Caller("a"), 1), (Caller("b"), 2), (Caller("a"), 2), (ANYONE, 3), (Caller("b"), 3)):
        await router.ask(wanted(caller=caller))
        assert len(router.local.calls) == calls


async def test_an_answer_of_a_model_that_has_left_the_catalogue_is_not_told():
    cache = WatchedCache()
    router = Router(cache=cache)
    key = fingerprint(wanted(), CacheUse(), f"{router.catalog.version}/rules")
    await cache.put(key, CachedAnswerFactory.build(model="gone"), ttl=None)
    assert (await router.ask(wanted())).text == "Paris"
    assert len(router.local.calls) == 1


async def test_another_catalogue_has_other_answers():
    cache = WatchedCache()
    await Router(cache=cache).ask(wanted())
    router = Router(cache=cache, version="changed")
    await router.ask(wanted())
    assert len(router.local.calls) == 1


async def test_a_hit_shows_nothing_about_health():
    router = Router()
    await router.ask(wanted())
    before = router.health.of("local")
    await router.ask(wanted())
    assert router.health.of("local") == before


@given(st.text(), st.integers(0, 10**9), st.sampled_from(FinishReason))
def test_an_answer_survives_being_packed(text, tokens, reason):
    finished = FinishedFactory.build(usage=UsageFactory.build(prompt_tokens=tokens), reason=reason)
    answer = CachedAnswerFactory.build(completion=CompletionFactory.build(text=text, finished=finished))
    packed = pack(answer)
    assert packed is None or unpack(packed) == answer
    assert packed is not None or not text.isprintable()


async def test_a_broken_answer_makes_room_for_a_whole_one():
    router = Router(local=ScriptedProvider([TextDelta("Par"), ProviderUnavailable("cut")], ANSWER))
    with pytest.raises(ProviderUnavailable):
        await router.ask(wanted())
    assert (await router.ask(wanted())).text == "Paris"
    assert (await router.ask(wanted())).text == "Paris"
    assert len(router.local.calls) == 2
