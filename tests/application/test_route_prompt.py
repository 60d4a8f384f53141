"""The first event commits; before it the next model is asked, after it nobody is."""

import asyncio

import pytest
from application.scripted import ANSWER, END, PATIENCE, STALL, Router, ScriptedProvider, comes_about, wanted

from neuroroute.domain.completion import TextDelta
from neuroroute.domain.errors import (
    AllCandidatesFailed,
    NoEligibleModel,
    ProviderMisconfigured,
    ProviderRefused,
    ProviderThrottled,
    ProviderUnavailable,
    StateUnavailable,
    UnknownModel,
)
from neuroroute.domain.health import MIN_CALLS, HealthStatus
from neuroroute.domain.record import Outcome
from neuroroute.domain.routing import Pin, Requirements, SelectionMethod
from neuroroute.infrastructure.catalog import CatalogEntries, StaticCatalog

pytestmark = pytest.mark.anyio

DOWN = ProviderUnavailable("it is down", status=503)
PASSING = [
    ProviderUnavailable("503", status=503),
    ProviderUnavailable("too slow", timed_out=True),
    ProviderThrottled("429", retry_after=1.0),
    ProviderMisconfigured("401", status=401),
]


async def test_the_chosen_model_answers_and_says_why():
    router = Router()
    async with await router.route(wanted("openai", timeout=7.0)) as answer:
        assert answer.card.id == "openai"
        assert answer.selection.method is SelectionMethod.CALLER
        assert (answer.switched, answer.failures, answer.cached) == (None, (), None)
        assert [event async for event in answer] == [TextDelta("Par"), TextDelta("is"), END]
    ((model, prompt, timeout),) = router.openai.calls
    assert (model, prompt, timeout) == ("openai", wanted().prompt, 7.0)
    assert not router.local.calls
    assert not router.anthropic.calls


async def test_the_first_event_commits_and_nothing_later_is_waited_for():
    router = Router(local=ScriptedProvider([TextDelta("Par"), STALL]))
    async with asyncio.timeout(5), await router.route(wanted()) as answer:
        events = aiter(answer)
        assert await anext(events) == TextDelta("Par")
    assert router.running == 0


@pytest.mark.parametrize("failure", PASSING, ids=lambda failure: f"{type(failure).__name__}: {failure}")
async def test_fails_over_before_the_first_event(failure):
    router = Router(local=ScriptedProvider([failure]))
    async with await router.route(wanted()) as answer:
        assert answer.card.id == "openai"
        assert answer.selection.model == "local"
        (failed,) = answer.failures
        assert (failed.model, failed.outcome, failed.error) == ("local", failure.outcome, str(failure))
        assert (await answer.whole()).text == "Paris"
    record = router.record
    assert (record.outcome, record.model, record.chosen, record.fallbacks) == (
        Outcome.ANSWERED, "openai", "local", 1,
    )  # fmt: skip
    assert [attempt.outcome for attempt in record.attempts] == [failure.outcome, "answered"]


async def test_a_provider_that_ends_without_an_event_is_passed_over():
    router = Router(local=ScriptedProvider([]))
    assert (await router.ask(wanted())).text == "Paris"
    assert router.record.attempts[0].outcome == "unavailable"


async def test_each_model_has_the_whole_time_out_to_itself():
    router = Router(local=ScriptedProvider([DOWN]), openai=ScriptedProvider([DOWN]))
    await router.ask(wanted(timeout=9.0))
    calls = (*router.local.calls, *router.openai.calls, *router.anthropic.calls)
    assert [(call.model, call.timeout) for call in calls] == [("local", 9.0), ("openai", 9.0), ("anthropic", 9.0)]


async def test_a_refused_request_is_refused_and_nobody_else_is_asked():
    router = Router(local=ScriptedProvider([ProviderRefused("too long for it", status=400)]))
    with pytest.raises(ProviderRefused):
        await router.route(wanted())
    assert not router.openai.calls
    assert router.record.outcome is Outcome.FAILED
    assert [attempt.outcome for attempt in router.record.attempts] == ["refused"]


async def test_a_refusal_by_a_fallback_is_a_failure_like_any_other():
    router = Router(local=ScriptedProvider([DOWN]), openai=ScriptedProvider([ProviderRefused("no", status=422)]))
    assert (await router.ask(wanted())).text == "Paris"
    assert [attempt.outcome for attempt in router.record.attempts] == ["unavailable", "refused", "answered"]


async def test_a_refusal_by_a_fallback_does_not_hide_the_original_error():
    refuses = ScriptedProvider([ProviderRefused("no", status=422)])
    router = Router(local=ScriptedProvider([DOWN]), openai=refuses, anthropic=refuses)
    with pytest.raises(AllCandidatesFailed, match="Original error: it is down"):
        await router.route(wanted())
    assert [attempt.outcome for attempt in router.record.attempts] == ["unavailable", "refused", "refused"]


async def test_when_all_fail_every_failure_is_told_the_chosen_models_first():
    slow = ProviderUnavailable("too slow", timed_out=True)
    router = Router(
        local=ScriptedProvider([slow]),
        openai=ScriptedProvider([ProviderThrottled("429")]),
        anthropic=ScriptedProvider([DOWN]),
    )
    with pytest.raises(AllCandidatesFailed, match=r"^All models failed\. Original error: too slow$") as caught:
        await router.route(wanted())
    assert caught.value.failures[0] is slow
    assert len(caught.value.failures) == 3
    record = router.record
    assert (record.outcome, record.model, record.cost, record.fallbacks) == (Outcome.FAILED, None, None, 2)
    assert record.attempts[0].timed_out
    assert record.error == str(caught.value)


async def test_a_pinned_model_that_fails_has_no_fallback():
    router = Router(openai=ScriptedProvider([DOWN]))
    with pytest.raises(AllCandidatesFailed):
        await router.route(wanted(requirements=Requirements(model="openai", pin=Pin.ONLY)))
    assert not router.anthropic.calls


async def test_an_unknown_pinned_model_is_the_callers_fault_and_asks_nobody():
    router = Router()
    with pytest.raises(UnknownModel):
        await router.route(wanted(requirements=Requirements(model="gpt-9", pin=Pin.ONLY)))
    assert router.record.outcome is Outcome.REJECTED
    assert router.record.attempts == ()


async def test_an_empty_catalogue_fails_with_a_record():
    router = Router()
    router.route._catalog = router.choose._catalog = StaticCatalog(CatalogEntries(providers=(), cards=()), {})
    with pytest.raises(NoEligibleModel):
        await router.route(wanted())
    assert router.record.outcome is Outcome.FAILED


async def test_a_model_whose_probe_failed_is_not_asked_and_the_answer_says_so():
    router = Router()
    router.health.show("local", router.health.of("local").after_probe("refused", at=1.0, now=1.0))
    async with await router.route(wanted()) as answer:
        assert answer.card.id == "openai"
        assert answer.switched.model == "local"
        assert "refused" in answer.switched.reason
    assert not router.local.calls
    assert router.record.chosen == "local"


async def test_when_no_model_is_fit_the_chosen_one_is_asked_all_the_same():
    router = Router()
    for model in router.cards:
        router.health.show(model, router.health.of(model).after_probe("down", at=1.0, now=1.0))
    assert (await router.ask(wanted("anthropic"))).text == "Paris"
    assert router.health.of("anthropic").status is HealthStatus.HEALTHY


async def test_health_learns_of_a_failed_attempt_before_the_answer_ends():
    router = Router(local=ScriptedProvider([DOWN]))
    async with await router.route(wanted()):
        assert router.health.of("local").status is HealthStatus.UNHEALTHY
        assert router.health.of("local").error == "it is down"
        assert router.health.of("openai").status is HealthStatus.HEALTHY
        assert not router.told
    assert router.record


async def test_a_model_that_keeps_failing_is_taken_out_after_twenty_calls_and_not_before():
    router = Router(local=ScriptedProvider([DOWN]))
    for _ in range(MIN_CALLS + 5):
        await router.ask(wanted(cache=None))
    assert len(router.local.calls) == MIN_CALLS
    assert len(router.openai.calls) == MIN_CALLS + 5


@pytest.mark.parametrize(
    ("failure", "timeout"),
    [
        (ProviderThrottled("429", retry_after=30.0), PATIENCE),
        (ProviderUnavailable("too slow", timed_out=True), PATIENCE - 0.1),
    ],
)
async def test_throttling_and_a_callers_own_short_time_out_judge_no_model(failure, timeout):
    router = Router(local=ScriptedProvider([failure]))
    for _ in range(MIN_CALLS + 5):
        await router.ask(wanted(cache=None, timeout=timeout))
    assert len(router.local.calls) == MIN_CALLS + 5
    assert router.health.of("local").status is HealthStatus.UNKNOWN


async def test_a_time_out_after_full_patience_does_judge():
    router = Router(local=ScriptedProvider([ProviderUnavailable("too slow", timed_out=True)]))
    await router.ask(wanted(timeout=PATIENCE))
    assert router.health.of("local").status is HealthStatus.UNHEALTHY


async def test_cancelling_while_no_model_has_started_ends_the_call_and_is_recorded():
    router = Router(local=ScriptedProvider([STALL]))
    asking = asyncio.create_task(router.route(wanted()))
    await comes_about(lambda: router.local.calls)
    await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(asking, 5)
    assert router.running == 0
    record = router.record
    assert (record.outcome, record.error) == (Outcome.LEFT, None)
    assert not router.openai.calls
    (attempt,) = record.attempts
    assert (attempt.model, attempt.outcome, attempt.error) == ("local", "left", None)
    assert router.health.of("local").status is HealthStatus.UNKNOWN


async def test_the_wait_that_a_caller_broke_off_is_the_providers_time_and_not_ours():
    router = Router(local=ScriptedProvider([STALL]))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await router.route(wanted())
    record = router.record
    assert record.provider_seconds == record.attempts[0].seconds > 0.1
    assert record.overhead_seconds == pytest.approx(record.seconds - record.provider_seconds)


async def test_a_caller_that_leaves_during_the_fallback_is_told_apart_from_what_failed():
    router = Router(local=ScriptedProvider([DOWN]), openai=ScriptedProvider([STALL]))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await router.route(wanted())
    assert [attempt.outcome for attempt in router.record.attempts] == ["unavailable", "left"]
    assert router.record.outcome is Outcome.LEFT


async def test_a_fault_of_ours_is_recorded_as_one_without_its_words_and_judges_no_model():
    router = Router(local=ScriptedProvider([ZeroDivisionError("Capital?")]))
    with pytest.raises(ZeroDivisionError):
        await router.route(wanted())
    record = router.record
    assert (record.outcome, record.error) == (Outcome.FAILED, "ZeroDivisionError")
    (attempt,) = record.attempts
    assert (attempt.outcome, attempt.error, attempt.judged) == ("failed", "ZeroDivisionError", False)
    assert router.health.of("local").status is HealthStatus.UNKNOWN


async def test_a_fault_of_ours_before_anybody_was_asked_is_recorded_as_one_too():
    router = Router()
    router.route._catalog = None
    with pytest.raises(AttributeError):
        await router.route(wanted(cache=None))
    assert (router.record.outcome, router.record.error) == (Outcome.FAILED, "AttributeError")
    assert router.record.attempts == ()


async def test_a_record_says_by_which_catalogue_it_was_routed_and_priced():
    router = Router(version="3f7a")
    await router.ask(wanted())
    assert router.record.catalog_version == "3f7a"


async def test_it_can_say_whom_it_would_ask_without_asking():
    router = Router()
    decision = router.choose.decide(wanted("anthropic"), id="a decision").decision
    assert [card.id for card in decision.candidates] == ["anthropic", "openai", "local"]
    assert router.told == []
    assert not router.anthropic.calls


async def test_the_second_answer_of_a_model_is_another_call_where_nothing_is_remembered():
    router = Router(local=ScriptedProvider(ANSWER, [TextDelta("Lyon"), END]))
    assert (await router.ask(wanted(cache=None))).text == "Paris"
    assert (await router.ask(wanted(cache=None))).text == "Lyon"


async def test_what_could_not_be_recorded_is_not_begun():
    router = Router()
    router.room.full = True
    with pytest.raises(StateUnavailable):
        await router.route(wanted())
    assert not router.local.calls
    assert router.told == []
    router.room.full = False
    assert (await router.ask(wanted())).text == "Paris"
