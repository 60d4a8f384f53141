"""Recorded exchanges through the domain's nouns: what can be said in OpenAI's chat language still means the same."""

import msgspec
import pytest
from dialects.anthropic.speaking import CALLER as MESSAGES_CALLER
from dialects.anthropic.speaking import TRANSLATED as MESSAGES
from dialects.cutting import cut, heard
from dialects.openai.chat_wire import CALLER, CARD, PROVIDER
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from recordings.recorded import answered, exchanges, load_check, streamed

from neuroroute.dialects.caller_side import Told
from neuroroute.domain.completion import Completion
from neuroroute.domain.prompt import Message, Prompt, Role

EXCHANGES = exchanges("openai-chat")
MESSAGES_EXCHANGES = exchanges("anthropic-messages")
ANSWERED = [case for case in answered(EXCHANGES) if "error_in_200" not in case.values[0]["features"]]
TRANSLATED = PROVIDER.call(Prompt((Message(Role.USER, "Hi"),)), CARD).reading
TOLD = Told(id="0" * 32, model="auto", created=1_700_000_000, prompt_tokens=3, tells_usage=True)
STREAM = "text/event-stream"

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not EXCHANGES, reason="the recordings do not lie beside the project"),
]


@pytest.fixture(scope="module")
def check():
    return load_check()


def events_of(exchange, reading, *pieces):
    pieces = pieces or [exchange["response"]["body"].encode()]
    if STREAM in exchange["response"]["content_type"]:
        return heard(reading.stream(), pieces, framed=True)
    return list(reading.whole(b"".join(pieces)))


def recorded(exchange, read):
    response = exchange["response"]
    return read(200, response["content_type"], response["body"])[0]


def written(events, caller):
    writer = caller.writer(TOLD)
    return b"".join(map(writer.write, events)).decode(), caller.write(Completion.fold(events), TOLD).decode()


def asked_again(body, caller):
    """A caller's request, read and asked again from the nouns alone."""
    prompt = caller.read(body, ()).prompt
    return msgspec.json.decode(PROVIDER.call(replace(prompt, wording=None), replace(CARD, max_tokens=10**9)).body)


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_a_request_means_the_same(exchange, check):
    body = exchange["request"]["json"]
    tools = [tool for tool in body.get("tools", []) if "function" in tool]
    choice = {"any": "required"}.get(str(body.get("tool_choice")), body.get("tool_choice"))  # Mistral's word
    differences = []
    said = {**body, "tools": tools, "tool_choice": choice}
    check.same_meaning(differences, [], check.CHAT, said, check.CHAT, asked_again(body, CALLER), set())
    assert differences == []


@pytest.mark.parametrize("exchange", MESSAGES_EXCHANGES)
def test_a_request_of_the_other_language_means_the_same(exchange, check):
    body = check.chat_request_from_msg(exchange["request"]["json"])
    if body is None or not body["messages"]:
        pytest.skip("the request says nothing that this language can")
    differences = []
    check.same_meaning(differences, [], check.CHAT, body, check.CHAT, asked_again(body, CALLER), set())
    assert differences == []


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_a_request_restated_in_the_other_language_means_the_same(exchange, check):
    body = check.msg_request_from_chat(exchange["request"]["json"])
    differences = []
    check.same_meaning(differences, [], check.MSG, body, check.CHAT, asked_again(body, MESSAGES_CALLER), set())
    assert differences == []


@pytest.mark.parametrize("exchange", ANSWERED)
def test_an_answer_told_in_the_other_language_means_the_same(exchange, check):
    stream, whole = written(events_of(exchange, TRANSLATED), MESSAGES_CALLER)
    for kind, body in ((STREAM, stream), ("application/json", whole)):
        told, broken = check.read_msg(200, kind, body)
        differences = []
        check.cross_msg(differences, [], recorded(exchange, check.read_chat), told)
        assert (differences, broken) == ([], set())


@pytest.mark.parametrize("exchange", answered(MESSAGES_EXCHANGES))
def test_an_answer_of_the_other_language_told_in_this_means_the_same(exchange, check):
    stream, whole = written(events_of(exchange, MESSAGES), CALLER)
    for kind, body in ((STREAM, stream), ("application/json", whole)):
        told, broken = check.read_chat(200, kind, body)
        differences = []
        check.cross_chat(differences, [], recorded(exchange, check.read_msg), told)
        assert (differences, broken) == ([], set())


@pytest.mark.parametrize("exchange", streamed(ANSWERED))
@given(data=st.data())
@settings(max_examples=10)
def test_any_cutting_gives_the_same_events(exchange, data):
    pieces = data.draw(cut(exchange["response"]["body"].encode()))
    assert events_of(exchange, TRANSLATED, *pieces) == events_of(exchange, TRANSLATED)
