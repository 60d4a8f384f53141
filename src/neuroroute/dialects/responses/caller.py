"""OpenAI's responses, as spoken to callers."""

from collections.abc import Mapping, Sequence
from typing import Final, final

import msgspec
from msgspec import Struct

from neuroroute.dialects.caller_side import AnswerWriter, ApiError, Asked, CallerDialect, Told
from neuroroute.dialects.openai.errors import write_error
from neuroroute.dialects.responses.requests import read_request
from neuroroute.dialects.sse import SseReader, write_event
from neuroroute.domain.completion import Completion, CompletionEvent, Finished, Verbatim
from neuroroute.domain.model import Dialect, Wire

_ERROR: Final = "error"


class _Numbered(Struct):
    sequence_number: int = -1


class _ErrorEvent(Struct):
    """As the API's reference has it, and with `error`, at which OpenAI's SDKs raise."""

    type: str
    code: str | None
    message: str
    param: str | None
    sequence_number: int
    error: msgspec.Raw


class _Told(Struct):
    error: msgspec.Raw


_encode = msgspec.json.Encoder().encode
_decode_number = msgspec.json.Decoder(_Numbered).decode
_decode_told = msgspec.json.Decoder(_Told).decode


@final
class ResponsesDialect(CallerDialect):
    """The language: its answers are always a provider's own words."""

    wire = Wire.RESPONSES
    only = Dialect.OPENAI

    def read(self, body: Mapping[str, object], headers: Sequence[tuple[str, str]]) -> Asked:
        del headers  # none is part of the language
        return read_request(body)

    def write(self, completion: Completion, told: Told) -> bytes:
        del told
        return b"".join([piece.data for piece in completion.verbatim])

    def writer(self, told: Told) -> AnswerWriter:
        del told
        return _Writer()

    def write_error(self, error: ApiError) -> bytes:
        return write_error(error)


@final
class _Writer(AnswerWriter):
    """Passes on what was relayed."""

    def __init__(self) -> None:
        self._last = b""

    def write(self, event: CompletionEvent) -> bytes:
        match event:
            case Verbatim():
                self._last = event.data
                return event.data
            case Finished():
                return event.verbatim
            case _:
                return b""

    def cut(self, error: ApiError) -> bytes:
        told = _ErrorEvent(
            _ERROR,
            error.code,
            error.message,
            error.param,
            self._next_number(),
            _decode_told(write_error(error)).error,
        )
        return write_event(_encode(told), name=_ERROR)

    def _next_number(self) -> int:
        """Which the last event that was told is looked at for, now that it is needed."""
        events = SseReader().feed(self._last)
        if not events:
            return 0
        try:
            return _decode_number(events[-1].data).sequence_number + 1
        except msgspec.DecodeError:
            return 0
