"""Recorded exchanges in Anthropic's language: passed on word for word, requests and answers."""

import msgspec
import pytest
from dialects.anthropic.speaking import CALLER, CARD, PROVIDER, RELAYED, TRANSLATED
from dialects.cutting import cut, heard, one_by_one
from hypothesis import given, settings
from hypothesis import strategies as st
from recordings.recorded import answered, exchanges, load_check, streamed

from neuroroute.domain.completion import Completion, Finished, Verbatim
from neuroroute.domain.errors import ProviderUnavailable

EXCHANGES = exchanges("anthropic-messages")
ANSWERED = answered(EXCHANGES)
STREAMED = streamed(ANSWERED)

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not EXCHANGES, reason="the recordings do not lie beside the project"),
]


@pytest.fixture(scope="module")
def check():
    return load_check()


def answer_of(exchange):
    return exchange["response"]["body"].encode()


def relayed(*pieces, streamed):
    return heard(RELAYED.stream(), pieces, framed=True) if streamed else list(RELAYED.whole(b"".join(pieces)))


def data_of(events):
    return b"".join([event.data if isinstance(event, Verbatim) else event.verbatim for event in events])


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_every_field_of_a_request_is_passed_on(exchange, check):
    body = exchange["request"]["json"]
    prompt = CALLER.read(body, []).prompt
    lost, added = [], []
    sent = msgspec.json.decode(PROVIDER.call(prompt, CARD).body)
    check.lost(body, sent, "", lost, added, {"model"})
    assert (lost, added) == ([], [])
    assert PROVIDER.drops(prompt) == ()


@pytest.mark.parametrize("exchange", ANSWERED)
def test_an_answer_says_the_same(exchange, check):
    kind, body = exchange["response"]["content_type"], answer_of(exchange)
    events = relayed(body, streamed="event-stream" in kind)
    recorded, broken = check.read_msg(200, kind, body.decode())
    told, still_broken = check.read_msg(200, kind, data_of(events).decode())
    differences = []
    check.same_msg(differences, [], recorded, told)
    assert (differences, still_broken - broken) == ([], set())


@pytest.mark.parametrize("exchange", ANSWERED)
def test_what_it_took_is_known_as_when_it_is_translated(exchange):
    body, is_stream = answer_of(exchange), "event-stream" in exchange["response"]["content_type"]
    end = relayed(body, streamed=is_stream)[-1]
    translated = TRANSLATED.stream().feed(body) if is_stream else TRANSLATED.whole(body)
    finished = Completion.fold(translated).finished
    assert msgspec.structs.replace(end, verbatim=b"") == finished
    assert finished.usage is not None


@pytest.mark.parametrize("exchange", STREAMED)
@given(data=st.data())
@settings(max_examples=20)
def test_any_cutting_gives_the_same_bytes(exchange, data):
    whole = answer_of(exchange)
    assert data_of(relayed(*data.draw(cut(whole)), streamed=True)) == data_of(relayed(whole, streamed=True))


@pytest.mark.parametrize("exchange", STREAMED)
def test_fed_byte_by_byte_it_is_whole_at_its_very_end_and_not_before(exchange):
    whole = answer_of(exchange)
    reader, events = RELAYED.stream(), []
    for at, byte in enumerate(one_by_one(whole)):
        events += reader.feed(byte)
        if any(isinstance(event, Finished) for event in events):
            assert whole[at + 1 :].strip() == b""
            break
    assert data_of(events) == data_of(relayed(whole, streamed=True))


@pytest.mark.parametrize("exchange", STREAMED)
def test_cut_between_any_two_events_it_is_never_whole(exchange):
    events = answer_of(exchange).split(b"\n\n")
    at_stop = next(place for place, event in enumerate(events) if b"message_stop" in event)
    for place in range(at_stop):
        with pytest.raises(ProviderUnavailable, match="cut"):
            relayed(b"\n\n".join(events[:place]) + b"\n\n", streamed=True)


@pytest.mark.parametrize("exchange", [one for one in EXCHANGES if one not in ANSWERED])
def test_what_a_provider_says_of_its_failure_is_known(exchange):
    body = answer_of(exchange)
    error = msgspec.json.decode(body)["error"]
    words = PROVIDER.words(body)
    assert (words.type, words.message) == (error["type"], error["message"])
