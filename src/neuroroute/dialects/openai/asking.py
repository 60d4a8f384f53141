"""What a provider is asked in OpenAI's chat language."""

import re
from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec

from neuroroute.dialects.fields import read
from neuroroute.dialects.openai.requests import asks_usage
from neuroroute.dialects.provider_side import most_tokens_of, relayed
from neuroroute.domain.completion import ToolCall
from neuroroute.domain.model import ModelCard
from neuroroute.domain.prompt import (
    Document,
    Image,
    JsonFormat,
    Message,
    Part,
    Prompt,
    Role,
    Text,
    Tool,
    ToolChoice,
    ToolResult,
    Wording,
)

_USAGE: Final = {"include_usage": True}
_TEXT_FILE: Final = re.compile(r"data:text/[^;,]+(?:;[^;,]+)*?;base64,", re.IGNORECASE)
_THINKS: Final = re.compile(r"(?:[^/]+/)?(?:o[1-9]|gpt-[5-9])")
"""OpenAI's models that think refuse `max_tokens`, which all others know (API reference, chat completions)."""
_NAMELESS: Final = "answer"
"""The language asks for a name of a schema."""
_encode = msgspec.json.Encoder().encode


def relayed_chat(wording: Wording, card: ModelCard) -> bytes:
    """Likewise of a chat, whose stream is made to tell its usage: it is what the answer costs."""
    body = wording.body
    if body.get("stream") is not True or asks_usage(body):
        return relayed(wording, card)
    options = read(dict[str, object], body.get("stream_options") or {}, "stream_options")
    return relayed(msgspec.structs.replace(wording, body={**body, "stream_options": {**options, **_USAGE}}), card)


def translated(prompt: Prompt, card: ModelCard) -> bytes:
    """The prompt in this language, but for what `unsaid` names."""
    return _encode(dict(_request(prompt, card)))


def _request(prompt: Prompt, card: ModelCard) -> Iterator[tuple[str, object]]:
    sampling = prompt.sampling
    yield "messages", [said for message in prompt.messages for said in _messages(message)]
    if card.upstream is not None:
        yield "model", card.upstream
    if sampling.max_tokens is not None:
        limit = "max_completion_tokens" if _THINKS.match(card.upstream or "") else "max_tokens"
        yield limit, most_tokens_of(prompt, card, sampling.max_tokens)
    if sampling.temperature is not None:
        yield "temperature", sampling.temperature
    if sampling.top_p is not None:
        yield "top_p", sampling.top_p
    if sampling.stop:
        yield "stop", sampling.stop
    if prompt.tools:
        yield from _tools(prompt.tools, prompt.tool_choice, parallel=prompt.parallel_tool_calls)
    if prompt.json is not None:
        yield "response_format", _format(prompt.json)
    if prompt.user is not None:
        yield "user", prompt.user
    if prompt.streamed:
        yield "stream", True
        yield "stream_options", _USAGE


def _tools(tools: Sequence[Tool], choice: ToolChoice | None, *, parallel: bool | None) -> Iterator[tuple[str, object]]:
    """What the language refuses where there are no tools."""
    yield "tools", [{"type": "function", "function": _function(tool)} for tool in tools]
    if choice is not None:
        named = {"type": "function", "function": {"name": choice.name}}
        yield "tool_choice", choice.use if choice.name is None else named
    if parallel is not None:
        yield "parallel_tool_calls", parallel


def _function(tool: Tool) -> Mapping[str, object]:
    told = {"name": tool.name, "description": tool.description, "parameters": tool.schema, "strict": tool.strict}
    return {name: value for name, value in told.items() if value is not None}


def _format(json: JsonFormat) -> Mapping[str, object]:
    if json.schema is None:
        return {"type": "json_object"}
    told = {
        "name": json.name or _NAMELESS,
        "description": json.description,
        "schema": json.schema,
        "strict": json.strict,
    }
    return {"type": "json_schema", "json_schema": {name: value for name, value in told.items() if value is not None}}


def _messages(message: Message) -> Iterator[Mapping[str, object]]:
    """What one turn is here: a message for each tool's result, and one for the rest."""
    content = message.content
    if isinstance(content, str):
        yield {"role": message.role, "content": content}
    elif message.role is Role.SYSTEM:
        yield {"role": message.role, "content": message.text}
    elif message.role is Role.ASSISTANT:
        yield _assistant(content)
    else:
        yield from _user(content)


def _assistant(parts: Sequence[Part]) -> Mapping[str, object]:
    text = "".join([part.text for part in parts if isinstance(part, Text)])
    calls = [
        {"id": part.id, "type": "function", "function": {"name": part.name, "arguments": part.arguments}}
        for part in parts
        if isinstance(part, ToolCall)
    ]
    if not calls:
        return {"role": Role.ASSISTANT, "content": text}
    return {"role": Role.ASSISTANT, "content": text or None, "tool_calls": calls}


def _user(parts: Sequence[Part]) -> Iterator[Mapping[str, object]]:
    """Results must follow the calls at once, and hold nothing but text: what else is in them is said after them."""
    results = [part for part in parts if isinstance(part, ToolResult)]
    for result in results:
        text = "".join([part.text for part in result.content if isinstance(part, Text)])
        yield {"role": "tool", "tool_call_id": result.call_id, "content": text}
    media: list[Part] = [part for result in results for part in result.content if not isinstance(part, Text)]
    media += [part for part in parts if not isinstance(part, ToolResult)]
    content = [said for part in media if (said := _part(part)) is not None]
    match media:
        case [Text(text)]:
            yield {"role": Role.USER, "content": text}
        case _ if content or not results:
            yield {"role": Role.USER, "content": content}
        case _:
            pass


def _part(part: Part) -> Mapping[str, object] | None:
    """`None` for what is not carried."""
    match part:
        case Text(text):
            return {"type": "text", "text": text}
        case Image(url):
            return {"type": "image_url", "image_url": {"url": url}}
        case Document(url, name):
            return _file(url, name)
        case ToolCall() | ToolResult():
            return None


def _file(url: str, name: str | None) -> Mapping[str, object] | None:
    """Text is told as text: few models take files of it. Addresses are not taken at all."""
    if found := _TEXT_FILE.match(url):
        try:
            return {"type": "text", "text": b64decode(url[found.end() :], validate=True).decode()}
        except ValueError:  # not base64, or not UTF-8: the provider says so better than we could
            pass
    if not url.startswith("data:"):
        return None
    return {"type": "file", "file": {"file_data": url} if name is None else {"filename": name, "file_data": url}}


def unsaid(prompt: Prompt) -> Iterator[str]:
    """What `translated` leaves out of the nouns: paths in Anthropic's words, whose system is beside its messages."""
    turns = [message for message in prompt.messages if message.role is not Role.SYSTEM]
    for at, turn in enumerate(turns):
        if isinstance(turn.content, str):
            continue
        for place, part in enumerate(turn.content):
            path = f"messages[{at}].content[{place}]"
            match part:
                case ToolResult(failed=True):
                    yield f"{path}.is_error"
                case Document(url, name) if _file(url, name) is None:
                    yield path
                case _:
                    pass
