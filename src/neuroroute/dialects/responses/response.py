"""What a provider's response says: as much of it as anybody here reads."""

from collections.abc import Sequence
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Raw, Struct

from neuroroute.dialects.openai.errors import words
from neuroroute.dialects.sse import check_text
from neuroroute.domain.completion import Finished, FinishReason, Usage
from neuroroute.domain.errors import (
    ProviderFailed,
    ProviderRefused,
    ProviderThrottled,
    ProviderUnavailable,
    ProviderWords,
)

NULL: Final = Raw(b"null")
UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_CALLS: Final = frozenset(
    {
        "apply_patch_call",
        "computer_call",
        "custom_tool_call",
        "function_call",
        "local_shell_call",
        "mcp_approval_request",
        "shell_call",
    }
)
"""Items that the caller has to act on; all other tools the provider runs itself."""
_INCOMPLETE: Final = {"max_output_tokens": FinishReason.LENGTH, "content_filter": FinishReason.FILTERED}
_Count = Annotated[int, Meta(ge=0, le=1_000_000_000)]


class _Item(Struct):
    type: object = None
    content: object = None
    """A list of parts that have `text`, or not."""
    arguments: object = None


class _Incomplete(Struct):
    reason: str | None = None


class Response(Struct):
    """The object that an unstreamed call answers with, and that the last event of a stream holds."""

    output: list[_Item] | None = None
    status: str | None = None
    incomplete_details: _Incomplete | None = None
    model: str | None = None
    usage: Raw = NULL
    error: Raw = NULL


class _Usage(Struct):
    input_tokens: _Count
    output_tokens: _Count
    input_tokens_details: Raw = NULL
    output_tokens_details: Raw = NULL


class _Details(Struct):
    """What the counts are made of."""

    cached_tokens: _Count | None = None
    cache_write_tokens: _Count | None = None
    reasoning_tokens: _Count | None = None


_decode = msgspec.json.Decoder(Response).decode
_decode_usage = msgspec.json.Decoder(_Usage, strict=False).decode
_decode_details = msgspec.json.Decoder(_Details, strict=False).decode


def read_response(body: bytes | Raw) -> Response:
    """A response, whatever became of it.

    Raises:
        ProviderUnavailable: it is none.
    """
    try:
        check_text(bytes(body))
        return _decode(body)
    except UNREADABLE as error:
        raise ProviderUnavailable("The provider's answer is not a response") from error


def failed(response: Response) -> bool:
    """Whether it tells of a failure. One that is incomplete is an answer."""
    return response.status == "failed" or response.error != NULL


def failure(body: bytes) -> ProviderFailed:
    """The failure that a response, or an event with an `error`, tells of.

    The text is ours; of the provider's words its message is left out, for nobody looks for our key in it.
    """
    told = words(body)
    code = told.code or ""
    said = ProviderWords(type=None if told.type == "error" else told.type, code=told.code)
    if code == "invalid_prompt" or "image" in code:  # as ResponseError names what is wrong with the request itself
        return ProviderRefused("The provider does not take this request, it says in its answer", status=400, words=said)
    if code == "rate_limit_exceeded" or said.type == "rate_limit_error":
        return ProviderThrottled("The provider limits our rate, it says in its answer", words=said)
    return ProviderUnavailable("The provider reports an error in its answer", words=said)


def finish(response: Response, *, verbatim: bytes = b"") -> Finished:
    """The end of an answer; its own word for the reason is why it is incomplete, or else its status."""
    native = response.status or ""
    match native:
        case "completed":
            reason = _reason(response.output or ())
        case "incomplete" if response.incomplete_details is not None:
            native = response.incomplete_details.reason or native
            reason = _INCOMPLETE.get(native, FinishReason.OTHER)
        case _:
            reason = FinishReason.OTHER
    return Finished(reason, native, _usage(response.usage), response.model, verbatim=verbatim)


def _reason(output: Sequence[_Item]) -> FinishReason:
    if any(item.type in _CALLS for item in output):
        return FinishReason.TOOL_CALL
    return FinishReason.FILTERED if any(_refuses(item.content) for item in output) else FinishReason.STOP


def _refuses(content: object) -> bool:
    """Whether the model declines, in words of its own."""
    match content:
        case list():
            return any(map(_refuses, content))  # pyright: ignore[reportUnknownArgumentType] - any JSON
        case {"type": "refusal"}:
            return True
        case _:
            return False


def characters(response: Response) -> int:
    """Of the text and of the tools' arguments in it."""
    return sum([_length(item.content) + _length(item.arguments) for item in response.output or ()])


def _length(said: object) -> int:
    match said:
        case str():
            return len(said)
        case list():
            return sum(map(_length, said))  # pyright: ignore[reportUnknownArgumentType] - any JSON
        case {"text": str(text)}:
            return len(text)
        case _:
            return 0


def _usage(raw: Raw) -> Usage | None:
    """`None` for usage that is missing or impossible: it is then estimated, never believed."""
    try:
        told = _decode_usage(raw)
    except UNREADABLE:
        return None
    read, written = _details(told.input_tokens_details), _details(told.output_tokens_details)
    cached = min(read.cached_tokens or 0, told.input_tokens)
    return Usage(
        prompt_tokens=told.input_tokens,
        completion_tokens=told.output_tokens,
        cached_tokens=cached,
        cache_write_tokens=min(read.cache_write_tokens or 0, told.input_tokens - cached),
        reasoning_tokens=min(written.reasoning_tokens or 0, told.output_tokens),
    )


def _details(raw: Raw) -> _Details:
    """Nothing for details that are missing or impossible: the counts that they are part of still stand."""
    try:
        return _decode_details(raw)
    except UNREADABLE:
        return _Details()
