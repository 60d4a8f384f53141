"""Answers of models that speak another language, told in OpenAI's chat language: whole, or chunk by chunk."""

from typing import Final, final

import msgspec
from msgspec import UNSET, Struct, UnsetType

from neuroroute.dialects.caller_side import AnswerWriter, ApiError, Told
from neuroroute.dialects.openai.chunks import DONE
from neuroroute.dialects.openai.errors import write_error
from neuroroute.dialects.sse import write_event
from neuroroute.domain.completion import (
    Completion,
    CompletionEvent,
    Finished,
    FinishReason,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
    Usage,
    Verbatim,
)

_REASONS: Final = {
    FinishReason.STOP: "stop",
    FinishReason.LENGTH: "length",
    FinishReason.TOOL_CALL: "tool_calls",
    FinishReason.FILTERED: "content_filter",
    FinishReason.OTHER: "stop",
}
_ASSISTANT: Final = "assistant"
_FUNCTION: Final = "function"
_NO_ARGUMENTS: Final = "{}"
"""Of a call without any: clients read them as JSON."""
_END: Final = write_event(DONE)


class _Function(Struct):
    arguments: str
    name: str | UnsetType = UNSET


class _Call(Struct):
    function: _Function
    id: str | UnsetType = UNSET
    type: str | UnsetType = UNSET
    index: int | UnsetType = UNSET


class _Message(Struct):
    role: str
    content: str | None
    refusal: None = None
    reasoning_content: str | UnsetType = UNSET
    tool_calls: list[_Call] | UnsetType = UNSET


class _Delta(Struct):
    role: str | UnsetType = UNSET
    content: str | UnsetType = UNSET
    reasoning_content: str | UnsetType = UNSET
    tool_calls: list[_Call] | UnsetType = UNSET


class _Choice(Struct):
    message: _Message
    finish_reason: str
    index: int = 0
    logprobs: None = None


class _ChunkChoice(Struct):
    delta: _Delta
    finish_reason: str | None = None
    index: int = 0
    logprobs: None = None


class _PromptDetails(Struct):
    cached_tokens: int
    cache_write_tokens: int | UnsetType = UNSET


class _CompletionDetails(Struct):
    reasoning_tokens: int


class _Usage(Struct):
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: _PromptDetails
    completion_tokens_details: _CompletionDetails


class _Completion(Struct):
    id: str
    created: int
    model: str
    choices: list[_Choice]
    usage: _Usage | UnsetType
    object: str = "chat.completion"


class _Chunk(Struct):
    id: str
    created: int
    model: str
    choices: list[_ChunkChoice]
    usage: _Usage | UnsetType = UNSET
    object: str = "chat.completion.chunk"


_encode = msgspec.json.Encoder().encode


def write_completion(completion: Completion, told: Told) -> bytes:
    """A whole answer."""
    calls = [
        _Call(_Function(call.arguments or _NO_ARGUMENTS, call.name), call.id, _FUNCTION)
        for call in completion.tool_calls
    ]
    message = _Message(
        _ASSISTANT,
        completion.text if completion.text or not calls else None,
        reasoning_content=completion.reasoning or UNSET,
        tool_calls=calls or UNSET,
    )
    finished = completion.finished
    usage = UNSET if finished.usage is None else _usage(finished.usage)
    choice = _Choice(message, _REASONS[finished.reason])
    return _encode(_Completion(_id(told), told.created, told.model, [choice], usage))


@final
class ChunkWriter(AnswerWriter):
    """One answer: who speaks, the deltas, why it ended, what it took if the caller asked, and `[DONE]`."""

    def __init__(self, told: Told) -> None:
        self._told = told
        self._id = _id(told)
        self._begun = False
        self._without_arguments = dict[int, None]()
        """Calls of which no argument was told yet."""

    def write(self, event: CompletionEvent) -> bytes:
        match event:
            case Verbatim(data):
                return data
            case Finished(verbatim=verbatim) if verbatim:
                return verbatim
            case TextDelta(text):
                return self._begin() + self._choice(_Delta(content=text))
            case ReasoningDelta(text):
                return self._begin() + self._choice(_Delta(reasoning_content=text))
            case ToolCallDelta():
                return self._begin() + self._call(event)
            case Finished():
                return self._begin() + self._end(event)

    def cut(self, error: ApiError) -> bytes:
        return write_event(write_error(error))

    def _begin(self) -> bytes:
        if self._begun:
            return b""
        self._begun = True
        return self._choice(_Delta(role=_ASSISTANT, content=""))

    def _call(self, piece: ToolCallDelta) -> bytes:
        if piece.arguments:
            self._without_arguments.pop(piece.index, None)
        elif piece.id:
            self._without_arguments[piece.index] = None
        function = _Function(piece.arguments, piece.name or UNSET)
        kind = _FUNCTION if piece.id else UNSET
        return self._choice(_Delta(tool_calls=[_Call(function, piece.id or UNSET, kind, piece.index)]))

    def _end(self, finished: Finished) -> bytes:
        missing = [_Call(_Function(_NO_ARGUMENTS), index=index) for index in self._without_arguments]
        told = [self._choice(_Delta(tool_calls=missing))] if missing else []
        told.append(self._choice(_Delta(), _REASONS[finished.reason]))
        if self._told.tells_usage and finished.usage is not None:
            told.append(self._chunk([], _usage(finished.usage)))
        return b"".join((*told, _END))

    def _choice(self, delta: _Delta, reason: str | None = None) -> bytes:
        return self._chunk([_ChunkChoice(delta, reason)])

    def _chunk(self, choices: list[_ChunkChoice], usage: _Usage | UnsetType = UNSET) -> bytes:
        return write_event(_encode(_Chunk(self._id, self._told.created, self._told.model, choices, usage)))


def _id(told: Told) -> str:
    return f"chatcmpl-{told.id}"


def _usage(usage: Usage) -> _Usage:
    return _Usage(
        usage.prompt_tokens,
        usage.completion_tokens,
        usage.total_tokens,
        _PromptDetails(usage.cached_tokens, usage.cache_write_tokens or UNSET),
        _CompletionDetails(usage.reasoning_tokens),
    )
