"""Recorded exchanges through the domain's nouns: what can be said in Anthropic's language still means the same."""

import json

import msgspec
import pytest
from dialects.anthropic.speaking import CALLER, CARD, PROVIDER, TOLD, TRANSLATED, written
from dialects.cutting import cut, heard
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from recordings.recorded import answered, exchanges, load_check, streamed

from neuroroute.domain.completion import Completion

EXCHANGES = exchanges("anthropic-messages")
CHATS = exchanges("openai-chat")
ANSWERED = answered(EXCHANGES)

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not EXCHANGES, reason="the recordings do not lie beside the project"),
]


@pytest.fixture(scope="module")
def check():
    return load_check()


def events_of(exchange):
    body = exchange["response"]["body"].encode()
    if "event-stream" in exchange["response"]["content_type"]:
        return heard(TRANSLATED.stream(), [body], framed=True)
    return list(TRANSLATED.whole(body))


def assert_means_the_same(body, check):
    """A caller's request, read and asked again from the nouns alone."""
    prompt = CALLER.read(body, []).prompt
    card = replace(CARD, max_tokens=1_000_000)
    sent = msgspec.json.decode(PROVIDER.call(replace(prompt, wording=None), card).body)
    tools = [tool for tool in body.get("tools", []) if "input_schema" in tool]
    differences = []
    check.same_meaning(differences, [], check.MSG, {**body, "tools": tools}, check.MSG, sent, set())
    assert differences == []


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_a_request_means_the_same(exchange, check):
    assert_means_the_same(exchange["request"]["json"], check)


@pytest.mark.parametrize("exchange", CHATS)
def test_a_request_of_the_other_language_restated_in_this_means_the_same(exchange, check):
    assert_means_the_same({**check.msg_request_from_chat(exchange["request"]["json"]), "model": "auto"}, check)


@pytest.mark.parametrize("exchange", ANSWERED)
def test_an_answer_means_the_same(exchange, check):
    response = exchange["response"]
    recorded = check.msg_as_chat(check.read_msg(200, response["content_type"], response["body"])[0])
    completion = Completion.fold(events_of(exchange))
    assert completion.text == recorded["text"]
    assert completion.reasoning == recorded["reasoning"]
    calls = [{"id": call.id, "name": call.name, "args": json.loads(call.arguments)} for call in completion.tool_calls]
    assert calls == recorded["tools"]
    usage = completion.finished.usage
    assert (usage.prompt_tokens, usage.completion_tokens) == (
        recorded["usage"]["prompt"],
        recorded["usage"]["completion"],
    )
    assert usage.cached_tokens == recorded["cached"]


@pytest.mark.parametrize("exchange", ANSWERED)
def test_written_again_it_keeps_the_rules_of_the_language(exchange, check):
    events = events_of(exchange)
    stream, broken = check.read_msg(200, "text/event-stream", written(*events).decode())
    whole, also_broken = check.read_msg(200, "application/json", CALLER.write(Completion.fold(events), TOLD).decode())
    assert (broken, also_broken) == (set(), set())
    assert stream["stop"] == whole["stop"]
    assert stream["usage"] == whole["usage"]
    if [block["type"] for block in stream["blocks"]] == [block["type"] for block in whole["blocks"]]:
        assert stream["blocks"] == whole["blocks"]
    assert check.msg_as_chat(stream)["text"] == check.msg_as_chat(whole)["text"]


@pytest.mark.parametrize("exchange", streamed(ANSWERED))
@given(data=st.data())
@settings(max_examples=20)
def test_any_cutting_gives_the_same_events(exchange, data):
    pieces = data.draw(cut(exchange["response"]["body"].encode()))
    assert heard(TRANSLATED.stream(), pieces, framed=True) == events_of(exchange)
