"""A provider's answers in Anthropic's language, word for word."""

import msgspec
import pytest
from dialects.anthropic.speaking import (
    CARD,
    PING,
    PROVIDER,
    RELAYED,
    STOP,
    STREAM,
    begun,
    ending,
    events_of,
    piece,
    sse,
    started,
)
from dialects.cutting import cut, heard, one_by_one
from hypothesis import given

from neuroroute.domain.completion import Finished, FinishReason, Usage, Verbatim
from neuroroute.domain.errors import ProviderFailed, ProviderThrottled, ProviderUnavailable, ProviderWords
from neuroroute.domain.model import Wire
from neuroroute.domain.prompt import Message, Prompt, Role, Wording

USAGE = Usage(prompt_tokens=114, completion_tokens=42, cached_tokens=100, reasoning_tokens=9)
CHARACTERS = sum(map(len, ["Capitals… ", "東京?", "I look ", "that up 🗼.", '{"query":"x"}', '{"of": "France"}']))
TEXT = piece(0, "text_delta", text="Par")


def read(*pieces):
    return heard(RELAYED.stream(), pieces, framed=True)


def data_of(events):
    return b"".join([event.verbatim if isinstance(event, Finished) else event.data for event in events])


def check(events):
    assert data_of(events) == STREAM
    *pieces, end = events
    assert sum(event.characters for event in pieces) == CHARACTERS
    expected = Finished(FinishReason.TOOL_CALL, "tool_use", USAGE, "claude", verbatim=sse(STOP))
    assert end == expected


def test_every_event_is_handed_on_as_it_came():
    events = read(STREAM)
    check(events)
    assert len(events) == 2, "what came together is handed on together"


@given(cut(STREAM))
def test_any_cutting_gives_the_same_bytes(pieces):
    check(read(*pieces))


def test_byte_by_byte_too():
    check(read(*one_by_one(STREAM)))


def test_cut_at_any_byte_it_is_never_whole_and_hands_on_no_more_than_it_was_told():
    for at in range(len(STREAM)):
        reader = RELAYED.stream()
        events = list(reader.feed(STREAM[:at]))
        assert STREAM[:at].startswith(data_of(events))
        assert not any(isinstance(event, Finished) for event in events)
        with pytest.raises(ProviderUnavailable, match="cut"):
            list(reader.end(framed=True))


@pytest.mark.parametrize(
    "first",
    [
        TEXT,
        piece(0, "signature_delta", signature="EqQB"),
        piece(0, "new_delta", thing=1),
        begun(0, "text", text="Par"),
        begun(0, "tool_use", id="t", name="f", input={}),
        begun(0, "server_tool_use", id="t", name="f", input={}),
        begun(0, "web_search_tool_result", tool_use_id="t", content=[]),
        begun(0, "redacted_thinking", data="Em8K"),
        begun(0, "new_block", text=["not", "a", "text"]) | {"content_block": {"type": "new_block"}},
    ],
)
def test_nothing_is_handed_on_before_the_first_content(first):
    before = [started(input_tokens=1), PING, begun(0, "text", text=""), piece(0, "text_delta", text=""), PING]
    before += [begun(0, "thinking", thinking="", signature="")]
    reader = RELAYED.stream()
    assert [list(reader.feed(sse(event))) for event in before] == [[]] * len(before)
    [event] = reader.feed(sse(first))
    assert event.data == sse(*before, first)


def test_an_answer_of_nothing_is_its_end_alone():
    stream = sse(started(input_tokens=3), ending(output_tokens=1), STOP)
    usage = Usage(prompt_tokens=3, completion_tokens=1)
    assert read(stream) == [Finished(FinishReason.STOP, "end_turn", usage, "claude", verbatim=stream)]


def test_a_stop_sequence_is_told():
    end = read(sse(started(), TEXT, ending("stop_sequence", sequence="END"), STOP))[-1]
    assert (end.reason, end.native_reason, end.stop_sequence) == (FinishReason.STOP, "stop_sequence", "END")


@pytest.mark.parametrize(
    "later",
    [
        {"type": "audio", "delta": [1], "message": 7, "usage": {}, "content_block": "x"},
        begun(1, "table", text=["a", "b"]),
        piece(0, "table_delta", text={"row": 1}),
    ],
)
def test_what_came_after_us_is_handed_on_whatever_it_means(later):
    stream = sse(TEXT, later)
    assert data_of(RELAYED.stream().feed(stream)) == stream


def test_data_of_several_lines_stays_of_several_lines_and_comments_are_not_handed_on():
    stream = b': hello\r\nevent: content_block_stop\r\ndata: {"type":\r\ndata: "content_block_stop"}\r\nid: 7\r\n\r\n'
    expected = b'event: content_block_stop\ndata: {"type":\ndata: "content_block_stop"}\n\n'
    assert data_of(RELAYED.stream().feed(sse(TEXT) + stream)) == sse(TEXT) + expected


def test_an_event_without_a_name_gets_that_of_its_data():
    [event] = RELAYED.stream().feed(b"data: " + msgspec.json.encode(TEXT) + b"\n\n")
    assert events_of(event.data) == [TEXT]


@pytest.mark.parametrize(
    ("kind", "failure"), [("overloaded_error", ProviderUnavailable), ("rate_limit_error", ProviderThrottled)]
)
@pytest.mark.parametrize("before", [[], [TEXT]])
def test_an_error_is_never_handed_on(kind, failure, before):
    stream = sse(started(), *before, {"type": "error", "error": {"type": kind, "message": "secret"}})
    events = RELAYED.stream().feed(stream)
    if before:
        assert next(events).data == sse(started(), *before)
    with pytest.raises(failure) as caught:
        next(events)
    assert caught.value.words == ProviderWords(type=kind)


@pytest.mark.parametrize(
    "data", [b"{", b"hello", b"\xff", b"[]", b"{}", b'{"type":7}', b'{"type":"message_start","message":7}',
             b'{"type":"content_block_delta","delta":{"text":7}}', b"[" * 100_000],
)  # fmt: skip
def test_nonsense_is_never_handed_on(data):
    with pytest.raises(ProviderUnavailable):
        read(sse(TEXT) + b"data: " + data + b"\n\n")


def test_a_whole_answer_is_handed_on_as_it_came():
    content = (
        b'[{"type":"text","text":"\xc3\xa9t\xc3\xa9"},{"type":"thinking","thinking":"hm"},{"type":"new","text":7},'
    )
    content += b'{"type":"tool_use","id":"t","name":"f","input":{"a":1}}]'
    body = b'{ "content":%s, "stop_reason":"refusal","model":"claude", "future": 1 }' % content
    assert list(RELAYED.whole(body)) == [
        Verbatim(body, 3 + 2 + 1 + len('{"a":1}')),
        Finished(FinishReason.FILTERED, "refusal", None, "claude"),
    ]


@pytest.mark.parametrize("body", [
    b"", b"null", b"<html>", b"{}", b'{"content":"x"}', b'{"content":[{}]}', b'{"content":[{"type":"text","text":7}]}',
    b'{"type":"error","error":{"type":"overloaded_error"}}',
])  # fmt: skip
def test_a_body_that_is_no_answer_is_a_failure(body):
    with pytest.raises(ProviderUnavailable):
        list(RELAYED.whole(body))


COUNT = PROVIDER.call(
    Prompt((Message(Role.USER, "x"),), wording=Wording(wire=Wire.COUNT_TOKENS, body={"messages": []})), CARD
).reading


def test_a_count_of_tokens_is_handed_on_as_it_came():
    body = b'{ "input_tokens": 7, "future": 1 }'
    assert list(COUNT.whole(body)) == [Verbatim(body, 0), Finished(FinishReason.STOP, "counted", Usage())]


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"type":"error","error":{}}'])
def test_a_body_that_counts_nothing_is_a_failure(body):
    with pytest.raises(ProviderFailed):
        list(COUNT.whole(body))
