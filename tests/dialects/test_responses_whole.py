"""A whole response, passed on word for word, and made into a stream or out of one where the provider mistook us."""

import msgspec
import pytest
from dialects.cutting import cut, heard
from dialects.responses_wire import (
    CONTENT,
    MODEL,
    OPENING,
    STREAM,
    TEXT,
    TOLD_USAGE,
    USAGE,
    data_of,
    ended,
    events,
    response,
    told_by,
)
from hypothesis import given

from neuroroute.dialects.responses.mismatched import MismatchedResponses
from neuroroute.dialects.responses.relay import ResponsesRelay
from neuroroute.domain.completion import Finished, FinishReason, Usage, Verbatim
from neuroroute.domain.errors import ProviderFailed, ProviderThrottled, ProviderUnavailable

RELAY, MISMATCHED = ResponsesRelay(), MismatchedResponses()
READINGS = pytest.mark.parametrize("reading", [RELAY, MISMATCHED], ids=["relay", "mismatched"])
BODY = msgspec.json.format(msgspec.json.encode(response()), indent=2).replace(b"\n", b"\r\n")


def body(*told, **more):
    return msgspec.json.encode(response(*told, **more))


def test_the_body_goes_on_as_it_came():
    said, end = RELAY.whole(BODY)
    assert said == Verbatim(BODY, len(TEXT))
    assert end == Finished(FinishReason.STOP, "completed", TOLD_USAGE, MODEL)


@READINGS
@pytest.mark.parametrize(
    ("told", "failure"),
    [
        (body("failed", error={"code": "server_error", "message": "Sorry."}), ProviderUnavailable),
        (body("failed", error={"code": "rate_limit_exceeded", "message": "Sorry."}), ProviderThrottled),
        (body("failed"), ProviderUnavailable),
        (body(error={"message": "Sorry."}), ProviderUnavailable),
        (b'{"error": {"message": "Sorry.", "type": "rate_limit_error"}}', ProviderThrottled),
        (b"", ProviderUnavailable),
        (b"[]", ProviderUnavailable),
        (b"<html>", ProviderUnavailable),
        (b'{"object": "response"}', ProviderUnavailable),
        (b'{"output": "text"}', ProviderUnavailable),
        (b"\xff", ProviderUnavailable),
        (b"[" * 100_000, ProviderUnavailable),
    ],
)
def test_what_is_no_answer_is_a_failure(reading, told, failure):
    with pytest.raises(failure) as raised:
        reading.whole(told)
    assert "Sorry" not in str(raised.value)


def test_a_count_may_be_written_as_any_whole_number():
    _, end = RELAY.whole(body(usage={"input_tokens": 14.0, "output_tokens": 9.0}))
    assert end.usage == Usage(prompt_tokens=14, completion_tokens=9)


@pytest.mark.parametrize(
    "usage", [None, {}, {"input_tokens": -1, "output_tokens": 2}, {"input_tokens": 10**12, "output_tokens": 2}, "many"]
)
def test_impossible_usage_is_not_believed(usage):
    _, end = RELAY.whole(body(usage=usage))
    assert end.usage is None


def test_counts_stand_without_their_details():
    _, end = RELAY.whole(body(usage=USAGE | {"input_tokens_details": 7, "output_tokens_details": None}))
    assert end.usage == Usage(prompt_tokens=14, completion_tokens=9)


@pytest.mark.parametrize(
    ("output", "characters"),
    [
        ([{"type": "function_call", "arguments": '{"a":1}'}], 7),
        ([{"type": "odd", "content": "text"}, {"type": "odd", "content": {"text": 5}}, {"content": [1, None]}], 4),
        ([], 0),
    ],
)
def test_odd_items_go_on_too(output, characters):
    told = body(output=output)
    assert next(iter(RELAY.whole(told))) == Verbatim(told, characters)


def test_a_body_where_a_stream_was_asked_for_becomes_the_shortest_one():
    said, end = MISMATCHED.whole(BODY)
    created, completed = data_of(said.data + end.verbatim)
    assert (created["type"], created["sequence_number"]) == ("response.created", 0)
    assert completed == {"type": "response.completed", "sequence_number": 1, "response": response()}
    assert (said.characters, end.usage, end.reason) == (len(TEXT), TOLD_USAGE, FinishReason.STOP)


def test_one_that_is_incomplete_ends_as_such():
    _, end = MISMATCHED.whole(body("incomplete", incomplete_details={"reason": "max_output_tokens"}))
    (last,) = data_of(end.verbatim)
    assert (last["type"], end.reason) == ("response.incomplete", FinishReason.LENGTH)


def test_one_may_be_incomplete_for_no_reason():
    told = body("incomplete", incomplete_details={"reason": None})
    assert list(RELAY.whole(told))[-1].native_reason == "incomplete"


def test_one_that_is_not_finished_has_no_end_to_tell():
    with pytest.raises(ProviderFailed, match="no end"):
        MISMATCHED.whole(body("queued"))


@given(cut(STREAM))
def test_a_stream_where_a_body_was_asked_for_becomes_the_response_of_its_end(pieces):
    said, end = heard(MISMATCHED.stream(), pieces, framed=True)
    assert msgspec.json.decode(said.data) == response()
    assert end == Finished(FinishReason.STOP, "completed", TOLD_USAGE, MODEL)
    assert told_by([said, end]) == said.data


def test_cut_at_any_byte_it_is_nothing():
    for at in range(len(STREAM)):
        reader = MISMATCHED.stream()
        assert list(reader.feed(STREAM[:at])) == []
        with pytest.raises(ProviderUnavailable, match="cut"):
            list(reader.end(framed=True))


def test_one_that_failed_is_a_failure_whatever_was_said_before():
    stream = events(*OPENING, *CONTENT, ended("failed", error={"code": "rate_limit_exceeded", "message": "Sorry."}))
    with pytest.raises(ProviderThrottled):
        heard(MISMATCHED.stream(), [stream], framed=True)
