"""A streamed answer of a model that speaks another language, written for callers of this one."""

from typing import Final, final

import msgspec
from msgspec import Struct

from neuroroute.dialects.anthropic.blocks import BlockSequence
from neuroroute.dialects.anthropic.counts import Counts, counts_of
from neuroroute.dialects.anthropic.errors import write_error
from neuroroute.dialects.anthropic.reasons import write_reason
from neuroroute.dialects.anthropic.writing import WrittenMessage, WrittenToolUse, call_id, message_id
from neuroroute.dialects.caller_side import AnswerWriter, ApiError, Told
from neuroroute.dialects.sse import write_event
from neuroroute.domain.completion import CompletionEvent, Finished, ReasoningDelta, TextDelta, ToolCallDelta, Verbatim


class _Begun(Struct, tag_field="type", tag="message_start"):
    message: WrittenMessage


class _End(Struct):
    stop_reason: str
    stop_sequence: str | None


class _Ended(Struct, tag_field="type", tag="message_delta"):
    delta: _End
    usage: Counts


_encode: Final = msgspec.json.Encoder().encode
_PING: Final = write_event(b'{"type":"ping"}', name="ping")
_STOP: Final = write_event(b'{"type":"message_stop"}', name="message_stop")


@final
class MessageWriter(AnswerWriter):
    """One answer: `message_start`, the blocks, why it ended and what it took, `message_stop`."""

    def __init__(self, told: Told) -> None:
        self._told = told
        self._blocks = BlockSequence()
        self._begun = False

    def write(self, event: CompletionEvent) -> bytes:
        match event:
            case Verbatim(data):
                return data
            case Finished(verbatim=verbatim) if verbatim:
                return verbatim
            case TextDelta(text):
                return self._begin() + self._blocks.text(text)
            case ReasoningDelta(text):
                return self._begin() + self._blocks.thinking(text)
            case ToolCallDelta(index, said, name, arguments):
                begun = WrittenToolUse(call_id(said, self._told, index), name)
                return self._begin() + self._blocks.call(index, begun, arguments)
            case Finished():
                return self._begin() + self._blocks.end() + self._end(event)

    def cut(self, error: ApiError) -> bytes:
        return write_event(write_error(error), name="error")

    def _begin(self) -> bytes:
        if self._begun:
            return b""
        self._begun = True
        message = WrittenMessage(
            id=message_id(self._told),
            model=self._told.model,
            content=[],
            usage=Counts(input_tokens=self._told.prompt_tokens, output_tokens=0),
        )
        return write_event(_encode(_Begun(message)), name="message_start") + _PING

    def _end(self, finished: Finished) -> bytes:
        end = _End(write_reason(finished, calls=self._blocks.calls > 0), finished.stop_sequence)
        counts = counts_of(finished.usage) if finished.usage else Counts(output_tokens=0)
        return write_event(_encode(_Ended(end, counts)), name="message_delta") + _STOP
