"""Recorded exchanges in OpenAI's chat language: passed on word for word, requests and answers."""

import msgspec
import pytest
from dialects.cutting import cut, heard, one_by_one
from dialects.openai.chat_wire import CALLER, CARD, PROVIDER
from hypothesis import given, settings
from hypothesis import strategies as st
from recordings.recorded import answered, exchanges, load_check, streamed

from neuroroute.domain.completion import Finished, Verbatim
from neuroroute.domain.errors import ProviderFailed, ProviderUnavailable

EXCHANGES = exchanges("openai-chat")
ANSWERED = [case for case in answered(EXCHANGES) if "error_in_200" not in case.values[0]["features"]]
STREAMED = streamed(ANSWERED)
BROKEN_OFF = [case for case in answered(EXCHANGES) if case not in ANSWERED]

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not EXCHANGES, reason="the recordings do not lie beside the project"),
]


@pytest.fixture(scope="module")
def check():
    return load_check()


def answer_of(exchange):
    return exchange["response"]["body"].encode()


def prompt_of(exchange):
    return CALLER.read(exchange["request"]["json"], ()).prompt


def reading_of(exchange):
    return PROVIDER.call(prompt_of(exchange), CARD).reading


def relayed(exchange, *pieces):
    pieces, reading = pieces or [answer_of(exchange)], reading_of(exchange)
    if "event-stream" in exchange["response"]["content_type"]:
        return heard(reading.stream(), pieces, framed=True)
    return list(reading.whole(b"".join(pieces)))


def data_of(events):
    return b"".join([event.data if isinstance(event, Verbatim) else event.verbatim for event in events])


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_every_field_of_a_request_is_passed_on(exchange, check):
    body = exchange["request"]["json"]
    lost, added = [], []
    sent = msgspec.json.decode(PROVIDER.call(prompt_of(exchange), CARD).body)
    check.lost(body, sent, "", lost, added, {"model"})
    assert lost == []
    assert [note for note in added if "stream_options added" not in note] == []
    assert PROVIDER.drops(prompt_of(exchange)) == ()


@pytest.mark.parametrize("exchange", ANSWERED)
def test_an_answer_says_the_same(exchange, check):
    kind = exchange["response"]["content_type"]
    recorded, broken = check.read_chat(200, kind, answer_of(exchange).decode())
    told, still_broken = check.read_chat(200, kind, data_of(relayed(exchange)).decode())
    differences = []
    check.same_chat(differences, [], recorded, told)
    assert (differences, still_broken - broken) == ([], set())


@pytest.mark.parametrize("exchange", ANSWERED)
def test_what_it_took_and_why_it_ended_are_known_as_recorded(exchange, check):
    kind = exchange["response"]["content_type"]
    recorded, _ = check.read_chat(200, kind, answer_of(exchange).decode())
    end, usage = relayed(exchange)[-1], recorded["usage"]
    assert end.native_reason == (recorded["choices"][0]["finish"] or "")
    if usage is None:
        assert end.usage is None
    else:
        assert (end.usage.prompt_tokens, end.usage.completion_tokens) == (usage["prompt"], usage["completion"])
        assert end.usage.cached_tokens == usage.get("cached", 0)
        assert end.usage.reasoning_tokens == usage.get("reasoning", 0)


@pytest.mark.parametrize("exchange", ANSWERED)
def test_it_is_as_long_as_what_it_says(exchange, check):
    kind = exchange["response"]["content_type"]
    recorded, _ = check.read_chat(200, kind, answer_of(exchange).decode())
    words = sum(
        len(choice["text"]) + len(choice["reasoning"]) + len(choice["refusal"])
        for choice in recorded["choices"].values()
    )
    said = sum(event.characters for event in relayed(exchange)[:-1])
    assert said >= words
    assert said == words or any(choice["tools"] for choice in recorded["choices"].values())


@pytest.mark.parametrize("exchange", BROKEN_OFF)
def test_an_error_in_the_midst_fails_after_what_was_said(exchange, check):
    events = reading_of(exchange).stream().feed(answer_of(exchange))
    said = next(events)
    with pytest.raises(ProviderFailed, match="reports an error") as failed:
        next(events)
    assert failed.value.words.code
    recorded, _ = check.read_chat(200, "text/event-stream", answer_of(exchange).decode())
    passed_on, _ = check.read_chat(200, "text/event-stream", said.data.decode())
    assert passed_on["choices"] == recorded["choices"]


@pytest.mark.parametrize("exchange", STREAMED)
@given(data=st.data())
@settings(max_examples=10)
def test_any_cutting_gives_the_same_bytes(exchange, data):
    assert data_of(relayed(exchange, *data.draw(cut(answer_of(exchange))))) == data_of(relayed(exchange))


@pytest.mark.parametrize("exchange", STREAMED)
def test_fed_byte_by_byte_it_is_whole_at_its_very_end_and_not_before(exchange):
    whole = answer_of(exchange)
    reader, events = reading_of(exchange).stream(), []
    for at, byte in enumerate(one_by_one(whole)):
        events += reader.feed(byte)
        if any(isinstance(event, Finished) for event in events):
            assert whole[at + 1 :].strip() == b""
            break
    assert data_of(events) == data_of(relayed(exchange))


@pytest.mark.parametrize("exchange", STREAMED)
def test_cut_between_any_two_events_it_is_never_whole(exchange):
    events = answer_of(exchange).split(b"\n\n")
    for place in range(events.index(b"data: [DONE]")):
        reader = reading_of(exchange).stream()
        told = list(reader.feed(b"\n\n".join(events[:place]) + b"\n\n"))
        assert not any(isinstance(event, Finished) for event in told)
        with pytest.raises(ProviderUnavailable, match="cut"):
            list(reader.end(framed=False))


@pytest.mark.parametrize("exchange", [case for case in EXCHANGES if case not in answered(EXCHANGES)])
def test_what_a_provider_says_of_its_failure_is_known(exchange):
    body = answer_of(exchange)
    error = msgspec.json.decode(body)["error"]
    words = PROVIDER.words(body)
    assert (words.message, words.type, words.code) == (error["message"], error.get("type"), str(error["code"]))
