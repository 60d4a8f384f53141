"""A streamed response, passed on word for word."""

import pytest
from dialects.cutting import cut, heard, one_by_one
from dialects.responses_wire import (
    COMMITTED,
    CONTENT,
    MODEL,
    OPENING,
    STREAM,
    TEXT,
    TOLD_USAGE,
    delta,
    ended,
    events,
    item_event,
    message,
    response,
    told_by,
)
from hypothesis import given

from neuroroute.dialects.responses.relay import ResponsesRelay
from neuroroute.domain.completion import Finished, FinishReason, Verbatim
from neuroroute.domain.errors import ProviderFailed, ProviderRefused, ProviderThrottled, ProviderUnavailable

RELAY = ResponsesRelay()


def read(*pieces):
    return heard(RELAY.stream(), pieces, framed=True)


def test_every_event_goes_on_as_it_came_the_last_one_as_the_end():
    said, end = read(STREAM)
    assert said == Verbatim(events(*OPENING, *CONTENT), len(TEXT))
    last = STREAM.removeprefix(said.data)
    assert end == Finished(FinishReason.STOP, "completed", TOLD_USAGE, MODEL, verbatim=last)


@given(cut(STREAM))
def test_any_cutting_gives_the_same_bytes(pieces):
    got = read(*pieces)
    assert told_by(got) == STREAM
    assert sum(one.characters for one in got if isinstance(one, Verbatim)) == len(TEXT)


def test_byte_by_byte_every_event_goes_on_as_soon_as_it_is_whole():
    got = read(*one_by_one(STREAM))
    assert told_by(got) == STREAM
    assert len(got) == len(CONTENT) + 1


@pytest.mark.parametrize("line_end", [b"\r\n", b"\r"])
def test_with_other_line_ends_too(line_end):
    assert told_by(read(STREAM.replace(b"\n", line_end))) == STREAM


def test_data_of_several_lines_stays_such():
    stream = b'event: response.x.delta\ndata: {"type": "response.x.delta",\ndata: "delta": "a"}\n\n' + STREAM
    assert told_by(read(stream)) == stream


def test_cut_at_any_byte_it_says_what_came_whole_and_never_that_it_is_complete():
    for at in range(len(STREAM)):
        reader = RELAY.stream()
        got = list(reader.feed(STREAM[:at]))
        told = told_by(got)
        assert STREAM.startswith(told)
        assert bool(told) == (at >= COMMITTED)
        assert all(isinstance(one, Verbatim) for one in got)
        with pytest.raises(ProviderUnavailable, match="cut"):
            list(reader.end(framed=True))


@pytest.mark.parametrize(
    "content",
    [
        delta("x"),
        delta("x", "reasoning_summary_text"),
        delta("{", "function_call_arguments"),
        delta("x", "nobody_heard_of"),
        item_event("output_item.added", {"type": "function_call", "name": "weather"}),
        item_event("output_item.added", {"type": "web_search_call"}),
        item_event("output_item.done", {"type": "reasoning", "encrypted_content": "…"}),
    ],
    ids=lambda one: one["type"] + one.get("item", {}).get("type", ""),
)
def test_what_a_model_says_is_content_with_all_that_came_before(content):
    stream = events(*OPENING, content)
    assert told_by(RELAY.stream().feed(stream)) == stream


@pytest.mark.parametrize("idle", [*OPENING, delta(""), {"type": "response.queued"}, {"type": "keepalive"}, {}])
def test_that_something_has_begun_is_not(idle):
    assert list(RELAY.stream().feed(events({"type": "response.created"}, {"type": ""} | idle))) == []


def test_nothing_is_read_after_the_end():
    assert told_by(read(STREAM + b"data: [DONE]\n\n" + STREAM)) == STREAM
    assert told_by(read(STREAM, b"data: [DONE]\n\n")) == STREAM


def test_comments_are_no_part_of_it():
    assert told_by(read(b": OPENROUTER PROCESSING\n\n" + STREAM)) == STREAM


def test_an_end_without_content_is_an_answer_all_the_same():
    stream = events(*OPENING, ended(output=[]))
    got = read(stream)
    assert told_by(got) == stream
    assert isinstance(got[-1], Finished)


REFUSAL = {"type": "refusal", "refusal": "No."}
ERROR = {"type": "error", "code": "server_error", "message": "Sorry.", "param": None}


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (ERROR, ProviderUnavailable),
        ({"type": "error", "error": {"code": "server_error", "message": "Sorry."}}, ProviderUnavailable),
        ({"type": "response.odd", "error": {"message": "Sorry."}}, ProviderUnavailable),
        (ERROR | {"code": "rate_limit_exceeded"}, ProviderThrottled),
        (ERROR | {"code": "invalid_prompt"}, ProviderRefused),
        (ERROR | {"code": "invalid_image_url"}, ProviderRefused),
    ],
)
@pytest.mark.parametrize("before", [[], OPENING, [*OPENING, *CONTENT]], ids=["nothing", "opening", "content"])
def test_an_error_event_is_a_failure_after_what_was_said_before_it(before, error, failure):
    got = []
    with pytest.raises(failure) as raised:
        got.extend(RELAY.stream().feed(events(*before, error)))
    assert told_by(got) == (events(*before) if CONTENT[0] in before else b"")
    assert "Sorry" not in f"{raised.value} {raised.value.words}"
    assert raised.value.words.type is None


@pytest.mark.parametrize(
    ("code", "failure"), [("server_error", ProviderUnavailable), ("rate_limit_exceeded", ProviderThrottled)]
)
def test_a_response_that_failed_before_it_said_anything_is_a_failure(code, failure):
    with pytest.raises(failure) as raised:
        read(events(*OPENING, ended("failed", error={"code": code, "message": "Sorry."})))
    assert (raised.value.words.code, raised.value.words.message) == (code, None)


def test_one_that_failed_later_says_so_itself():
    stream = events(*OPENING, *CONTENT, ended("failed", error={"code": "server_error", "message": "Sorry."}))
    *_, end = got = read(stream)
    assert told_by(got) == stream
    assert (end.reason, end.native_reason) == (FinishReason.OTHER, "failed")


@pytest.mark.parametrize(
    "nonsense",
    [b"data: {\n\n", b"data: [DONE]\n\n", b"data: []\n\n", b"data: \xff\n\n", b"data: " + b"[" * 100_000 + b"\n\n"],
)
def test_nonsense_is_a_failure_after_what_was_said_before_it(nonsense):
    got = []
    with pytest.raises(ProviderUnavailable):
        got.extend(RELAY.stream().feed(events(*OPENING, *CONTENT) + nonsense))
    assert told_by(got) == events(*OPENING, *CONTENT)


def test_a_provider_that_never_comes_to_the_point_is_not_waited_for_without_bound():
    begun = events({"type": "response.created", "instructions": "x" * (1 << 20)})
    with pytest.raises(ProviderFailed, match="without content"):
        read(*[begun] * 20)


@pytest.mark.parametrize(
    ("told", "reason", "native"),
    [
        (response(), FinishReason.STOP, "completed"),
        (response(output=[message(), {"type": "function_call"}]), FinishReason.TOOL_CALL, "completed"),
        (response(output=[{"type": "web_search_call"}, message()]), FinishReason.STOP, "completed"),
        (response(output=[{"type": "message", "content": [REFUSAL]}]), FinishReason.FILTERED, "completed"),
        (
            response("incomplete", incomplete_details={"reason": "max_output_tokens"}),
            FinishReason.LENGTH,
            "max_output_tokens",
        ),
        (
            response("incomplete", incomplete_details={"reason": "content_filter"}),
            FinishReason.FILTERED,
            "content_filter",
        ),
        (response("incomplete"), FinishReason.OTHER, "incomplete"),
        (response("queued"), FinishReason.OTHER, "queued"),
    ],
)
def test_knows_why_a_model_stopped(told, reason, native):
    stream = events(*OPENING, *CONTENT, {"type": "response.completed", "response": told})
    end = read(stream)[-1]
    assert (end.reason, end.native_reason) == (reason, native)
