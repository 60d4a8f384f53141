"""Answers of models of other languages, as callers of Anthropic's read them."""

from itertools import pairwise

import msgspec
import pytest
from dialects.anthropic.speaking import CALLER, CUT, TOLD, TRANSLATED, events_of, sse, written
from dialects.cutting import heard
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

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

USAGE = Usage(prompt_tokens=12, completion_tokens=5, cached_tokens=8, cache_write_tokens=1)
COUNTS = {
    "input_tokens": 3,
    "cache_creation_input_tokens": 1,
    "cache_read_input_tokens": 8,
    "output_tokens": 5,
}
END = Finished(FinishReason.STOP, "stop", USAGE, "gpt-4o")
ANSWER = [
    ReasoningDelta("hm"),
    TextDelta("Par"),
    TextDelta("is"),
    ToolCallDelta(0, "call_1", "f"),
    ToolCallDelta(0, arguments='{"a":'),
    ToolCallDelta(0, arguments="1}"),
    ToolCallDelta(1, "call_2", "g", "{}"),
    replace(END, reason=FinishReason.TOOL_CALL),
]


def blocks_of(stream):
    """What the blocks of a written stream add up to; each is opened and closed once, in order."""
    blocks, at = [], None
    for event in events_of(stream):
        match event["type"]:
            case "content_block_start":
                assert at is None
                at = len(blocks)
                assert event["index"] == at
                blocks.append([event["content_block"], ""])
            case "content_block_delta":
                assert event["index"] == at
                [piece] = [value for name, value in event["delta"].items() if name != "type"]
                assert piece
                blocks[-1][1] += piece
            case "content_block_stop":
                assert event["index"] == at
                at = None
            case "message_delta":
                assert at is None
    return blocks


def test_a_whole_answer():
    body = msgspec.json.decode(CALLER.write(Completion.fold(ANSWER), TOLD))
    assert body == {
        "id": f"msg_{TOLD.id}",
        "type": "message",
        "role": "assistant",
        "model": "gpt-4o",
        "content": [
            {"type": "thinking", "thinking": "hm", "signature": ""},
            {"type": "text", "text": "Paris"},
            {"type": "tool_use", "id": "call_1", "name": "f", "input": {"a": 1}},
            {"type": "tool_use", "id": "call_2", "name": "g", "input": {}},
        ],
        "stop_reason": "tool_use",
        "stop_sequence": None,
        "usage": COUNTS,
    }


def test_a_streamed_answer():
    start, ping, *_, end, stop = events_of(written(*ANSWER))
    assert start["message"] == {
        "id": f"msg_{TOLD.id}",
        "type": "message",
        "role": "assistant",
        "model": "gpt-4o",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": 7, "output_tokens": 0},
    }
    assert ping == {"type": "ping"}
    assert blocks_of(written(*ANSWER)) == [
        [{"type": "thinking", "thinking": "", "signature": ""}, "hm"],
        [{"type": "text", "text": ""}, "Paris"],
        [{"type": "tool_use", "id": "call_1", "name": "f", "input": {}}, '{"a":1}'],
        [{"type": "tool_use", "id": "call_2", "name": "g", "input": {}}, "{}"],
    ]
    delta = {"stop_reason": "tool_use", "stop_sequence": None}
    assert end == {"type": "message_delta", "delta": delta, "usage": COUNTS}
    assert stop == {"type": "message_stop"}


def test_pieces_are_told_as_they_come():
    writer = CALLER.writer(TOLD)
    told = [[event["type"] for event in events_of(writer.write(event))] for event in ANSWER]
    start, delta, stop = "content_block_start", "content_block_delta", "content_block_stop"
    assert told == [
        ["message_start", "ping", start, delta],
        [stop, start, delta],
        [delta],
        [stop, start],
        [delta],
        [delta],
        [stop, start, delta],
        [stop, "message_delta", "message_stop"],
    ]


def test_calls_that_are_told_side_by_side_come_one_after_the_other():
    answer = [
        ToolCallDelta(0, "call_1", "f"),
        ToolCallDelta(1, "call_2", "g"),
        ToolCallDelta(1, arguments='{"b":'),
        ToolCallDelta(0, arguments='{"a":1'),
        TextDelta("Wait."),
        ToolCallDelta(0, arguments="}"),
        ToolCallDelta(1, arguments="2}"),
        END,
    ]
    assert [(block.get("id"), said) for block, said in blocks_of(written(*answer))] == [
        ("call_1", '{"a":1}'),
        ("call_2", '{"b":2}'),
        (None, "Wait."),
    ]


def test_no_block_is_empty():
    assert blocks_of(written(TextDelta(""), ReasoningDelta(""), END)) == []
    assert msgspec.json.decode(CALLER.write(Completion("", END), TOLD))["content"] == []


def test_a_call_without_an_id_gets_one():
    stream = written(ToolCallDelta(1, "", "f", "{}"), END)
    whole = msgspec.json.decode(CALLER.write(Completion("", END, "", (ToolCall("", "f", "{}"),)), TOLD))
    assert blocks_of(stream)[0][0]["id"] == f"toolu_{TOLD.id}_1"
    assert whole["content"][0]["id"] == f"toolu_{TOLD.id}_0"


@pytest.mark.parametrize("arguments", ['{"a":"}', '{"a":' + "[" * 100_000 + "}"])
def test_a_call_that_never_becomes_whole_holds_back_the_next_until_the_end(arguments):
    writer = CALLER.writer(TOLD)
    before = [ToolCallDelta(0, "call_1", "f", arguments), ToolCallDelta(1, "call_2", "g", "{}")]
    told = b"".join(map(writer.write, before))
    assert [said for _, said in blocks_of(told)] == [arguments]
    assert [said for _, said in blocks_of(told + writer.write(END))] == [arguments, "{}"]


def test_broken_arguments_are_streamed_as_they_came_and_whole_are_none():
    assert blocks_of(written(ToolCallDelta(0, "c", "f", '{"a'), END))[0][1] == '{"a'
    body = CALLER.write(Completion("", END, "", (ToolCall("c", "f", '{"a'),)), TOLD)
    assert msgspec.json.decode(body)["content"][0]["input"] == {}


@pytest.mark.parametrize(
    ("reason", "sequence", "calls", "said"),
    [
        (FinishReason.STOP, None, False, "end_turn"),
        (FinishReason.STOP, "END", False, "stop_sequence"),
        (FinishReason.STOP, None, True, "tool_use"),
        (FinishReason.OTHER, None, False, "end_turn"),
        (FinishReason.OTHER, None, True, "tool_use"),
        (FinishReason.LENGTH, None, True, "max_tokens"),
        (FinishReason.FILTERED, None, False, "refusal"),
        (FinishReason.TOOL_CALL, None, True, "tool_use"),
    ],
)
def test_why_the_model_stopped(reason, sequence, calls, said):
    end = replace(END, reason=reason, stop_sequence=sequence)
    called = [ToolCallDelta(0, "c", "f", "{}")] if calls else []
    whole = msgspec.json.decode(CALLER.write(Completion.fold([*called, end]), TOLD))
    streamed = events_of(written(*called, end))[-2]["delta"]
    assert {name: whole[name] for name in streamed} == streamed == {"stop_reason": said, "stop_sequence": sequence}


def test_what_is_told_word_for_word_is_left_as_it_is():
    pieces = [Verbatim(b"event: x\ndata: 1\n\n", 1), replace(END, verbatim=sse({"type": "message_stop"}))]
    assert written(*pieces) == pieces[0].data + pieces[1].verbatim


@pytest.mark.parametrize("told", range(len(ANSWER)))
def test_an_answer_that_was_cut_ends_in_an_error_and_never_says_that_it_is_whole(told):
    writer = CALLER.writer(TOLD)
    events = events_of(b"".join(map(writer.write, ANSWER[:told])) + writer.cut(CUT))
    assert events[-1] == {
        "type": "error",
        "error": {"type": "api_error", "message": CUT.message},
        "request_id": "abc",
    }
    assert not {"message_delta", "message_stop"} & {event["type"] for event in events}


CHARACTERS = st.characters(exclude_categories=["Cs"])
OBJECTS = st.dictionaries(st.text(CHARACTERS, max_size=3), st.text(CHARACTERS, max_size=5), max_size=3)


@st.composite
def answers(draw):
    """Words, thoughts and calls in pieces, the calls told side by side."""
    calls = draw(st.lists(OBJECTS.map(lambda members: msgspec.json.encode(members).decode()), max_size=3))
    streams = [[ToolCallDelta(at, f"call_{at}", "f")] for at in range(len(calls))]
    for at, arguments in enumerate(calls):
        places = sorted({0, *draw(st.lists(st.integers(0, len(arguments)), max_size=3)), len(arguments)})
        streams[at] += [ToolCallDelta(at, arguments=arguments[a:b]) for a, b in pairwise(places)]
    streams.append(list(draw(st.lists(st.builds(TextDelta, st.text(CHARACTERS, max_size=5)), max_size=3))))
    streams.append(list(draw(st.lists(st.builds(ReasoningDelta, st.text(CHARACTERS, max_size=5)), max_size=3))))
    events = []
    while streams := [stream for stream in streams if stream]:
        events.append(draw(st.sampled_from(streams)).pop(0))
    return [*events, replace(END, reason=draw(st.sampled_from([FinishReason.LENGTH, FinishReason.FILTERED])))]


@given(answers())
def test_the_stream_adds_up_to_the_whole(events):
    completion = Completion.fold(events)
    stream = written(*events)
    assert all(block[1] for block in blocks_of(stream))
    streamed = Completion.fold(heard(TRANSLATED.stream(), [stream], framed=True))
    whole = Completion.fold(TRANSLATED.whole(CALLER.write(completion, TOLD)))

    def meaning(said):
        return said.text, said.reasoning, sorted(said.tool_calls, key=lambda call: call.id), said.finished.reason

    assert meaning(streamed) == meaning(whole) == meaning(completion)
    assert streamed.finished == whole.finished
    assert whole.finished.usage == USAGE
