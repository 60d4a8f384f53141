"""Anthropic's messages, as spoken by callers."""

from collections.abc import Mapping, Sequence
from typing import final

from neuroroute.dialects.anthropic.errors import write_error
from neuroroute.dialects.anthropic.requests import read_messages
from neuroroute.dialects.anthropic.streaming import MessageWriter
from neuroroute.dialects.anthropic.writing import write_message
from neuroroute.dialects.caller_side import AnswerWriter, ApiError, Asked, CallerDialect, Told
from neuroroute.domain.completion import Completion
from neuroroute.domain.model import Wire


@final
class MessagesDialect(CallerDialect):
    """The language, spoken by a caller. Every provider's answers can be told in it."""

    wire = Wire.MESSAGES
    only = None

    def read(self, body: Mapping[str, object], headers: Sequence[tuple[str, str]]) -> Asked:
        return read_messages(body, headers, wire=Wire.MESSAGES)

    def write(self, completion: Completion, told: Told) -> bytes:
        return write_message(completion, told)

    def writer(self, told: Told) -> AnswerWriter:
        return MessageWriter(told)

    def write_error(self, error: ApiError) -> bytes:
        return write_error(error)
