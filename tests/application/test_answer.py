"""However far an answer is read, its provider is closed and one record says what happened."""

import asyncio

import pytest
from application.scripted import ANSWER, END, PATIENCE, STALL, Router, ScriptedProvider, wanted
from factories import FinishedFactory, UsageFactory

from neuroroute.application import answer as answers
from neuroroute.domain.completion import Finished, TextDelta, Usage
from neuroroute.domain.errors import (
    ProviderRefused,
    ProviderThrottled,
    ProviderUnavailable,
)
from neuroroute.domain.health import HealthStatus
from neuroroute.domain.record import Outcome
from neuroroute.infrastructure.memory.cache import MemoryCache

pytestmark = pytest.mark.anyio

CUT = ProviderUnavailable("the connection broke")


@pytest.mark.parametrize("failure", [CUT, ProviderRefused("400")])
async def test_a_failure_after_the_first_event_surfaces_while_reading_and_asks_nobody_else(failure):
    router = Router(local=ScriptedProvider([TextDelta("Par"), failure]))
    async with await router.route(wanted()) as answer:
        events = aiter(answer)
        assert await anext(events) == TextDelta("Par")
        with pytest.raises(type(failure)):
            await anext(events)
    assert not router.openai.calls
    record = router.record
    assert (record.outcome, record.error, record.model) == (Outcome.CUT, str(failure), "local")
    assert [attempt.outcome for attempt in record.attempts] == ["answered"]
    assert router.health.of("local").status is HealthStatus.UNHEALTHY


TOO_SLOW = ProviderUnavailable("the answer stopped", timed_out=True)


@pytest.mark.parametrize(
    ("failure", "timeout", "status"),
    [
        (ProviderThrottled("429"), PATIENCE, HealthStatus.HEALTHY),
        (TOO_SLOW, PATIENCE - 0.1, HealthStatus.HEALTHY),
        (TOO_SLOW, PATIENCE, HealthStatus.UNHEALTHY),
        (CUT, PATIENCE - 0.1, HealthStatus.UNHEALTHY),
    ],
)
async def test_what_judges_no_model_before_the_first_event_does_not_in_the_middle_either(failure, timeout, status):
    router = Router(local=ScriptedProvider([TextDelta("Par"), failure]))
    with pytest.raises(type(failure)):
        await router.ask(wanted(timeout=timeout))
    assert (router.record.outcome, router.record.error) == (Outcome.CUT, str(failure))
    assert router.health.of("local").status is status


async def test_a_cut_answer_is_billed_by_estimate_and_never_remembered():
    router = Router(openai=ScriptedProvider([TextDelta("x" * 400), CUT], ANSWER))
    with pytest.raises(ProviderUnavailable):
        await router.ask(wanted("openai", text="y" * 40))
    assert router.record.usage == Usage(prompt_tokens=10, completion_tokens=100, estimated=True)
    assert router.record.cost == (10 * 2_500_000_000 + 100 * 10_000_000_000) // 10**6
    assert (await router.ask(wanted("openai", text="y" * 40))).text == "Paris"


async def heard_out(answer):
    return [event async for event in answer]


@pytest.mark.parametrize("whole", [True, False])
async def test_an_answer_that_ends_without_its_end_was_cut(whole):
    router = Router(local=ScriptedProvider([TextDelta("Par")]))
    async with await router.route(wanted()) as answer:
        with pytest.raises(ProviderUnavailable):
            await (answer.whole() if whole else heard_out(answer))
    assert router.record.outcome is Outcome.CUT


async def test_what_breaks_after_the_end_broke_nothing():
    router = Router(local=ScriptedProvider([*ANSWER, CUT]))
    assert (await router.ask(wanted())).text == "Paris"
    assert router.record.outcome is Outcome.ANSWERED
    assert router.health.of("local").status is HealthStatus.HEALTHY


@pytest.mark.parametrize("read", [0, 1, 2])
async def test_leaving_early_closes_the_provider_and_is_recorded(read):
    router = Router(local=ScriptedProvider([TextDelta("a"), TextDelta("b"), TextDelta("c"), STALL]))
    async with asyncio.timeout(5), await router.route(wanted()) as answer:
        events = aiter(answer)
        for _ in range(read):
            await anext(events)
        assert router.running == 1
    assert router.running == 0
    assert router.record.outcome is Outcome.LEFT
    assert router.record.usage.estimated
    assert router.health.of("local").status is HealthStatus.HEALTHY


@pytest.mark.parametrize("read", [1, 2])
async def test_a_fault_of_ours_while_an_answer_is_read_is_recorded_as_one_and_judges_no_model(read):
    router = Router(local=ScriptedProvider([TextDelta("a"), END]))

    async def broken():
        async with await router.route(wanted()) as answer:
            for _ in range(read):
                await anext(answer)
            raise ZeroDivisionError("Capital?")

    with pytest.raises(ZeroDivisionError):
        await broken()
    assert router.running == 0
    assert (router.record.outcome, router.record.error) == (Outcome.FAILED, "ZeroDivisionError")
    assert (router.record.model, router.record.usage.estimated) == ("local", read == 1)
    assert router.health.of("local").status is HealthStatus.HEALTHY


@pytest.mark.parametrize("leaving", [asyncio.CancelledError, GeneratorExit])
async def test_whoever_ends_the_reading_from_outside_has_left(leaving):
    router = Router(local=ScriptedProvider([TextDelta("a"), STALL]))
    with pytest.raises(leaving):
        async with await router.route(wanted()):
            raise leaving
    assert (router.record.outcome, router.record.error) == (Outcome.LEFT, None)


async def test_cancelling_in_the_middle_closes_the_provider_and_is_recorded():
    router = Router(local=ScriptedProvider([TextDelta("a"), STALL]))
    began = asyncio.Event()

    async def read():
        async with await router.route(wanted()) as answer:
            async for _ in answer:
                began.set()

    reading = asyncio.create_task(read())
    async with asyncio.timeout(5):
        await began.wait()
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
    assert router.running == 0
    assert router.record.outcome is Outcome.LEFT


async def test_stopping_at_the_end_is_an_answer_though_nothing_was_read_after_it():
    router = Router(local=ScriptedProvider([*ANSWER, STALL]))
    async with asyncio.timeout(5), await router.route(wanted()) as answer:
        async for event in answer:
            if isinstance(event, Finished):
                break
    assert router.record.outcome is Outcome.ANSWERED
    assert router.running == 0


async def test_usage_is_estimated_where_the_provider_is_silent():
    silent = FinishedFactory.build(usage=None)
    router = Router(openai=ScriptedProvider([TextDelta("x" * 21), silent]))
    completion = await router.ask(wanted("openai", text="y" * 43))
    assert completion.finished.usage == Usage(prompt_tokens=10, completion_tokens=5, estimated=True)
    assert router.record.usage == completion.finished.usage


async def test_nothing_used_is_not_silence():
    router = Router(openai=ScriptedProvider([TextDelta("x"), FinishedFactory.build(usage=Usage())]))
    await router.ask(wanted("openai"))
    assert router.record.usage == Usage()
    assert router.record.cost == 0


@pytest.mark.parametrize(("model", "cost"), [("local", 0), ("openai", 80_000), ("anthropic", 111_000)])
async def test_the_cost_is_exact(model, cost):
    router = Router()
    await router.ask(wanted(model))
    assert router.record.usage == UsageFactory.build(prompt_tokens=12, completion_tokens=5)
    assert router.record.cost == cost


async def test_the_record_says_who_what_and_how_long():
    router = Router()
    await router.ask(wanted("openai", id="req_7", surface="prompt", streamed=False))
    record = router.record
    assert (record.request_id, record.surface, record.caller) == ("req_7", "prompt", "anyone")
    assert (record.method, record.policy, record.provider) == ("user_specified", "rules", "openai")
    assert not record.streamed
    assert not record.from_cache
    assert 0 <= record.first_event_seconds <= record.seconds
    assert 0 <= record.provider_seconds <= record.seconds
    assert record.attempts[0].seconds <= record.provider_seconds


async def test_the_latency_shown_is_that_of_the_model_that_answered():
    router = Router(local=ScriptedProvider([CUT]))
    async with await router.route(wanted()) as answer:
        await answer.whole()
        (failed,) = answer.failures
        spent = answer.draft.provider_seconds - failed.seconds
        assert answer.latency_ms == round(1000 * spent)


async def test_a_very_long_answer_is_handed_on_but_not_collected():
    piece = TextDelta("x" * (answers.MAX_KEPT // 4))
    router = Router(local=ScriptedProvider([*[piece] * 5, END]), cache=MemoryCache(max_bytes=1 << 26, ttl=600))
    for calls in (1, 2):
        assert len((await router.ask(wanted())).text) == 5 * len(piece.text)
        assert len(router.local.calls) == calls
