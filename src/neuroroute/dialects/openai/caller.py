"""OpenAI's chat completions, as spoken by callers."""

from collections.abc import Mapping, Sequence
from typing import final

from neuroroute.dialects.caller_side import AnswerWriter, ApiError, Asked, CallerDialect, Told
from neuroroute.dialects.openai.errors import write_error
from neuroroute.dialects.openai.requests import read_chat
from neuroroute.dialects.openai.writing import ChunkWriter, write_completion
from neuroroute.domain.completion import Completion
from neuroroute.domain.model import Wire


@final
class ChatDialect(CallerDialect):
    """The language, spoken by a caller. Every provider's answers can be told in it."""

    wire = Wire.CHAT
    only = None

    def read(self, body: Mapping[str, object], headers: Sequence[tuple[str, str]]) -> Asked:
        del headers  # none is part of the language
        return read_chat(body)

    def write(self, completion: Completion, told: Told) -> bytes:
        return write_completion(completion, told)

    def writer(self, told: Told) -> AnswerWriter:
        return ChunkWriter(told)

    def write_error(self, error: ApiError) -> bytes:
        return write_error(error)
