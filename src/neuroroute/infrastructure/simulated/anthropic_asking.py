"""How a messages request is read."""

import base64
import hashlib
from typing import Annotated, Final, TypeAlias

import msgspec
from msgspec import Meta, Raw, Struct, field

from neuroroute.infrastructure.simulated.conversation import (
    Asked,
    Called,
    Result,
    Turn,
    WantedTool,
    check_results,
    restatable,
)
from neuroroute.infrastructure.simulated.examples import ANYTHING
from neuroroute.infrastructure.simulated.tool_choice import ToolChoice, to_call
from neuroroute.infrastructure.simulated.wire import Unanswerable

_FOREIGN_ROLES: Final = frozenset({"system", "developer", "tool", "function"})
"""Those of OpenAI's chat, which Anthropic refuses."""
_SAID: Final = frozenset({"text", "tool_use", "tool_result", "thinking", "redacted_thinking"})
"""Blocks that are no attachment."""


class _Inner(Struct):
    type: str = "text"
    text: str | None = None


class _Block(Struct):
    type: str = "text"
    text: str | None = None
    id: str = ""
    name: str = ""
    input: Raw = field(default_factory=lambda: Raw(b"{}"))
    tool_use_id: str = ""
    content: str | list[_Inner] | dict[str, Raw] | None = None
    thinking: str = ""
    signature: str = ""
    cache_control: dict[str, Raw] | None = None


_Content: TypeAlias = str | list[_Block]


class _Message(Struct):
    role: str
    content: _Content


class _Tool(Struct):
    name: str
    input_schema: Raw = field(default_factory=lambda: Raw(b"{}"))


class _Choice(Struct):
    type: str
    name: str | None = None
    disable_parallel_tool_use: bool = False


class _Thinking(Struct):
    type: str


class _Format(Struct):
    type: str
    schema: Raw = ANYTHING


class _OutputConfig(Struct):
    format: _Format | None = None


class _Body(Struct):
    model: str
    messages: Annotated[list[_Message], Meta(min_length=1)]
    max_tokens: Annotated[int, Meta(ge=1)] | None = None
    system: _Content | None = None
    stop_sequences: list[str] | None = None
    stream: bool | None = None
    tools: list[_Tool] | None = None
    tool_choice: _Choice | None = None
    thinking: _Thinking | None = None
    output_config: _OutputConfig | None = None
    cache_control: dict[str, Raw] | None = None


def signature(thought: str) -> str:
    """By which a thinking block is known to be our own."""
    return base64.b64encode(hashlib.sha256(f"simulated thinking: {thought}".encode()).digest()).decode()


def read_messages(body: bytes, *, to_count: bool) -> Asked:
    """`to_count`: only its tokens are asked for, which takes no `max_tokens`.

    Raises:
        Unanswerable: it is malformed.
    """
    try:
        asked = msgspec.json.decode(body, type=_Body)
        restated = restatable(body, ("x_simulated",))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as exc:
        raise Unanswerable(f"The request could not be read: {type(exc).__name__}: {exc}") from exc
    if asked.max_tokens is None and not to_count:
        raise Unanswerable("max_tokens: Field required")
    said = [_Message("system", asked.system)] if asked.system else []
    _check(asked.messages)
    turns = tuple(_turn(message) for message in (*said, *asked.messages))
    check_results(turns)
    format_ = asked.output_config.format if asked.output_config is not None else None
    return Asked(
        model=asked.model,
        turns=turns,
        max_tokens=asked.max_tokens,
        stops=tuple(filter(None, asked.stop_sequences or ())),
        stream=bool(asked.stream),
        tools=to_call(_tool_choice(asked), turns),
        schema=format_.schema if format_ is not None and format_.type == "json_schema" else None,
        reasoning=asked.thinking is not None and asked.thinking.type in {"enabled", "adaptive"},
        cacheable=_cacheable((*said, *asked.messages), everything=asked.cache_control is not None),
        restated=restated,
    )


def _check(messages: list[_Message]) -> None:
    for place, message in enumerate(messages):
        if message.role in _FOREIGN_ROLES:
            raise Unanswerable(f'messages.{place}: Unexpected role "{message.role}": "user" and "assistant" are known')
        for index, block in enumerate(_blocks(message.content)):
            if block.type == "thinking" and block.signature != signature(block.thinking):
                raise Unanswerable(f"messages.{place}.content.{index}: Invalid `signature` in `thinking` block")


def _blocks(content: _Content) -> list[_Block]:
    return content if isinstance(content, list) else [_Block(text=content)]


def _turn(message: _Message) -> Turn:
    blocks = _blocks(message.content)
    results = [(block.tool_use_id, *_answered(block)) for block in blocks if block.type == "tool_result"]
    return Turn(
        role=message.role,
        text="".join(block.text or "" for block in blocks),
        calls=tuple(
            Called(block.id, block.name, bytes(block.input).decode()) for block in blocks if block.type == "tool_use"
        ),
        results=tuple(Result(own, text) for own, text, _ in results),
        attachments=sum(block.type not in _SAID for block in blocks) + sum(other for _, _, other in results),
    )


def _answered(block: _Block) -> tuple[str, int]:
    """The text of a tool's result, and how many attachments it has."""
    if not isinstance(block.content, list):
        return (block.content if isinstance(block.content, str) else ""), 0
    return "".join(part.text or "" for part in block.content), sum(part.type != "text" for part in block.content)


def _tool_choice(body: _Body) -> ToolChoice:
    choice = body.tool_choice or _Choice("auto")
    return ToolChoice(
        tools=tuple(WantedTool(tool.name, tool.input_schema) for tool in body.tools or ()),
        forbidden=choice.type == "none",
        required=choice.type == "any",
        named=choice.name if choice.type == "tool" else None,
        parallel=not choice.disable_parallel_tool_use,
    )


def _cacheable(messages: tuple[_Message, ...], *, everything: bool) -> int:
    """Tokens up to the last block that is marked for the cache."""
    before, found = 0, 0
    for message in messages:
        blocks = _blocks(message.content)
        marks = [place for place, block in enumerate(blocks, start=1) if everything or block.cache_control is not None]
        if marks:
            found = before + _turn(_Message(message.role, blocks[: marks[-1]])).tokens
        before += _turn(message).tokens
    return found
