"""Answers passed on word for word, to callers who speak the same."""

import msgspec
import pytest
from dialects.cutting import cut, heard, one_by_one
from dialects.openai.chat_wire import USAGE, call, calls, chunk, completion, sse, usage_chunk
from hypothesis import given
from hypothesis import strategies as st

from neuroroute.dialects.sse import MAX_EVENT_BYTES, SseReader
from neuroroute.domain.completion import Finished, FinishReason, Usage, Verbatim
from neuroroute.domain.errors import ProviderFailed, ProviderThrottled, ProviderUnavailable

DONE = b"data: [DONE]\n\n"
COUNTED = Usage(prompt_tokens=14, completion_tokens=9)
WITH_USAGE = call(stream=True, stream_options={"include_usage": True}).reading
WITHOUT = call(stream=True).reading


def relayed(stream, reading=WITH_USAGE, *, framed=True):
    return heard(reading.stream(), [stream], framed=framed)


def bytes_of(events):
    return b"".join(event.data if isinstance(event, Verbatim) else event.verbatim for event in events)


ROLE = chunk({"role": "assistant", "content": ""})
PARIS = chunk({"content": "Paris 🗼"}, unheard_of={"a": [1.0, None]})
STOP = chunk({}, "stop")
STREAM = sse(ROLE, PARIS, chunk({"content": "."}), STOP, usage_chunk(), b"[DONE]")


def test_passes_on_every_byte_of_every_event():
    events = relayed(STREAM)
    assert bytes_of(events) == STREAM
    assert events[-1] == Finished(FinishReason.STOP, "stop", COUNTED, "gpt-4o-2024-08-06", verbatim=DONE)


def test_the_end_may_be_followed_by_anything_as_clients_look_no_further():
    assert relayed(STREAM.removesuffix(b"\n\n") + b" \n\n") == relayed(STREAM)


def test_what_comes_together_goes_on_together():
    assert [type(event) for event in relayed(STREAM)] == [Verbatim, Finished]
    assert relayed(STREAM)[0].characters == len("Paris 🗼.")


def test_the_first_event_is_content():
    reader = WITH_USAGE.stream()
    empty = {"id": "c1", "choices": [], "prompt_filter_results": []}
    assert list(reader.feed(sse(empty, ROLE, chunk({"content": None, "tool_calls": None}), chunk({})))) == []
    (first,) = reader.feed(sse(PARIS))
    assert first == Verbatim(sse(empty, ROLE, chunk({"content": None, "tool_calls": None}), chunk({}), PARIS), 7)


@pytest.mark.parametrize(
    "delta",
    [
        {"content": "a"},
        {"content": [{"type": "text", "text": "a"}]},
        {"content": ["a"]},
        {"reasoning": "a"},
        {"reasoning_content": "a"},
        {"reasoning_details": [{"type": "reasoning.encrypted", "data": "a"}]},
        {"refusal": "a"},
        {"audio": {"id": "a"}},
        {"images": [{"type": "image_url"}]},
        {"annotations": [{"type": "url_citation"}]},
        {"function_call": {"name": "a"}},
        calls((0, "a", "f", "")),
        {"tool_calls": [{"index": 0, "id": "a", "type": "custom", "custom": {"name": "f", "input": ""}}]},
    ],
)
def test_everything_that_is_said_is_content(delta):
    (first,) = WITH_USAGE.stream().feed(sse(chunk(delta)))
    assert first.data == sse(chunk(delta))


def test_an_answer_that_says_nothing_is_told_at_its_end():
    stream = sse(ROLE, chunk({}, "length"), usage_chunk(), b"[DONE]")
    (end,) = relayed(stream)
    assert (end.reason, end.verbatim) == (FinishReason.LENGTH, stream)


def test_a_usage_that_the_caller_did_not_ask_for_is_counted_and_not_told():
    events = relayed(STREAM, WITHOUT)
    assert bytes_of(events) == STREAM.replace(sse(usage_chunk()), b"")
    assert events[-1].usage == COUNTED


def test_a_usage_beside_choices_is_told_and_so_is_a_chunk_without_either():
    stream = sse({"choices": [], "usage": None}, chunk({"content": "a"}, "stop", usage=USAGE), b"[DONE]")
    assert bytes_of(relayed(stream, WITHOUT)) == stream


def test_comments_are_not_passed_on_and_lines_are_split_again():
    stream = b': PROCESSING\r\n\r\nevent: x\r\ndata: {"choices":\r\ndata: [{"delta":{"content":"a"}}]}\r\n\r\n' + STREAM
    written = b'event: x\ndata: {"choices":\ndata: [{"delta":{"content":"a"}}]}\n\n' + STREAM
    assert bytes_of(relayed(stream)) == written


def test_nothing_is_passed_on_after_done():
    assert bytes_of(relayed(STREAM + STREAM + b"data: garbage\n\n")) == STREAM


def test_an_end_without_done_is_one_when_all_choices_and_http_say_so():
    both = [chunk({"content": "a"}, index=0), chunk({"content": "b"}, index=1)]
    ends = [chunk({}, "stop", index=0), chunk({}, "stop", index=1)]
    assert bytes_of(relayed(sse(*both, *ends))) == sse(*both, *ends, b"[DONE]")
    for stream, framed in ((sse(*both, *ends), False), (sse(*both, ends[0]), True), (sse(*both), True), (b"", True)):
        with pytest.raises(ProviderUnavailable, match="cut"):
            relayed(stream, framed=framed)


def test_a_choice_that_has_ended_stays_so():
    stream = sse(PARIS, STOP, chunk({"content": ""}, usage=USAGE))
    assert bytes_of(relayed(stream)) == stream + DONE


def test_tells_why_the_first_choice_ended():
    stream = sse(chunk({"content": "a"}, "length", index=1), chunk(calls((0, "a", "f", "{}")), "stop"), b"[DONE]")
    assert relayed(stream)[-1].reason is FinishReason.TOOL_CALL
    assert relayed(sse(chunk({"refusal": "No."}, "stop"), b"[DONE]"))[-1].reason is FinishReason.FILTERED


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (sse({"error": {"message": "secret", "code": "rate_limit_exceeded"}}), ProviderThrottled),
        (sse({"error": "secret"}), ProviderUnavailable),
        (sse({"object": "error", "message": "secret", "type": "t", "code": 500}), ProviderUnavailable),
        (b'event: error\ndata: {"message":"secret"}\n\n', ProviderUnavailable),
    ],
)
def test_an_error_is_a_failure_and_never_passed_on(error, failure):
    with pytest.raises(failure) as before:
        relayed(sse(ROLE) + error)
    events = WITH_USAGE.stream().feed(sse(ROLE, PARIS) + error + STREAM)
    assert next(events).data == sse(ROLE, PARIS)
    with pytest.raises(failure) as after:
        next(events)
    assert before.value.words == after.value.words
    assert "secret" not in f"{after.value}{after.value.words}"


BROKEN = {"error": {"message": "secret", "code": 502}}


def test_how_choices_ended_is_passed_on_from_beside_an_error():
    ended = chunk({"content": "x"}, "error")
    events = WITH_USAGE.stream().feed(sse(ROLE, PARIS, BROKEN | ended, b"[DONE]"))
    assert next(events).data == sse(ROLE, PARIS, ended)
    with pytest.raises(ProviderUnavailable):
        next(events)
    with pytest.raises(ProviderUnavailable):
        relayed(sse(ROLE, BROKEN | ended))


def test_why_groq_broke_off_is_an_error():
    with pytest.raises(ProviderUnavailable):
        relayed(sse(ROLE, PARIS, chunk({}, x_groq={"id": "r", "error": "over_capacity"}), b"[DONE]"))


@pytest.mark.parametrize("error", [None, {}, "", False])
def test_an_error_that_says_nothing_is_none(error):
    stream = sse(chunk({"content": "a"}, "stop", error=error, x_groq={"error": error}), b"[DONE]")
    assert bytes_of(relayed(stream)) == stream


@pytest.mark.parametrize("data", [b"{", b"hello", b"\xff", b"[]", b"[" * 100_000, b'{"choices":7}', b'{"choices":[7]}'])
def test_garbage_is_a_failure_after_what_was_said(data):
    events = WITH_USAGE.stream().feed(sse(PARIS, data))
    assert next(events).data == sse(PARIS)
    with pytest.raises(ProviderUnavailable):
        next(events)


def test_a_provider_that_says_nothing_for_ever_is_given_up():
    reader, nothing = WITH_USAGE.stream(), sse(chunk({}, padding="x" * 65_000))
    with pytest.raises(ProviderUnavailable, match="said nothing"):
        heard(reader, [nothing] * (MAX_EVENT_BYTES // 65_000 + 1), framed=True)


def test_a_whole_answer_is_its_body():
    body = completion({"content": "Paris"}, unheard_of=1.50)
    told, end = call().reading.whole(body)
    assert told == Verbatim(body, 5)
    assert end == Finished(FinishReason.STOP, "stop", COUNTED, "gpt-4o-2024-08-06")


@pytest.mark.parametrize("body", [b"", b"{}", b"<html>", b'{"choices":[]}', b'{"error":{"code":500}}', STREAM])
def test_a_body_that_is_no_answer_is_a_failure(body):
    with pytest.raises(ProviderUnavailable):
        call().reading.whole(body)


@given(cut(STREAM), st.sampled_from([b"\n", b"\r\n", b"\r"]), st.sampled_from([(WITH_USAGE, STREAM), (WITHOUT, None)]))
def test_any_cutting_passes_on_the_same_bytes(pieces, line_end, relay):
    reading, whole = relay
    whole = whole or STREAM.replace(sse(usage_chunk()), b"")
    events = heard(reading.stream(), pieces, framed=True)
    assert bytes_of(events) == whole
    assert sum(event.characters for event in events[:-1]) == len("Paris 🗼.")
    assert bytes_of(heard(reading.stream(), one_by_one(STREAM.replace(b"\n", line_end)), framed=True)) == whole


def test_cut_at_any_byte_it_passes_on_whole_events_and_no_end():
    for at in range(len(STREAM) - 1):
        reader = WITH_USAGE.stream()
        events = list(reader.feed(STREAM[:at]))
        told = bytes_of(events)
        assert not any(isinstance(event, Finished) for event in events)
        assert STREAM.startswith(told)
        assert told == b"" or told.endswith(b"\n\n")
        with pytest.raises(ProviderUnavailable, match="cut"):
            list(reader.end(framed=False))


LINES = st.lists(
    st.sampled_from([b"data: [DONE]", b"", b"event: error", *STREAM.splitlines()]) | st.binary(max_size=10), max_size=12
)


@given(st.data(), LINES)
def test_whatever_comes_is_passed_on_the_same_or_fails(data, lines):
    stream = b"\n".join(lines) + b"\n\n"

    def told(pieces):
        reader, said = WITH_USAGE.stream(), []
        try:
            for piece in pieces:
                said.extend(reader.feed(piece))
            said.extend(reader.end(framed=True))
        except ProviderFailed as failure:
            said.append(type(failure))
        kinds = [event for event in said if not isinstance(event, Verbatim)]
        return b"".join(event.data for event in said if isinstance(event, Verbatim)), kinds

    whole, kinds = told([stream])
    assert told(data.draw(cut(stream)))[1] == kinds
    for event in SseReader().feed(whole):
        msgspec.json.decode(event.data)
