"""What a provider is asked in OpenAI's language, when the caller speaks another one."""

import msgspec
import pytest
from factories import ModelCardFactory

from neuroroute.dialects.openai.provider import OpenAIDialect
from neuroroute.domain.model import Wire
from neuroroute.domain.prompt import Message, Prompt, Role, Sampling, Wording

DIALECT = OpenAIDialect()
ASKED = Prompt((Message(Role.SYSTEM, "Be brief."), Message(Role.USER, "Capital?")), Sampling(max_tokens=10))
CARD = ModelCardFactory.build(max_tokens=100)


def asked(prompt=ASKED, **card):
    return msgspec.json.decode(DIALECT.call(prompt, ModelCardFactory.build(max_tokens=100, **card)).body)


def test_asks_in_the_providers_words():
    assert asked(upstream="gpt-4o-mini") == {
        "model": "gpt-4o-mini",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Capital?"}],
        "max_tokens": 10,
    }


def test_names_no_model_where_whichever_is_loaded_shall_answer():
    assert "model" not in asked(upstream=None)


def test_asks_for_no_longer_answer_than_the_model_writes():
    assert asked(Prompt(ASKED.messages, Sampling(max_tokens=10**9)))["max_tokens"] == 100


def test_but_for_the_caller_of_a_wire_language_as_long_as_it_says():
    wording = Wording(wire=Wire.MESSAGES, body={})
    assert asked(Prompt(ASKED.messages, Sampling(max_tokens=101), wording=wording))["max_tokens"] == 101


@pytest.mark.parametrize("model", ["o3-mini", "gpt-5", "openai/gpt-5-nano"])
def test_bounds_the_answers_of_models_that_think_in_their_own_word(model):
    body = asked(upstream=model)
    assert (body["max_completion_tokens"], "max_tokens" in body) == (10, False)


def test_leaves_out_what_is_left_to_the_provider_but_not_a_temperature_of_zero():
    assert asked(Prompt(ASKED.messages)).keys() == {"model", "messages"}
    assert asked(Prompt(ASKED.messages, Sampling(temperature=0.0)))["temperature"] == 0


def test_asks_for_the_usage_of_a_stream():
    body = asked(Prompt(ASKED.messages, streamed=True))
    assert (body["stream"], body["stream_options"]) == (True, {"include_usage": True})


def test_shows_its_key_and_needs_none():
    assert DIALECT.headers("sk-1") == (("authorization", "Bearer sk-1"),)
    assert DIALECT.headers(None) == ()
