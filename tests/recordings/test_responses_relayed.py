"""Recorded responses through the reading of requests and through the relay."""

import importlib.util
import json
from pathlib import Path

import pytest
from dialects.cutting import cut, heard, one_by_one
from dialects.responses_wire import told_by
from hypothesis import given, settings
from hypothesis import strategies as st

from neuroroute.dialects.responses.caller import ResponsesDialect
from neuroroute.dialects.responses.mismatched import MismatchedResponses
from neuroroute.dialects.responses.relay import ResponsesRelay
from neuroroute.domain.completion import Finished
from neuroroute.domain.errors import ProviderUnavailable

RECORDINGS = Path(__file__).parents[3] / "shared" / "recordings"
EXCHANGES = [
    pytest.param(json.loads(path.read_text()), id=path.stem)
    for path in sorted((RECORDINGS / "exchanges").glob("resp-*.json"))
]
ANSWERED = [one for one in EXCHANGES if one.values[0]["response"]["status"] == 200]
STREAMED = [one for one in ANSWERED if "event-stream" in one.values[0]["response"]["content_type"]]

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not EXCHANGES, reason="the recordings do not lie beside the project"),
]


@pytest.fixture(scope="module")
def check():
    """The judge of recorded answers."""
    spec = importlib.util.spec_from_file_location("check", RECORDINGS / "check.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def answer_of(exchange):
    return exchange["response"]["body"].encode()


def relayed(exchange, *pieces):
    if "event-stream" in exchange["response"]["content_type"]:
        return heard(ResponsesRelay().stream(), pieces, framed=True)
    return list(ResponsesRelay().whole(b"".join(pieces)))


def judged(check, exchange, body):
    return check.read_resp(200, exchange["response"]["content_type"], body.decode())


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_every_request_is_read_and_travels_as_it_came(exchange):
    body = exchange["request"]["json"]
    asked = ResponsesDialect().read(body, [])
    assert asked.model == body["model"]
    assert asked.prompt.wording.body == body
    assert asked.prompt.untranslated == ()
    assert asked.prompt.streamed == bool(body.get("stream"))
    assert asked.prompt.messages


@pytest.mark.parametrize("exchange", ANSWERED)
def test_every_answer_says_the_same(check, exchange):
    got = relayed(exchange, answer_of(exchange))
    recorded, broken = judged(check, exchange, answer_of(exchange))
    told, broken_now = judged(check, exchange, told_by(got))
    assert told == recorded
    assert broken_now <= broken
    usage, end = recorded["usage"], got[-1]
    assert isinstance(end, Finished)
    assert (end.usage.prompt_tokens, end.usage.completion_tokens) == (usage["input_tokens"], usage["output_tokens"])
    assert end.usage.reasoning_tokens == usage["output_tokens_details"]["reasoning_tokens"]
    assert end.usage.cached_tokens == usage["input_tokens_details"]["cached_tokens"]


@pytest.mark.parametrize("exchange", STREAMED)
def test_every_stream_says_the_same_byte_by_byte(check, exchange):
    body = answer_of(exchange)
    assert told_by(relayed(exchange, *one_by_one(body))) == told_by(relayed(exchange, body))


@settings(max_examples=20)
@given(st.data())
@pytest.mark.parametrize("exchange", STREAMED)
def test_and_in_any_other_pieces(exchange, data):
    body = answer_of(exchange)
    assert told_by(relayed(exchange, *data.draw(cut(body)))) == told_by(relayed(exchange, body))


@pytest.mark.parametrize("exchange", STREAMED)
def test_cut_at_any_byte_none_is_complete(exchange):
    body = answer_of(exchange)
    *_, end = whole = relayed(exchange, body)
    told, complete = told_by(whole), body.index(end.verbatim.rstrip(b"\n")) + len(end.verbatim)
    reader, sofar = ResponsesRelay().stream(), b""
    for at in range(complete - 1):
        sofar += told_by(got := list(reader.feed(body[at : at + 1])))
        assert not any(isinstance(one, Finished) for one in got)
        assert told.startswith(sofar)
    with pytest.raises(ProviderUnavailable, match="cut"):
        list(reader.end(framed=True))


@pytest.mark.parametrize("exchange", STREAMED)
def test_each_end_holds_the_whole_response(exchange):
    said, _ = heard(MismatchedResponses().stream(), [answer_of(exchange)], framed=True)
    assert json.loads(said.data)["status"] == "completed"
