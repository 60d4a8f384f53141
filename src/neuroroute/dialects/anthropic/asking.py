"""What a provider is asked."""

from collections.abc import Iterator
from itertools import count
from typing import Final

import msgspec
from msgspec import UNSET, Struct, UnsetType

from neuroroute.dialects.anthropic.turns import AskedChoice, AskedTool, Turn, arguments_of, choice_of, tool_of, turns_of
from neuroroute.dialects.provider_side import most_tokens_of
from neuroroute.domain.completion import ToolCall
from neuroroute.domain.model import ModelCard
from neuroroute.domain.prompt import JsonFormat, Prompt, Role, ToolUse

_MAX_TOKENS: Final = 4096
"""Anthropic asks for a limit; this is the earlier service's where the caller states none (CONTRACT.md 2)."""
_HOTTEST: Final = 1.0
"""The highest temperature that the language knows; others go to 2."""


class _Metadata(Struct):
    user_id: str


class _Format(Struct, tag_field="type", tag="json_schema"):
    schema: dict[str, object]


class _Output(Struct):
    format: _Format


class _Request(Struct, omit_defaults=True):
    model: str
    max_tokens: int
    messages: list[Turn]
    system: str | UnsetType = UNSET
    temperature: float | UnsetType = UNSET
    top_p: float | UnsetType = UNSET
    stop_sequences: list[str] | UnsetType = UNSET
    tools: list[AskedTool] | UnsetType = UNSET
    tool_choice: AskedChoice | UnsetType = UNSET
    output_config: _Output | UnsetType = UNSET
    metadata: _Metadata | UnsetType = UNSET
    stream: bool = False


_encode = msgspec.json.Encoder().encode


def translated(prompt: Prompt, card: ModelCard) -> bytes:
    """The same in this language, but for what `unsaid` names."""
    sampling = prompt.sampling
    system, turns = _system_and_turns(prompt)
    unlimited = min(_MAX_TOKENS, card.max_tokens)
    most_tokens = most_tokens_of(prompt, card, sampling.max_tokens) if sampling.max_tokens else unlimited
    temperature, stops, tools = sampling.temperature, _stops(prompt), [tool_of(tool) for tool in prompt.tools]
    return _encode(
        _Request(
            model=card.upstream or card.name,
            max_tokens=most_tokens,
            messages=turns,
            system=system or UNSET,
            temperature=UNSET if temperature is None or temperature > _HOTTEST else temperature,
            top_p=UNSET if sampling.top_p is None else sampling.top_p,
            stop_sequences=stops or UNSET,
            tools=tools or UNSET,
            tool_choice=choice_of(prompt.tool_choice, parallel=prompt.parallel_tool_calls) if tools else UNSET,
            output_config=_output(prompt.json),
            metadata=UNSET if prompt.user is None else _Metadata(prompt.user),
            stream=prompt.streamed,
        )
    )


def _system_and_turns(prompt: Prompt) -> tuple[str, list[Turn]]:
    """What the system says goes beside the turns; where nobody else says anything, it is the user's word."""
    texts = [message.text for message in prompt.messages if message.role is Role.SYSTEM]
    system = "\n\n".join([text for text in texts if text])
    turns = turns_of([message for message in prompt.messages if message.role is not Role.SYSTEM])
    if not turns and system.strip():
        return "", [Turn(Role.USER, system)]
    return system, turns


def _stops(prompt: Prompt) -> list[str]:
    """Those of them that are more than space: the language refuses the others."""
    return [text for text in prompt.sampling.stop if text.strip()]


def _output(json: JsonFormat | None) -> _Output | UnsetType:
    return UNSET if json is None or json.schema is None else _Output(_Format(dict(json.schema)))


def unsaid(prompt: Prompt) -> Iterator[str]:
    """What `translated` leaves out of the nouns: paths in OpenAI's words, the only ones that are translated to ours."""
    if prompt.sampling.temperature is not None and prompt.sampling.temperature > _HOTTEST:
        yield "temperature"
    if len(_stops(prompt)) < len(prompt.sampling.stop):
        yield "stop"
    if prompt.json is not None and prompt.json.schema is None:
        yield "response_format"
    elif prompt.json is not None and prompt.json.description is not None:
        yield "response_format.json_schema.description"
    if not prompt.tools and prompt.tool_choice is not None and prompt.tool_choice.use is ToolUse.REQUIRED:
        yield "tool_choice"
    for at, message in zip(_places(prompt), prompt.messages, strict=False):
        if message.role is not Role.ASSISTANT or isinstance(message.content, str):
            continue
        calls = [part for part in message.content if isinstance(part, ToolCall)]
        for place, call in enumerate(calls):
            if call.arguments.strip() and arguments_of(call) is None:
                yield f"messages[{at}].tool_calls[{place}].function.arguments"


def _places(prompt: Prompt) -> Iterator[int]:
    """Where messages are in the caller's request: one that is not carried at all is none of the prompt's."""
    left_out = frozenset(prompt.untranslated)
    return (at for at in count() if not left_out or f"messages[{at}]" not in left_out)
