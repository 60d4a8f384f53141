"""A whole answer of a model that speaks another language, written for callers of this one."""

from typing import Literal, TypeAlias

import msgspec
from msgspec import Raw, Struct

from neuroroute.dialects.anthropic.counts import Counts, counts_of
from neuroroute.dialects.anthropic.reasons import write_reason
from neuroroute.dialects.anthropic.turns import arguments_of
from neuroroute.dialects.caller_side import Told
from neuroroute.domain.completion import Completion

NO_INPUT = Raw(b"{}")


class WrittenText(Struct, tag_field="type", tag="text"):
    """What the model answers."""

    text: str


class WrittenThinking(Struct, tag_field="type", tag="thinking"):
    """What it thought before; no other model's maker signs its thoughts."""

    thinking: str
    signature: str = ""


class WrittenToolUse(Struct, tag_field="type", tag="tool_use"):
    """A call of a tool of the caller."""

    id: str
    name: str
    input: Raw = NO_INPUT


WrittenBlock: TypeAlias = WrittenText | WrittenThinking | WrittenToolUse


class WrittenMessage(Struct, kw_only=True):
    """A whole answer, or the beginning of one."""

    id: str
    type: Literal["message"] = "message"
    role: Literal["assistant"] = "assistant"
    model: str
    content: list[WrittenBlock]
    stop_reason: str | None = None
    stop_sequence: str | None = None
    usage: Counts


def message_id(told: Told) -> str:
    """As the language's ids look."""
    return f"msg_{told.id}"


def call_id(said: str, told: Told, place: int) -> str:
    """The call's own id, or one that is unlike any other's where a provider gives none: results refer to it."""
    return said or f"toolu_{told.id}_{place}"


def write_message(completion: Completion, told: Told) -> bytes:
    """One body: what was thought, what is said, and the calls."""
    content = list[WrittenBlock]()
    if completion.reasoning:
        content.append(WrittenThinking(completion.reasoning))
    if completion.text:
        content.append(WrittenText(completion.text))
    for place, call in enumerate(completion.tool_calls):
        content.append(WrittenToolUse(call_id(call.id, told, place), call.name, arguments_of(call) or NO_INPUT))
    finished = completion.finished
    return msgspec.json.encode(
        WrittenMessage(
            id=message_id(told),
            model=told.model,
            content=content,
            stop_reason=write_reason(finished, calls=bool(completion.tool_calls)),
            stop_sequence=finished.stop_sequence,
            usage=counts_of(finished.usage) if finished.usage else Counts(input_tokens=0, output_tokens=0),
        )
    )
