"""A pinned model is asked again whatever came of it before, and replaced only by whom the caller names."""

import pytest
from application.scripted import ANSWER, Router, ScriptedProvider, wanted
from factories import CallerFactory, RoutingRequestFactory

from neuroroute.domain.errors import (
    AllCandidatesFailed,
    NothingFits,
    ProviderMisconfigured,
    ProviderThrottled,
    ProviderUnavailable,
)
from neuroroute.domain.health import MIN_CALLS
from neuroroute.domain.model import Ability, ModelId
from neuroroute.domain.record import Outcome
from neuroroute.domain.routing import Pin, Requirements

pytestmark = pytest.mark.anyio

REFUSALS = [
    ProviderMisconfigured("401", status=401),
    ProviderMisconfigured("403", status=403),
    ProviderMisconfigured("404", status=404),
    ProviderThrottled("429", retry_after=60.0),
]


def pinned(model, *fallbacks, **request):
    asked = Requirements(model=model, pin=Pin.ONLY, fallbacks=fallbacks)
    return wanted(requirements=asked, cache=None, **request)


@pytest.mark.parametrize("failure", REFUSALS, ids=str)
async def test_one_refusal_never_stops_the_next_request_to_a_pinned_model(failure):
    router = Router(openai=ScriptedProvider([failure], ANSWER))
    with pytest.raises(AllCandidatesFailed):
        await router.route(pinned("openai"))
    assert (await router.ask(pinned("openai"))).text == "Paris"


def ours(**required):
    """The choice is ours, of one model alone: the only one that the key may ask."""
    only = CallerFactory.build(models=frozenset({ModelId("openai")}))
    return RoutingRequestFactory.build(caller=only, requirements=Requirements(**required), cache=None)


@pytest.mark.parametrize("failure", REFUSALS, ids=str)
async def test_one_refusal_never_stops_the_next_request_to_the_only_model_there_is(failure):
    router = Router(openai=ScriptedProvider([failure], ANSWER))
    with pytest.raises(AllCandidatesFailed):
        await router.route(ours())
    assert (await router.ask(ours())).text == "Paris"


@pytest.mark.parametrize("request_of", [lambda: pinned("openai"), ours])
async def test_not_even_an_open_breaker_or_a_failed_probe_does(request_of):
    down = ProviderUnavailable("it is down", status=503)
    router = Router(openai=ScriptedProvider(*[[down]] * 2 * MIN_CALLS, ANSWER))
    for _ in range(2 * MIN_CALLS):
        with pytest.raises(AllCandidatesFailed):
            await router.route(request_of())
    router.health.show("openai", router.health.of("openai").after_probe("down", at=1.0, now=1.0))
    assert (await router.ask(request_of())).text == "Paris"
    assert not router.local.calls
    assert not router.anthropic.calls


async def test_whom_the_caller_names_takes_its_place_and_nobody_else():
    down = ScriptedProvider([ProviderUnavailable("it is down", status=503)])
    router = Router(openai=down, local=down)
    async with await router.route(pinned("openai", "local", "anthropic")) as answer:
        assert answer.card.id == "anthropic"
        assert [attempt.model for attempt in answer.failures] == ["openai", "local"]
        assert answer.selection.model == "openai"
        assert answer.switched is None
    with pytest.raises(AllCandidatesFailed):
        await router.route(pinned("openai", "local"))


async def test_the_prompt_is_counted_only_when_somebodys_room_depends_on_it():
    router = Router()
    await router.ask(pinned("openai"))
    await router.ask(ours(most_tokens=5))
    assert router.tokens.times == 0
    await router.ask(ours(most_tokens=10**9))
    assert router.tokens.times == 1


async def test_what_nobody_can_answer_is_rejected_and_recorded_without_its_reasons():
    router = Router()
    with pytest.raises(NothingFits, match="openai: it is not known to take audio"):
        await router.route(ours(abilities=frozenset({Ability.AUDIO})))
    assert (router.record.outcome, router.record.error) == (Outcome.REJECTED, "NothingFits")
