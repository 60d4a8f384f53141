"""What every response cache promises."""

import asyncio
import math
import random

import pytest
from msgspec.structs import replace

from neuroroute.application.ports import CachedAnswer
from neuroroute.domain.classification import Features
from neuroroute.domain.completion import Completion, Finished, FinishReason, ToolCall, Usage, Verbatim
from neuroroute.domain.model import ModelId
from neuroroute.domain.routing import Ranking, Reasoning, Selection, SelectionMethod
from neuroroute.infrastructure.memory.cache import MemoryCache, NoCache

pytestmark = pytest.mark.anyio


END = Finished(
    reason=FinishReason.STOP,
    native_reason="stop",
    usage=Usage(prompt_tokens=3, completion_tokens=1),
    model="gpt-4o-2024-08-06",
)


def answer(text="Paris", model="gpt-4o"):
    features = Features(**dict.fromkeys(Features.__struct_fields__, 0.125))
    reasoning = Reasoning(
        keyword_matches={model: 2}, features=features, model_scores={model: 0.5}, adjusted_scores={model: 0.75}
    )
    ranking = Ranking(best=ModelId(model), confidence=0.875, source="rule_based", reasoning=reasoning)
    selection = Selection(
        method=SelectionMethod.CLASSIFIER, model=ModelId(model), required=("vision",), ranking=ranking
    )
    return CachedAnswer(model=ModelId(model), selection=selection, completion=Completion(text, END), latency_ms=412)


async def test_tells_again_all_that_it_was_told(response_cache):
    await response_cache.put("k", answer("Grüße, 東京 🗼\n\x00"), ttl=None)
    assert await response_cache.get("k") == answer("Grüße, 東京 🗼\n\x00")


@pytest.mark.parametrize(
    "said",
    [
        {"text": "", "verbatim": (Verbatim(b'data: {"n":1}\n\n', 3), Verbatim(bytes(range(256)), 0))},
        {
            "text": "Let me see.",
            "reasoning": "They ask for the weather.",
            "tool_calls": (ToolCall("call_1", "weather", '{"in":"Paris"}'), ToolCall("call_2", "time", "{")),
        },
    ],
    ids=["word for word", "with tools"],
)
async def test_tells_again_what_was_said_word_for_word_and_which_tools_were_called(response_cache, said):
    told = replace(answer(), completion=Completion(finished=replace(END, verbatim=b"data: [DONE]\n\n"), **said))
    await response_cache.put("k", told, ttl=None)
    again = await response_cache.get("k")
    assert again == told
    assert Completion.fold(again.completion.replay()) == told.completion


async def test_knows_nothing_of_another_key(response_cache):
    await response_cache.put("k", answer(), ttl=None)
    assert await response_cache.get("K") is None
    assert await response_cache.get("k2") is None
    assert await response_cache.get("") is None


async def test_the_later_answer_takes_the_place_of_the_earlier(response_cache):
    await response_cache.put("k", answer("old"), ttl=None)
    await response_cache.put("k", answer("new", model="other"), ttl=None)
    assert await response_cache.get("k") == answer("new", model="other")
    assert await response_cache.clear(None) == 1


async def test_forgets_when_the_time_is_over(response_cache):
    await response_cache.put("short", answer(), ttl=0.6)
    await response_cache.put("long", answer(), ttl=60)
    assert await response_cache.get("short") == answer()
    await asyncio.sleep(0.65)
    assert await response_cache.get("short") is None
    assert await response_cache.get("long") == answer()
    assert await response_cache.clear(None) == 1


@pytest.mark.parametrize("ttl", [0, -1, -0.5, -math.inf, math.nan])
async def test_does_not_keep_what_has_no_time(response_cache, ttl):
    await response_cache.put("k", answer(), ttl=ttl)
    assert await response_cache.get("k") is None


@pytest.mark.parametrize("ttl", [1e-6, 1e300, math.inf])
async def test_takes_any_time_without_an_error(response_cache, ttl):
    await response_cache.put("k", answer(), ttl=ttl)
    await response_cache.get("k")


async def test_clears_one_model_and_leaves_the_others(response_cache):
    for at in range(3):
        await response_cache.put(f"a{at}", answer(model="a"), ttl=None)
        await response_cache.put(f"b{at}", answer(model="b"), ttl=None)
    assert await response_cache.clear(ModelId("a")) == 3
    assert [await response_cache.get(f"a{at}") for at in range(3)] == [None] * 3
    assert [await response_cache.get(f"b{at}") for at in range(3)] == [answer(model="b")] * 3


async def test_clears_all_and_counts_answers_and_nothing_else(response_cache):
    for at in range(5):
        await response_cache.put(f"k{at}", answer(model=f"m{at % 2}"), ttl=None)
    assert await response_cache.clear(None) == 5
    assert [await response_cache.get(f"k{at}") for at in range(5)] == [None] * 5
    assert await response_cache.clear(None) == 0


async def test_counts_every_answer_of_a_large_clear_once(response_cache):
    """More than one sweep of Redis, and more than the own copies hold."""
    await asyncio.gather(*(response_cache.put(f"k{at}", answer(), ttl=None) for at in range(1203)))
    kept = 0
    for at in range(1203):
        kept += await response_cache.get(f"k{at}") is not None
    assert await response_cache.clear(ModelId("gpt-4o")) == kept
    assert await response_cache.clear(None) == 0


async def test_a_model_without_answers_has_none_to_clear(response_cache):
    await response_cache.put("k", answer(), ttl=None)
    assert await response_cache.clear(ModelId("nobody")) == 0
    assert await response_cache.clear(ModelId("")) == 0
    assert await response_cache.get("k") == answer()


async def test_remembers_anew_after_a_clear(response_cache):
    await response_cache.put("k", answer("old"), ttl=None)
    await response_cache.clear(ModelId("gpt-4o"))
    await response_cache.put("k", answer("new"), ttl=None)
    assert await response_cache.get("k") == answer("new")
    await response_cache.clear(None)
    await response_cache.put("k", answer("newer"), ttl=None)
    assert await response_cache.get("k") == answer("newer")
    assert await response_cache.clear(None) == 1


async def test_does_not_count_what_expired(response_cache):
    await response_cache.put("k", answer(), ttl=0.05)
    await asyncio.sleep(0.1)
    assert await response_cache.clear(None) == 0


@pytest.mark.parametrize("text", ["\ud800", "x" * 2_000_000])
async def test_leaves_out_what_it_cannot_keep_without_an_error(response_cache, text):
    await response_cache.put("k", answer(), ttl=None)
    await response_cache.put("k", answer(text), ttl=None)
    assert await response_cache.get("k") != answer(text)


async def test_never_tells_anothers_answer_though_callers_leave_at_any_moment(response_cache):
    """A client of Redis that leaves a reply unread gives it to the next who asks."""
    keys = [f"k{at}" for at in range(20)]
    for key in keys:
        await response_cache.put(key, answer(key), ttl=None)
    dice = random.Random(20)

    async def ask(key):
        if dice.random() < 0.3:
            await response_cache.put(key, answer(key), ttl=None)
        return key, await response_cache.get(key)

    async def ask_and_leave():
        task = asyncio.create_task(ask(dice.choice(keys)))
        await asyncio.sleep(dice.random() * 0.002)
        task.cancel()
        return await asyncio.gather(task, return_exceptions=True)

    for _ in range(20):
        for key, found in await asyncio.gather(
            *(ask(key) for key in keys), *(unwrapped(ask_and_leave()) for _ in keys)
        ):
            assert found is None or found.completion.text == key
    assert await asyncio.gather(*(ask(key) for key in keys)) == [(key, answer(key)) for key in keys]


async def unwrapped(leaving):
    (result,) = await leaving
    return ("", None) if isinstance(result, asyncio.CancelledError) else result


async def test_no_cache_remembers_nothing():
    cache = NoCache()
    await cache.put("k", answer(), ttl=None)
    assert await cache.get("k") is None
    assert await cache.clear(None) == 0


async def test_keeps_as_long_as_configured_where_the_caller_does_not_say():
    now = 0.0
    cache = MemoryCache(max_bytes=100_000, ttl=600, clock=lambda: now)
    await cache.put("default", answer(), ttl=None)
    await cache.put("longer", answer(), ttl=601)
    now = 599.9
    assert await cache.get("default") == answer()
    now = 600.0
    assert await cache.get("default") is None
    assert await cache.get("longer") == answer()
