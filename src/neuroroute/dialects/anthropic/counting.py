"""Anthropic's count of a message's tokens, as asked by callers."""

from collections.abc import Mapping, Sequence
from typing import final

import msgspec
from msgspec import Struct

from neuroroute.dialects.anthropic.errors import write_error
from neuroroute.dialects.anthropic.requests import read_messages
from neuroroute.dialects.anthropic.streaming import MessageWriter
from neuroroute.dialects.caller_side import AnswerWriter, ApiError, Asked, CallerDialect, Told
from neuroroute.domain.completion import Completion
from neuroroute.domain.model import Dialect, Wire


class TokenCount(Struct, frozen=True):
    """How many tokens a model would read."""

    input_tokens: int


_encode = msgspec.json.Encoder().encode


def write_count(tokens: int) -> bytes:
    """A count of ours."""
    return _encode(TokenCount(tokens))


@final
class CountTokensDialect(CallerDialect):
    """The language, in which only those who speak it can be asked; never streamed."""

    wire = Wire.COUNT_TOKENS
    only = Dialect.ANTHROPIC

    def read(self, body: Mapping[str, object], headers: Sequence[tuple[str, str]]) -> Asked:
        return read_messages(body, headers, wire=Wire.COUNT_TOKENS)

    def write(self, completion: Completion, told: Told) -> bytes:
        del told
        return b"".join([piece.data for piece in completion.verbatim])

    def writer(self, told: Told) -> AnswerWriter:
        return MessageWriter(told)

    def write_error(self, error: ApiError) -> bytes:
        return write_error(error)
