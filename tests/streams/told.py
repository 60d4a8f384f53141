"""Streams as providers tell them: by hand, event by event, with what each event means written beside it."""

import json
from itertools import accumulate
from typing import Any, NamedTuple, final


class Event(NamedTuple):
    """One server-sent event, and what a reader is to see in it."""

    wire: bytes
    text: str = ""
    arguments: str = ""
    """Of calls of tools."""
    content: bool = False
    """Whether no other model may take over once it has come."""


@final
class Stream:
    """A whole answer."""

    def __init__(self, *events: Event, fails: bool = False, usage: tuple[int, int] = (83, 29)) -> None:
        """`fails`: its last event is an error, which no caller is shown. `usage`: the tokens read and written."""
        self.events = events
        self.fails = fails
        self.usage = usage
        self.wire = b"".join([event.wire for event in events])
        self.ends = (0, *accumulate(len(event.wire) for event in events))
        """Offsets at which so many events are whole."""
        self.first = next((at for at, event in enumerate(events) if event.content), len(events))
        """The event that is its first content."""

    def whole(self, size: int) -> int:
        """How many events the first `size` bytes hold that a caller may be shown."""
        return min(sum(end <= size for end in self.ends) - 1, len(self.events) - self.fails)

    @property
    def near_events(self) -> list[int]:
        """Where events end, and a byte before and after."""
        near = {end + by for end in self.ends for by in (-1, 0, 1)}
        return sorted(size for size in near if 0 <= size <= len(self.wire))

    def text(self, told: int) -> str:
        return "".join([event.text for event in self.events[:told]])

    def arguments(self, told: int) -> str:
        return "".join([event.arguments for event in self.events[:told]])


def _event(data: Any, name: str = "", **meaning: Any) -> Event:
    said = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return Event(f"{f'event: {name}' + chr(10) if name else ''}data: {said}\n\n".encode(), **meaning)


DONE = _event("[DONE]")
_COUNTS = {"prompt_tokens": 83, "completion_tokens": 29, "total_tokens": 112}


def chunk(delta: dict[str, Any] | None = None, *, index: int = 0, finish: str | None = None, **meaning: Any) -> Event:
    """One of OpenAI's chat."""
    choices = [] if delta is None else [{"index": index, "delta": delta, "finish_reason": finish}]
    head = {"id": "chatcmpl-7Q", "object": "chat.completion.chunk", "created": 1764000000, "model": "gpt-4o"}
    usage = {"usage": _COUNTS} if delta is None else {}
    return _event({**head, "choices": choices, **usage}, **meaning)


def text_chunk(text: str, **said: Any) -> Event:
    return chunk({"content": text}, text=text, content=True, **said)


def call_chunk(at: int, piece: str, **head: Any) -> Event:
    """`head`: the id and the name, with which a call begins."""
    function = {**({"name": head["name"]} if head else {}), "arguments": piece}
    begun = {"id": head["id"], "type": "function"} if head else {}
    return chunk({"tool_calls": [{"index": at, **begun, "function": function}]}, arguments=piece, content=True)


ROLE = chunk({"role": "assistant", "content": ""})
CHAT_STREAM = Stream(
    ROLE,
    text_chunk("Grüß dich, "),
    text_chunk("東京 🌧️!"),
    call_chunk(0, "", id="call_1", name="weather"),
    call_chunk(0, '{"city":'),
    call_chunk(0, '"Kyōto"}'),
    chunk({}, finish="tool_calls"),
    chunk(),
    DONE,
)  # fmt: skip


def message(kind: str, /, *, meaning: dict[str, Any] | None = None, **said: Any) -> Event:
    """One of Anthropic's."""
    return _event({"type": kind, **said}, kind, **(meaning or {}))


def block(index: int, **begun: Any) -> Event:
    meaning = {"content": begun["type"] == "tool_use"}
    return message("content_block_start", meaning=meaning, index=index, content_block=begun)


def delta(index: int, kind: str, field: str, said: str) -> Event:
    meaning: dict[str, Any] = {"content": True}
    if kind == "text_delta":
        meaning["text"] = said
    elif kind == "input_json_delta":
        meaning["arguments"] = said
    return message("content_block_delta", meaning=meaning, index=index, delta={"type": kind, field: said})


def stop(index: int) -> Event:
    return message("content_block_stop", index=index)


START = message(
    "message_start",
    message={
        "id": "msg_01", "type": "message", "role": "assistant", "model": "claude-sonnet-4-5", "content": [],
        "stop_reason": None, "usage": {"input_tokens": 83, "output_tokens": 1},
    },
)  # fmt: skip
ENDED = message("message_delta", delta={"stop_reason": "tool_use", "stop_sequence": None}, usage={"output_tokens": 29})
STOP = message("message_stop")
MESSAGE_STREAM = Stream(
    START,
    block(0, type="text", text=""),
    message("ping"),
    delta(0, "text_delta", "text", "Grüß dich, "),
    delta(0, "text_delta", "text", "東京 🌧️!"),
    stop(0),
    block(1, type="tool_use", id="toolu_1", name="weather", input={}),
    delta(1, "input_json_delta", "partial_json", '{"city":'),
    delta(1, "input_json_delta", "partial_json", '"Kyōto"}'),
    stop(1),
    ENDED,
    STOP,
)


def _responses(*said: tuple[str, dict[str, Any], dict[str, Any]]) -> list[Event]:
    return [
        _event({"type": f"response.{kind}", "sequence_number": number, **data}, f"response.{kind}", **meaning)
        for number, (kind, data, meaning) in enumerate(said)
    ]


_BEGUN = {"id": "resp_1", "model": "gpt-4o", "status": "in_progress", "output": []}
_SAID = {"type": "output_text", "text": "Grüß dich, 東京 🌧️!"}
_MESSAGE = {"id": "msg_1", "type": "message", "role": "assistant"}
_CALL = {"id": "fc_1", "type": "function_call", "call_id": "call_1", "name": "weather"}
_ARGUMENTS = '{"city":"Kyōto"}'
_PLACE = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
_TOKENS = {"input_tokens": 83, "output_tokens": 29, "total_tokens": 112}
_WHOLE = [{**_MESSAGE, "content": [_SAID]}, {**_CALL, "arguments": _ARGUMENTS}]
RESPONSE_STREAM = Stream(
    *_responses(
        ("created", {"response": _BEGUN}, {}),
        ("output_item.added", {"output_index": 0, "item": {**_MESSAGE, "content": []}}, {}),
        ("content_part.added", {**_PLACE, "part": {"type": "output_text", "text": ""}}, {}),
        ("output_text.delta", {**_PLACE, "delta": "Grüß dich, "}, {"text": "Grüß dich, ", "content": True}),
        ("output_text.delta", {**_PLACE, "delta": "東京 🌧️!"}, {"text": "東京 🌧️!", "content": True}),
        ("output_item.done", {"output_index": 0, "item": _WHOLE[0]}, {"content": True}),
        ("output_item.added", {"output_index": 1, "item": {**_CALL, "arguments": ""}}, {"content": True}),
        ("function_call_arguments.delta", {"item_id": "fc_1", "output_index": 1, "delta": _ARGUMENTS},
         {"arguments": _ARGUMENTS, "content": True}),
        ("output_item.done", {"output_index": 1, "item": _WHOLE[1]}, {"content": True}),
        ("completed", {"response": {**_BEGUN, "status": "completed", "output": _WHOLE, "usage": _TOKENS}}, {}),
    )
)  # fmt: skip
