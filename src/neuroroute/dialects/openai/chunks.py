"""What a provider's chat completion, or a chunk of one, says: as much of it as anybody here reads."""

from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta, Raw, Struct

from neuroroute.dialects.openai.errors import failure_in
from neuroroute.dialects.sse import check_text
from neuroroute.domain.completion import Finished, FinishReason, Usage
from neuroroute.domain.errors import ProviderUnavailable

DONE = b"[DONE]"
"""How the data of the event begins that ends a stream: no JSON does, and OpenAI's clients look no further."""
_REASONS = {
    "stop": FinishReason.STOP,
    "length": FinishReason.LENGTH,
    "tool_calls": FinishReason.TOOL_CALL,
    "function_call": FinishReason.TOOL_CALL,
    "content_filter": FinishReason.FILTERED,
    "model_length": FinishReason.LENGTH,
    "model_context_window_exceeded": FinishReason.LENGTH,
    "sensitive": FinishReason.FILTERED,
}
"""OpenAI's, and then Mistral's and Z.ai's own."""

NULL = Raw(b"null")
_Count = Annotated[int, Meta(ge=0, le=1_000_000_000)]


class Part(Struct):
    """Of a content that is a list: Mistral's way, thoughts among it."""

    type: str = ""
    text: str | None = None
    thinking: "Content" = None


Content: TypeAlias = str | list[Part | str] | None


class Function(Struct):
    """What a call calls."""

    name: str | None = None
    arguments: str | dict[str, object] | None = None
    """A string, and with some servers the object itself."""


class Call(Struct):
    """A call of a tool, or the piece of one that a chunk brings."""

    index: int | None = None
    id: str | None = None
    function: Function | None = None
    custom: object = None
    """What is called, where the tool takes any text."""


class Said(Struct):
    """A message, or the piece of one that a chunk brings."""

    content: Content = None
    reasoning_content: object = None
    """Text; DeepSeek's name for it."""
    reasoning: object = None
    """Text; everybody else's. OpenAI has none."""
    refusal: str | None = None
    tool_calls: list[Call] | None = None
    function_call: Function | None = None
    """Of the time before tools."""
    audio: object = None
    images: object = None
    annotations: object = None
    reasoning_details: object = None


class Choice(Struct):
    """One of the answers that were asked for, or a piece of it."""

    index: int | None = None
    message: Said | None = None
    delta: Said | None = None
    finish_reason: str | None = None
    """Some send an empty one, which is none."""


class Chunk(Struct):
    """A completion and a chunk of one differ in `message` and `delta` only."""

    choices: list[Choice] | None = None
    id: str | None = None
    model: str | None = None
    usage: Raw = NULL
    x_groq: Raw = NULL
    """Where Groq puts the usage of a stream, and why it broke off."""
    error: Raw = NULL
    kind: object = msgspec.field(default=None, name="object")
    """`error`, where a server tells one without the member of that name (older vLLM)."""


class _Groq(Struct):
    usage: Raw = NULL
    error: Raw = NULL


_NO_GROQ = _Groq()
_NO_ERRORS = frozenset({b"null", b"{}", b'""', b"false"})
"""What some write where there is none; OpenAI's own clients pass over it too."""


class _Usage(Struct):
    prompt_tokens: _Count
    completion_tokens: _Count | None = None
    """Google leaves out a count of 0, and what was thought is in the total then."""
    total_tokens: _Count | None = None
    prompt_tokens_details: Raw = NULL
    completion_tokens_details: Raw = NULL


class _Details(Struct):
    """What the counts are made of."""

    cached_tokens: _Count | None = None
    cache_write_tokens: _Count | None = None
    reasoning_tokens: _Count | None = None


_decode = msgspec.json.Decoder(Chunk).decode
_decode_groq = msgspec.json.Decoder(_Groq).decode
_decode_usage = msgspec.json.Decoder(_Usage, strict=False).decode
_decode_details = msgspec.json.Decoder(_Details, strict=False).decode


def read_chunk(data: bytes) -> Chunk:
    """A completion, or a chunk of one, also one that `tells_error`.

    Raises:
        ProviderUnavailable: it is none.
    """
    try:
        check_text(data)
        return _decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ProviderUnavailable("The provider's answer is not a chat completion") from error


def tells_error(chunk: Chunk) -> bool:
    """Whether it says that the answer failed, whatever else it says."""
    if chunk.kind == "error" or (chunk.error != NULL and bytes(chunk.error) not in _NO_ERRORS):
        return True
    return chunk.x_groq != NULL and bytes(_groq(chunk).error) not in _NO_ERRORS


def read_completion(body: bytes) -> tuple[Chunk, list[Choice]]:
    """A whole completion, and its choices, of which there is at least one.

    Raises:
        ProviderFailed: it is none, or tells of an error.
    """
    completion = read_chunk(body)
    if tells_error(completion):
        raise failure_in(body)
    if not completion.choices:
        raise ProviderUnavailable("The provider answered without a choice")
    return completion, completion.choices


def usage_of(chunk: Chunk) -> Raw:
    """Where it tells the usage; null when it does not."""
    if chunk.usage != NULL or chunk.x_groq == NULL:
        return chunk.usage
    return _groq(chunk).usage


def _groq(chunk: Chunk) -> _Groq:
    try:
        return _decode_groq(chunk.x_groq)
    except (msgspec.DecodeError, RecursionError):
        return _NO_GROQ


def finish(
    native: str, usage: Raw, model: str | None, *, refused: bool, called: bool, verbatim: bytes = b""
) -> Finished:
    """The end of an answer. `refused`: in words of its own; `called`: tools, which some servers tell as a mere stop."""
    reason = _REASONS.get(native, FinishReason.OTHER)
    if called and reason in {FinishReason.STOP, FinishReason.OTHER}:
        reason = FinishReason.TOOL_CALL
    elif refused and not called:
        reason = FinishReason.FILTERED
    return Finished(reason, native, _usage(usage), model, verbatim=verbatim)


def _usage(raw: Raw) -> Usage | None:
    """`None` for usage that is missing or impossible: it is then estimated, never believed."""
    try:
        told = _decode_usage(raw)
    except (msgspec.DecodeError, RecursionError):
        return None
    completed = told.completion_tokens
    if completed is None:
        if told.total_tokens is None:
            return None
        completed = max(told.total_tokens - told.prompt_tokens, 0)
    if told.prompt_tokens_details == NULL and told.completion_tokens_details == NULL:
        return Usage(prompt_tokens=told.prompt_tokens, completion_tokens=completed)
    read, written = _details(told.prompt_tokens_details), _details(told.completion_tokens_details)
    cached = min(read.cached_tokens or 0, told.prompt_tokens)
    return Usage(
        prompt_tokens=told.prompt_tokens,
        completion_tokens=completed,
        cached_tokens=cached,
        cache_write_tokens=min(read.cache_write_tokens or 0, told.prompt_tokens - cached),
        reasoning_tokens=min(written.reasoning_tokens or 0, completed),
    )


def _details(raw: Raw) -> _Details:
    """Nothing for details that are missing or impossible: the counts that they are part of still stand."""
    try:
        return _decode_details(raw)
    except (msgspec.DecodeError, RecursionError):
        return _Details()


def text_of(content: Content) -> str:
    """The words of it."""
    if isinstance(content, str):
        return content
    return "".join([part if isinstance(part, str) else part.text or "" for part in content or ()])


def reasoning_of(said: Said) -> str:
    """What the model thinks: told in one place of three."""
    for text in (said.reasoning_content, said.reasoning):
        if isinstance(text, str) and text:
            return text
    if isinstance(said.content, list):
        return "".join([text_of(part.thinking) for part in said.content if isinstance(part, Part)])
    return ""


def arguments_of(function: Function | None) -> str:
    """JSON, as the model wrote it."""
    if function is None or not function.arguments:
        return ""
    if isinstance(function.arguments, str):
        return function.arguments
    return msgspec.json.encode(function.arguments).decode()
