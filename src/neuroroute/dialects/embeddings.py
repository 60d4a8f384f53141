"""OpenAI's embeddings, spoken to callers and passed on word for word."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Final, final

import msgspec
from msgspec import Meta, Raw, Struct

from neuroroute.dialects.caller_side import AnswerWriter, ApiError, Asked, CallerDialect, InvalidRequest, Told
from neuroroute.dialects.fields import read, size_of
from neuroroute.dialects.openai.errors import failure_in, write_error
from neuroroute.dialects.provider_side import EventReader, Reading
from neuroroute.dialects.sse import check_text
from neuroroute.domain.completion import Completion, CompletionEvent, Finished, FinishReason, Usage, Verbatim
from neuroroute.domain.errors import ProviderUnavailable
from neuroroute.domain.model import Dialect, Wire
from neuroroute.domain.prompt import Message, Prompt, Role, Wording

MAX_INPUTS: Final = 2048
"""Of one request, as OpenAI bounds them (API reference, embeddings)."""
_NULL: Final = Raw(b"null")
_Token = Annotated[float, Meta(ge=0, multiple_of=1)]
"""A float, since JSON's 1.0 is 1."""
_Tokens = Annotated[list[_Token], Meta(min_length=1)]
_Count = Annotated[int, Meta(ge=0, le=1_000_000_000)]


class _Request(Struct):
    model: Annotated[str, Meta(min_length=1)]
    input: str | Annotated[list[object], Meta(min_length=1)]
    dimensions: Annotated[float, Meta(ge=1, le=1_000_000)] | None = None
    encoding_format: str | None = None
    user: str | None = None
    stream: bool | None = None


class _Usage(Struct):
    prompt_tokens: _Count | None = None
    total_tokens: _Count | None = None
    """The same, for nothing is written; Voyage tells no other."""


class _Answer(Struct):
    data: list[Raw] | None = None
    model: str | None = None
    usage: Raw = _NULL
    error: Raw = _NULL


_decode = msgspec.json.Decoder(_Answer).decode
_decode_usage = msgspec.json.Decoder(_Usage, strict=False).decode
_UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


@final
class EmbeddingsDialect(CallerDialect):
    """The language: its answers are always a provider's own words, and never streamed."""

    wire = Wire.EMBEDDINGS
    only = Dialect.OPENAI

    def read(self, body: Mapping[str, object], headers: Sequence[tuple[str, str]]) -> Asked:
        del headers  # none is part of the language
        size = size_of(body)
        request = read(_Request, body, "")
        if request.stream:
            raise InvalidRequest("stream: embeddings come in one answer and are not streamed", param="stream")
        return Asked(
            model=request.model,
            prompt=Prompt(
                tuple([Message(Role.USER, text) for text in _texts(request.input)]),
                user=request.user,
                wording=Wording(wire=Wire.EMBEDDINGS, body=body),
            ),
            most_tokens=size,  # a token is a byte at least, and so is a number
        )

    def write(self, completion: Completion, told: Told) -> bytes:
        del told
        return b"".join([piece.data for piece in completion.verbatim])

    def writer(self, told: Told) -> AnswerWriter:
        del told
        return _Writer()

    def write_error(self, error: ApiError) -> bytes:
        return write_error(error)


def _texts(given: str | list[object]) -> Sequence[str]:
    """The texts of the input; one that is given as tokens has none."""
    if isinstance(given, str):
        return (given,)
    match given[0]:
        case str():
            return read(_Texts, {"input": given}, "").input
        case list():
            read(_TokenLists, {"input": given}, "")
        case _:
            read(_OneTokens, {"input": given}, "")
    return ()


class _Texts(Struct):
    input: Annotated[list[str], Meta(max_length=MAX_INPUTS)]


class _TokenLists(Struct):
    input: Annotated[list[_Tokens], Meta(max_length=MAX_INPUTS)]


class _OneTokens(Struct):
    input: _Tokens


@final
class _Writer(AnswerWriter):
    """Of what is never streamed."""

    def write(self, event: CompletionEvent) -> bytes:
        return event.data if isinstance(event, Verbatim) else b""

    def cut(self, error: ApiError) -> bytes:
        return write_error(error)


@final
class EmbeddingsRelay(Reading):
    """Passes the body on."""

    def whole(self, body: bytes) -> Iterable[CompletionEvent]:
        try:
            check_text(body)
            answer = _decode(body)
        except _UNREADABLE as error:
            raise ProviderUnavailable("The provider's answer holds no embeddings") from error
        if answer.error != _NULL:
            raise failure_in(body)
        if not answer.data:
            raise ProviderUnavailable("The provider's answer holds no embeddings")
        return Verbatim(body, 0), Finished(FinishReason.STOP, "", _usage(answer.usage), answer.model)

    def stream(self) -> EventReader:
        raise ProviderUnavailable("The provider streams embeddings, which are never streamed")


def _usage(raw: Raw) -> Usage | None:
    """`None` for usage that is missing or impossible: it is then estimated, never believed."""
    try:
        told = _decode_usage(raw)
    except _UNREADABLE:
        return None
    read = told.total_tokens if told.prompt_tokens is None else told.prompt_tokens
    return None if read is None else Usage(prompt_tokens=read)
