"""More streams: thoughts, several calls at once, several choices, errors in the middle, ends that are left out."""

from streams.told import (
    DONE,
    ROLE,
    START,
    STOP,
    Event,
    Stream,
    block,
    call_chunk,
    chunk,
    delta,
    message,
    stop,
    text_chunk,
)

ENDED = message("message_delta", delta={"stop_reason": "end_turn", "stop_sequence": None}, usage={"output_tokens": 29})

CHAT_STREAMS = {
    "thoughts": Stream(
        ROLE,
        chunk({"reasoning_content": "Hmm — "}, content=True),
        chunk({"reasoning_content": "雨."}, content=True),
        text_chunk("Yes."),
        chunk({}, finish="stop"),
        chunk(),
        DONE,
    ),
    "calls": Stream(
        ROLE,
        call_chunk(0, "", id="call_1", name="weather"),
        call_chunk(0, '{"city":"Oslo"}'),
        call_chunk(1, "", id="call_2", name="weather"),
        call_chunk(1, '{"city":"Kyōto"}'),
        chunk({}, finish="tool_calls"),
        chunk(),
        DONE,
    ),
    "error": Stream(
        ROLE,
        text_chunk("So f"),
        text_chunk("ar."),
        Event(b'data: {"error":{"message":"secret words","type":"server_error","code":null,"param":null}}\n\n'),
        fails=True,
    ),
    "error first": Stream(
        ROLE,
        Event(b'data: {"error":{"message":"secret words","type":"server_error","code":null,"param":null}}\n\n'),
        fails=True,
    ),
}
CHOICES = Stream(
    chunk({"role": "assistant", "content": ""}, index=0),
    chunk({"role": "assistant", "content": ""}, index=1),
    text_chunk("One", index=0),
    text_chunk("Two", index=1),
    chunk({}, index=1, finish="stop"),
    text_chunk(" more", index=0),
    chunk({}, index=0, finish="length"),
    chunk(),
    DONE,
)
"""Two at once, of which no other language knows."""
MESSAGE_STREAMS = {
    "thoughts": Stream(
        START,
        block(0, type="thinking", thinking="", signature=""),
        delta(0, "thinking_delta", "thinking", "Hmm — 雨."),
        delta(0, "signature_delta", "signature", "c2lnbmVk"),
        stop(0),
        block(1, type="text", text=""),
        delta(1, "text_delta", "text", "Yes."),
        stop(1),
        ENDED,
        STOP,
    ),
    "calls": Stream(
        START,
        block(0, type="tool_use", id="toolu_1", name="weather", input={}),
        delta(0, "input_json_delta", "partial_json", '{"city":"Oslo"}'),
        stop(0),
        block(1, type="tool_use", id="toolu_2", name="weather", input={}),
        delta(1, "input_json_delta", "partial_json", '{"city":"Kyōto"}'),
        stop(1),
        ENDED,
        STOP,
    ),
    "error": Stream(
        START,
        block(0, type="text", text=""),
        delta(0, "text_delta", "text", "So far."),
        message("error", error={"type": "api_error", "message": "secret words"}),
        fails=True,
    ),
    "error first": Stream(
        START,
        block(0, type="text", text=""),
        message("error", error={"type": "api_error", "message": "secret words"}),
        fails=True,
    ),
}
