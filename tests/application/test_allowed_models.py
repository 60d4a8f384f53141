"""A key's list of models holds on every way to an answer."""

import pytest
from application.scripted import Router, ScriptedProvider, wanted

from neuroroute.domain.access import Caller
from neuroroute.domain.errors import AllCandidatesFailed, ModelNotAllowed, ProviderUnavailable
from neuroroute.domain.model import ModelId
from neuroroute.domain.record import Outcome
from neuroroute.domain.routing import Requirements

pytestmark = pytest.mark.anyio


def key(*models):
    """The same key, whatever it may ask."""
    return Caller("0123456789Ab", models=frozenset(map(ModelId, models)) if models else None)


async def test_a_model_outside_the_list_is_never_asked():
    router = Router()
    with pytest.raises(ModelNotAllowed):
        await router.route(wanted("openai", caller=key("anthropic")))
    assert not router.openai.calls
    assert (router.record.outcome, router.record.error) == (Outcome.REJECTED, "ModelNotAllowed")


async def test_nobody_outside_the_list_takes_over_when_the_allowed_one_fails():
    router = Router(anthropic=ScriptedProvider([ProviderUnavailable("away")]))
    with pytest.raises(AllCandidatesFailed):
        await router.route(wanted("anthropic", caller=key("anthropic")))
    assert not router.local.calls
    assert not router.openai.calls


async def test_an_answer_from_before_a_model_left_the_list_is_not_told_again():
    router = Router()
    asked = {"requirements": Requirements()}
    async with await router.route(wanted(caller=key(), **asked)) as answer:
        await answer.whole()
    first = answer.card.id
    others = {"local", "openai", "anthropic"} - {first}
    async with await router.route(wanted(caller=key(*others), **asked)) as answer:
        await answer.whole()
        assert answer.cached is None
        assert answer.card.id in others


async def test_an_answer_of_a_model_that_the_caller_named_is_not_told_after_it_left_the_list():
    router = Router()
    await router.ask(wanted("openai", caller=key()))
    with pytest.raises(ModelNotAllowed):
        await router.route(wanted("openai", caller=key("local")))
    await router.ask(wanted("openai", caller=key("openai")))
    assert len(router.openai.calls) == 1
