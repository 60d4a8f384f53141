"""Answers written for callers of OpenAI's chat language, read again by its own reader and by its SDK's types."""

import msgspec
import pytest
from dialects.cutting import heard
from dialects.openai.chat_wire import CALLER, CARD, PROVIDER
from hypothesis import given
from hypothesis import strategies as st
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from neuroroute.dialects.caller_side import ApiError, Told
from neuroroute.dialects.sse import SseReader
from neuroroute.domain.completion import (
    Completion,
    Finished,
    FinishReason,
    ReasoningDelta,
    TextDelta,
    ToolCall,
    ToolCallDelta,
    Usage,
    Verbatim,
)
from neuroroute.domain.prompt import Message, Prompt, Role

READING = PROVIDER.call(Prompt((Message(Role.USER, "Hi"),)), CARD).reading
USAGE = Usage(prompt_tokens=14, completion_tokens=9, cached_tokens=6, cache_write_tokens=3, reasoning_tokens=4)
FINISHED = Finished(FinishReason.STOP, "end_turn", USAGE, "claude")
SAID = Completion("Paris", FINISHED, "Hm.", (ToolCall("a", "f", '{"x":1}'),))


def told(*, tells_usage=True):
    return Told(id="0" * 32, model="claude", created=1_700_000_000, prompt_tokens=3, tells_usage=tells_usage)


def written(*events, **options):
    """Each chunk of a stream, its end apart."""
    writer = CALLER.writer(told(**options))
    events = [event.data for event in SseReader().feed(b"".join(map(writer.write, events)))]
    assert events.pop() == b"[DONE]"
    return [msgspec.json.decode(event) for event in events]


def deltas(*events):
    return [choice["delta"] for chunk in written(*events) for choice in chunk["choices"]]


def test_writes_a_whole_answer():
    assert msgspec.json.decode(CALLER.write(SAID, told())) == {
        "id": "chatcmpl-" + "0" * 32,
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": "claude",
        "choices": [
            {
                "index": 0,
                "message": {
                    "role": "assistant",
                    "content": "Paris",
                    "refusal": None,
                    "reasoning_content": "Hm.",
                    "tool_calls": [{"id": "a", "type": "function", "function": {"name": "f", "arguments": '{"x":1}'}}],
                },
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {
            "prompt_tokens": 14,
            "completion_tokens": 9,
            "total_tokens": 23,
            "prompt_tokens_details": {"cached_tokens": 6, "cache_write_tokens": 3},
            "completion_tokens_details": {"reasoning_tokens": 4},
        },
    }


def test_a_whole_answer_of_calls_alone_has_no_content():
    said = msgspec.json.decode(CALLER.write(Completion("", FINISHED, "", SAID.tool_calls), told()))
    assert said["choices"][0]["message"]["content"] is None
    assert msgspec.json.decode(CALLER.write(Completion("", FINISHED), told()))["choices"][0]["message"]["content"] == ""


def test_writes_who_speaks_then_what_then_why_it_ended_then_what_it_took():
    role, paris, why, usage = written(TextDelta("Paris"), FINISHED)
    assert role["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert paris == {
        "id": "chatcmpl-" + "0" * 32,
        "object": "chat.completion.chunk",
        "created": 1_700_000_000,
        "model": "claude",
        "choices": [{"index": 0, "delta": {"content": "Paris"}, "logprobs": None, "finish_reason": None}],
    }
    assert (why["choices"][0]["delta"], why["choices"][0]["finish_reason"]) == ({}, "stop")
    assert (usage["choices"], usage["usage"]["total_tokens"]) == ([], 23)


def test_writes_thoughts_and_calls_in_pieces():
    call = (ToolCallDelta(0, "a", "f", ""), ToolCallDelta(0, "", "", '{"x"'), ToolCallDelta(0, "", "", ":1}"))
    assert deltas(ReasoningDelta("Hm."), *call, FINISHED)[1:-1] == [
        {"reasoning_content": "Hm."},
        {"tool_calls": [{"index": 0, "id": "a", "type": "function", "function": {"name": "f", "arguments": ""}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": '{"x"'}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": ":1}"}}]},
    ]


def test_a_call_without_arguments_has_an_empty_object_of_them():
    none = Completion("", FINISHED, "", (ToolCall("a", "f", ""), ToolCall("b", "g", "")))
    whole = msgspec.json.decode(CALLER.write(none, told()))["choices"][0]["message"]["tool_calls"]
    assert [call["function"]["arguments"] for call in whole] == ["{}", "{}"]
    assert deltas(*none.replay())[-2] == {
        "tool_calls": [{"index": index, "function": {"arguments": "{}"}} for index in (0, 1)]
    }


def test_tells_the_usage_of_a_stream_to_who_asked_for_it():
    assert [chunk["choices"] == [] for chunk in written(FINISHED)] == [False, False, True]
    assert [chunk["choices"] == [] for chunk in written(FINISHED, tells_usage=False)] == [False, False]
    unknown = msgspec.structs.replace(FINISHED, usage=None)
    assert [chunk["choices"] == [] for chunk in written(unknown)] == [False, False]
    assert "usage" not in msgspec.json.decode(CALLER.write(Completion("a", unknown), told()))


@pytest.mark.parametrize(
    ("reason", "word"),
    [
        (FinishReason.STOP, "stop"),
        (FinishReason.LENGTH, "length"),
        (FinishReason.TOOL_CALL, "tool_calls"),
        (FinishReason.FILTERED, "content_filter"),
        (FinishReason.OTHER, "stop"),
    ],
)
def test_says_why_a_model_stopped(reason, word):
    finished = msgspec.structs.replace(FINISHED, reason=reason)
    assert msgspec.json.decode(CALLER.write(Completion("a", finished), told()))["choices"][0]["finish_reason"] == word
    assert written(finished)[1]["choices"][0]["finish_reason"] == word


def test_passes_on_what_is_told_word_for_word():
    writer = CALLER.writer(told())
    end = msgspec.structs.replace(FINISHED, verbatim=b"data: [DONE]\n\n")
    assert writer.write(Verbatim(b"data: x\n\n", 1)) + writer.write(end) == b"data: x\n\ndata: [DONE]\n\n"


def test_a_cut_answer_ends_in_an_error_and_is_never_done():
    writer = CALLER.writer(told())
    writer.write(TextDelta("Par"))
    error = ApiError(status=502, message="The provider cut its answer short", code="provider_failed", request_id="r")
    (event,) = SseReader().feed(writer.cut(error))
    assert msgspec.json.decode(event.data) == {
        "error": {
            "message": "The provider cut its answer short",
            "type": "server_error",
            "param": None,
            "code": "provider_failed",
        }
    }


WORDS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)
ARGUMENTS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)
TEXTS = st.builds(TextDelta, WORDS) | st.builds(ReasoningDelta, WORDS)
REASONS = st.sampled_from([FinishReason.STOP, FinishReason.LENGTH, FinishReason.FILTERED])


@st.composite
def answers(draw):
    events = draw(st.lists(TEXTS, max_size=5))
    calls = draw(st.lists(st.tuples(WORDS, WORDS, st.lists(ARGUMENTS, max_size=3)), max_size=3))
    for index, (native, name, pieces) in enumerate(calls):
        events.append(ToolCallDelta(index, native, name, ""))
        events += [ToolCallDelta(index, "", "", piece) for piece in pieces]
    reason = FinishReason.TOOL_CALL if calls else draw(REASONS)
    return [*events, Finished(reason, "native", USAGE, "claude")]


def meaning(completion):
    finished = completion.finished
    calls = [(call.id, call.name, call.arguments or "{}") for call in completion.tool_calls]
    return completion.text, completion.reasoning, calls, finished.reason, finished.usage, finished.model


@given(answers())
def test_a_stream_and_a_whole_say_the_same_and_what_was_said(events):
    said = Completion.fold(events)
    writer = CALLER.writer(told())
    stream = b"".join(map(writer.write, events))
    whole = CALLER.write(said, told())
    assert meaning(Completion.fold(heard(READING.stream(), [stream], framed=True))) == meaning(said)
    assert meaning(Completion.fold(READING.whole(whole))) == meaning(said)
    ChatCompletion.model_validate_json(whole, strict=True)
    for event in SseReader().feed(stream)[:-1]:
        ChatCompletionChunk.model_validate_json(event.data, strict=True)
