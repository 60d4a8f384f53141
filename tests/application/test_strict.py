"""Who wants nothing left out is answered by a model that can be told everything, or refused."""

import pytest
from application.scripted import Router, ScriptedProvider
from factories import RoutingRequestFactory

from neuroroute.domain.errors import NotCarried
from neuroroute.domain.model import Wire
from neuroroute.domain.prompt import Message, Prompt, Role, Wording
from neuroroute.domain.routing import Pin, Requirements

pytestmark = pytest.mark.anyio


class Fluent(ScriptedProvider):
    """Speaks the caller's language."""

    def drops(self, prompt):
        return ()


def asked(*, strict=True, **requirements):
    wording = Wording(wire=Wire.MESSAGES, body={"top_k": 5})
    prompt = Prompt((Message(Role.USER, "Capital?"),), wording=wording, untranslated=("top_k",))
    return RoutingRequestFactory.build(
        prompt=prompt, requirements=Requirements(**requirements), strict=strict, cache=None
    )


async def answered_by(router, request):
    async with await router.route(request) as answer:
        await answer.whole()
        return answer.card.id, tuple(answer.dropped)


async def test_the_choice_falls_on_a_model_that_can_be_told_everything():
    router = Router(anthropic=Fluent())
    assert await answered_by(router, asked()) == ("anthropic", ())


async def test_without_being_strict_something_may_be_left_out_and_is_named():
    router = Router()
    _, dropped = await answered_by(router, asked(strict=False))
    assert dropped == ("top_k",)


@pytest.mark.parametrize("requirements", [{}, {"model": "openai", "pin": Pin.ONLY}])
async def test_where_nobody_can_be_told_everything_the_fields_are_named(requirements):
    with pytest.raises(NotCarried) as refused:
        await Router().route(asked(**requirements))
    assert refused.value.fields == ("top_k",)


async def test_of_a_pinned_model_and_its_fallbacks_those_that_can_be_told_everything_are_asked():
    router = Router(anthropic=Fluent())
    request = asked(model="openai", pin=Pin.ONLY, fallbacks=("anthropic",))
    assert await answered_by(router, request) == ("anthropic", ())
