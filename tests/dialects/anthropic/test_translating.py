"""A provider's answers in Anthropic's language, for callers of another."""

import msgspec
import pytest
from dialects.anthropic.speaking import (
    PING,
    STOP,
    STREAM,
    TRANSLATED,
    begun,
    ending,
    piece,
    sse,
    started,
    stopped,
)
from dialects.cutting import cut, heard, one_by_one
from hypothesis import given

from neuroroute.domain.completion import (
    Completion,
    Finished,
    FinishReason,
    ReasoningDelta,
    TextDelta,
    ToolCall,
    ToolCallDelta,
    Usage,
)
from neuroroute.domain.errors import ProviderThrottled, ProviderUnavailable, ProviderWords

USAGE = Usage(prompt_tokens=114, completion_tokens=42, cached_tokens=100, reasoning_tokens=9)
EVENTS = [
    ReasoningDelta("Capitals… "),
    ReasoningDelta("東京?"),
    TextDelta("I look "),
    TextDelta("that up 🗼."),
    ToolCallDelta(0, "toolu_1", "lookup"),
    ToolCallDelta(0, arguments='{"of": "Fra'),
    ToolCallDelta(0, arguments='nce"}'),
    ToolCallDelta(1, "toolu_2", "now"),
    ToolCallDelta(1, arguments="{}"),
    Finished(FinishReason.TOOL_CALL, "tool_use", USAGE, "claude"),
]


def read(*pieces):
    return heard(TRANSLATED.stream(), pieces, framed=True)


def test_reads_thoughts_words_and_calls():
    assert read(STREAM) == EVENTS


@given(cut(STREAM))
def test_any_cutting_gives_the_same_answer(pieces):
    assert read(*pieces) == EVENTS


def test_byte_by_byte_too():
    assert read(*one_by_one(STREAM)) == EVENTS


def test_a_whole_answer_is_what_its_stream_adds_up_to():
    body = msgspec.json.encode(
        {
            "type": "message",
            "model": "claude",
            "content": [
                {"type": "thinking", "thinking": "Capitals… 東京?", "signature": "EqQB"},
                {"type": "redacted_thinking", "data": "Em8K"},
                {"type": "text", "text": "I look that up 🗼.", "citations": None},
                {"type": "advisor_tool_result", "text": {"not": "text"}, "id": 7},
                {"type": "tool_use", "id": "toolu_1", "name": "lookup", "input": {"of": "France"}},
                {"type": "tool_use", "id": "toolu_2", "name": "now", "input": {}},
            ],
            "stop_reason": "tool_use",
            "usage": {
                "input_tokens": 14,
                "cache_read_input_tokens": 100,
                "output_tokens": 42,
                "output_tokens_details": {"thinking_tokens": 9},
            },
        }
    )
    whole = Completion.fold(TRANSLATED.whole(body))
    streamed = Completion.fold(EVENTS)
    calls = (ToolCall("toolu_1", "lookup", '{"of":"France"}'), ToolCall("toolu_2", "now", "{}"))
    assert whole == msgspec.structs.replace(streamed, tool_calls=calls)


def test_arguments_of_a_call_are_compact_and_keep_their_digits():
    body = b'{"content":[{"type":"tool_use","id":"t","name":"f","input":{ "a" : 1.10, "b": 12345678901234567890123 }}]}'
    [call] = Completion.fold(TRANSLATED.whole(body)).tool_calls
    assert call.arguments == '{"a":1.10,"b":12345678901234567890123}'


def test_a_call_may_be_told_at_its_beginning():
    call = begun(0, "tool_use", id="t", name="f", input={"a": 1})
    assert read(sse(started(), call, stopped(0), ending("tool_use"), STOP))[:2] == [
        ToolCallDelta(0, "t", "f"),
        ToolCallDelta(0, arguments='{"a":1}'),
    ]


def test_words_may_be_told_at_the_beginning_of_their_block():
    stream = sse(started(), begun(0, "thinking", thinking="hm"), begun(1, "text", text="Par"), ending(), STOP)
    assert read(stream)[:2] == [ReasoningDelta("hm"), TextDelta("Par")]


def test_tells_before_which_text_it_stopped():
    end = read(sse(started(), ending("stop_sequence", sequence="END", output_tokens=1), STOP))[-1]
    assert (end.reason, end.stop_sequence) == (FinishReason.STOP, "END")


def test_the_later_word_wins_and_what_it_leaves_out_stands():
    begun = started(input_tokens=3, cache_read_input_tokens=2, output_tokens=1)
    told = [ending(input_tokens=5, output_tokens=7), ending("max_tokens", cache_creation_input_tokens=1), ending(None)]
    end = read(sse(begun, *told, STOP))[-1]
    usage = Usage(prompt_tokens=8, completion_tokens=7, cached_tokens=2, cache_write_tokens=1)
    assert (end.reason, end.usage) == (FinishReason.LENGTH, usage)


def test_a_full_window_is_a_length():
    assert read(sse(started(), ending("model_context_window_exceeded"), STOP))[-1].reason is FinishReason.LENGTH


@pytest.mark.parametrize("stream", [
    b'event: error\ndata: {"error":{"type":"rate_limit_error"}}\n\n',
    b'data: {"type":"message_start","message":{},"error":{"type":"rate_limit_error"}}\n\n',
])  # fmt: skip
def test_an_error_is_one_whatever_it_calls_itself(stream):
    with pytest.raises(ProviderThrottled):
        read(stream)


def test_an_overloaded_provider_is_known_by_its_status():
    with pytest.raises(ProviderUnavailable) as caught:
        read(sse(started(), PING, {"type": "error", "error": {"type": "overloaded_error", "message": "secret"}}))
    assert caught.value.status == 529
    assert caught.value.words == ProviderWords(type="overloaded_error")
    assert "secret" not in str(caught.value)


def test_cut_at_any_byte_it_is_never_whole_and_says_no_more_than_it_was_told():
    for at in range(len(STREAM)):
        reader = TRANSLATED.stream()
        events = list(reader.feed(STREAM[:at]))
        assert events == EVENTS[: len(events)]
        assert not any(isinstance(event, Finished) for event in events)
        with pytest.raises(ProviderUnavailable, match="cut"):
            list(reader.end(framed=True))


def test_a_piece_of_no_block_that_we_know_says_nothing():
    stream = sse(started(), piece(7, "input_json_delta", partial_json="{}"), stopped(7), ending(), STOP)
    assert [type(event) for event in read(stream)] == [Finished]


def test_a_piece_of_a_kind_that_came_after_us_says_nothing_whatever_it_means():
    said = [begun(0, "table", text=["a"]), piece(0, "table_delta", text={"row": 1}), stopped(0)]
    assert list(TRANSLATED.stream().feed(sse(started(), *said))) == []
