"""Which tools a simulated model calls: those it must, and those that a marker in the prompt names."""

import re
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from neuroroute.infrastructure.simulated.conversation import Turn, WantedTool, last_answer
from neuroroute.infrastructure.simulated.wire import Unanswerable

_OPEN: Final = "[[call:"
_MARKER: Final = re.compile(r"\[\[call:([\w.-]+(?:\s*,\s*[\w.-]+)*)\]\]")


class ToolChoice(Struct, frozen=True, kw_only=True):
    """What the caller lets or makes the model do with its tools."""

    tools: tuple[WantedTool, ...]
    forbidden: bool = False
    required: bool = False
    """Some tool must be called."""
    named: str | None = None
    """This one must be called."""
    parallel: bool = True
    """Several may be called at once."""


def to_call(choice: ToolChoice, turns: Sequence[Turn]) -> tuple[WantedTool, ...]:
    """The tools that are called now, in order.

    The named one; else those of `[[call:NAME]]` or `[[call:ONE,OTHER]]` in the user's last words, until they have been
    answered; else, where one is required, the first that the conversation has not seen called.

    Raises:
        Unanswerable: a marker is broken, or a tool is asked for that is not among the tools.
    """
    if choice.forbidden:
        return ()
    if choice.named is not None:
        return (_found(choice.named, choice.tools, "tool_choice"),)
    marked = _marked(turns)
    if marked:
        wanted = tuple(_found(name, choice.tools, "[[call:…]]") for name in marked)
        return wanted if choice.parallel else wanted[:1]
    if not choice.required:
        return ()
    if not choice.tools:
        raise Unanswerable("tool_choice asks for a tool, and there are no tools")
    seen = {call.name for turn in turns for call in turn.calls}
    return (next((tool for tool in choice.tools if tool.name not in seen), choice.tools[0]),)


def _found(name: str, tools: Sequence[WantedTool], where: str) -> WantedTool:
    for tool in tools:
        if tool.name == name:
            return tool
    raise Unanswerable(f"{where} asks for the tool `{name}`, which is not among tools")


def _marked(turns: Sequence[Turn]) -> list[str]:
    """Of the user's last words, unless a tool has answered after them."""
    for turn in reversed(turns[last_answer(turns) + 1 :]):
        if turn.role == "user" and turn.text:
            return _names(turn.text)
        if turn.results:
            return []
    return []


def _names(text: str) -> list[str]:
    if _OPEN not in text:
        return []
    markers: list[str] = _MARKER.findall(text)
    if text.count(_OPEN) != len(markers):
        raise Unanswerable("A marker is written [[call:NAME]] or [[call:ONE,OTHER]]")
    return [name.strip() for marker in markers for name in marker.split(",")]
