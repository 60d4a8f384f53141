"""Tools and the choice among them, as callers write them."""

from collections.abc import Iterator
from typing import Annotated, Final

from msgspec import Meta, Struct

from neuroroute.dialects.anthropic.contents import Blocks
from neuroroute.dialects.fields import read, unread
from neuroroute.domain.prompt import Tool, ToolChoice, ToolUse

MAX_TOOL_NAME: Final = 256

_TOOL: Final = frozenset({"type", "name", "description", "input_schema", "strict"})
_CHOICE: Final = frozenset({"type", "name", "disable_parallel_tool_use"})
_USES: Final = {"auto": ToolUse.AUTO, "any": ToolUse.REQUIRED, "none": ToolUse.NONE}

_Name = Annotated[str, Meta(min_length=1, max_length=MAX_TOOL_NAME)]


class _ServerTool(Struct):
    """One that the provider runs itself; other members are its own."""

    type: str
    name: _Name | None = None


class _Tool(Struct):
    name: _Name
    input_schema: dict[str, object]
    description: str | None = None
    strict: bool | None = None


class _Choice(Struct):
    type: str
    name: str | None = None
    disable_parallel_tool_use: bool | None = None


def read_tools(said: Blocks, untranslated: list[str]) -> tuple[Tool, ...]:
    """Those that the caller runs; others are `untranslated`.

    Raises:
        InvalidRequest: naming the field.
    """
    return tuple(_tools(said, untranslated))


def _tools(said: Blocks, untranslated: list[str]) -> Iterator[Tool]:
    for at, fields in enumerate(said):
        path = f"tools[{at}]"
        if "input_schema" not in fields and fields.get("type", "custom") != "custom":
            read(_ServerTool, fields, path)
            untranslated.append(path)
            continue
        tool = read(_Tool, fields, path)
        untranslated += unread(fields, _TOOL, path)
        yield Tool(name=tool.name, description=tool.description, schema=tool.input_schema, strict=tool.strict)


def read_choice(said: dict[str, object] | None, untranslated: list[str]) -> tuple[ToolChoice | None, bool | None]:
    """Which tools are to be called, and whether several may be.

    Raises:
        InvalidRequest: naming the field.
    """
    if said is None:
        return None, None
    choice = read(_Choice, said, "tool_choice")
    untranslated += unread(said, _CHOICE, "tool_choice")
    parallel = None if choice.disable_parallel_tool_use is None else not choice.disable_parallel_tool_use
    if choice.type == "tool" and choice.name is not None:
        return ToolChoice(ToolUse.REQUIRED, choice.name), parallel
    if choice.type in _USES:
        return ToolChoice(_USES[choice.type]), parallel
    untranslated.append("tool_choice")
    return None, parallel
