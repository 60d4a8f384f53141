"""Turns and tools, as a provider is asked."""

from collections.abc import Iterator, Sequence
from typing import TypeAlias

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from neuroroute.dialects.anthropic.sources import Source, document_source, image_source
from neuroroute.domain.completion import ToolCall
from neuroroute.domain.prompt import Document, Image, Message, Part, Role, Text, Tool, ToolChoice, ToolResult, ToolUse

_NOTHING = Raw(b"{}")


class _Text(Struct, tag_field="type", tag="text"):
    text: str


class _Image(Struct, tag_field="type", tag="image"):
    source: Source


class _Document(Struct, tag_field="type", tag="document", omit_defaults=True):
    source: Source
    title: str | None = None


class _ToolUse(Struct, tag_field="type", tag="tool_use"):
    id: str
    name: str
    input: Raw


class _ToolResult(Struct, tag_field="type", tag="tool_result", omit_defaults=True):
    tool_use_id: str
    content: "str | list[_Block]" = ""
    is_error: bool = False


_Block: TypeAlias = _Text | _Image | _Document | _ToolUse | _ToolResult


class Turn(Struct):
    """What one side says until the other speaks."""

    role: Role
    content: str | list[_Block]


class AskedTool(Struct, omit_defaults=True):
    """A tool that the caller runs."""

    name: str
    input_schema: dict[str, object]
    description: str | None = None
    strict: bool | None = None


class AskedChoice(Struct, omit_defaults=True):
    """Which tools are to be called."""

    type: str
    name: str | None = None
    disable_parallel_tool_use: bool | None = None


def turns_of(messages: Sequence[Message]) -> list[Turn]:
    """The conversation: turns of one side that follow each other are one, results of tools come first in it.

    Texts without a word are left out, which the language refuses, and turns that say nothing with them.
    """
    turns = list[Turn]()
    for message in messages:
        if turns and (last := turns[-1]).role is message.role:
            if isinstance(last.content, str):
                last.content = [_Text(last.content)]
            last.content.extend(_blocks_of(message))
        elif isinstance(message.content, str):
            if message.content.strip():
                turns.append(Turn(message.role, message.content))
        elif blocks := list(_blocks_of(message)):
            turns.append(Turn(message.role, blocks))
    for turn in turns:
        if not isinstance(turn.content, str):
            turn.content.sort(key=lambda block: not isinstance(block, _ToolResult))
    return turns


def _blocks_of(message: Message) -> Iterator[_Block]:
    for part in message.parts:
        if not isinstance(part, Text) or part.text.strip():
            yield _block(part)


def _block(part: Part) -> _Block:
    match part:
        case Text(text):
            return _Text(text)
        case Image(url):
            return _Image(image_source(url))
        case Document(url, name):
            return _Document(document_source(url), name)
        case ToolCall():
            return _ToolUse(part.id, part.name, arguments_of(part) or _NOTHING)
        case ToolResult():
            return _ToolResult(part.call_id, _result(part), part.failed)


def _result(result: ToolResult) -> str | list[_Block]:
    said = [_block(part) for part in result.content if not isinstance(part, Text) or part.text.strip()]
    match said:
        case []:
            return ""
        case [_Text(text)]:
            return text
        case _:
            return said


def arguments_of(call: ToolCall) -> Raw | None:
    """The arguments as the JSON object that they are; `None` when they are something else."""
    try:
        said = msgspec.json.decode(call.arguments)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return None
    return Raw(call.arguments.encode()) if isinstance(said, dict) else None


def tool_of(tool: Tool) -> AskedTool:
    """The language wants a schema of every tool, and its type in it."""
    schema: dict[str, object] = {"type": "object", **(tool.schema or {"properties": {}})}
    return AskedTool(tool.name, schema, tool.description, tool.strict)


def choice_of(choice: ToolChoice | None, *, parallel: bool | None) -> AskedChoice | UnsetType:
    """What a provider is told of the choice; only of use beside tools."""
    single = None if parallel is None else not parallel
    if choice is None:
        return UNSET if single is None else AskedChoice("auto", disable_parallel_tool_use=single)
    match choice.use:
        case ToolUse.NONE:
            return AskedChoice("none")
        case ToolUse.AUTO:
            return AskedChoice("auto", disable_parallel_tool_use=single)
        case ToolUse.REQUIRED:
            return AskedChoice("tool" if choice.name else "any", choice.name, single)
