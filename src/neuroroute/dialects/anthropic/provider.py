"""Anthropic's messages, as spoken to providers."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, TypeAlias, final

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from neuroroute.dialects.provider_side import Call, EventReader, ProviderDialect, Reading
from neuroroute.dialects.sse import SseEvent, SseReader
from neuroroute.domain.completion import Completion, CompletionEvent, Finished, FinishReason, TextDelta, Usage
from neuroroute.domain.errors import ProviderFailed, ProviderThrottled, ProviderUnavailable, ProviderWords
from neuroroute.domain.model import ModelCard
from neuroroute.domain.prompt import Prompt, Role

_VERSION = "2023-06-01"
_MAX_TOKENS = 4096
"""Anthropic asks for a limit; this is the earlier service's where the caller states none (CONTRACT.md 2)."""
_REASONS = {
    "end_turn": FinishReason.STOP,
    "stop_sequence": FinishReason.STOP,
    "max_tokens": FinishReason.LENGTH,
    "tool_use": FinishReason.TOOL_CALL,
    "refusal": FinishReason.FILTERED,
}

_NULL = Raw(b"null")
_Count = Annotated[int, Meta(ge=0, le=1_000_000_000)]


class _Turn(Struct):
    role: str
    content: str


class _Request(Struct, omit_defaults=True):
    model: str
    max_tokens: int
    messages: list[_Turn]
    system: str | UnsetType = UNSET
    temperature: float | UnsetType = UNSET
    stream: bool = False


class _Block(Struct):
    type: str
    text: str = ""


class _Usage(Struct):
    """Counts of an answer. A stream tells them twice: input at its start, output at its end."""

    input_tokens: _Count | None = None
    output_tokens: _Count | None = None
    cache_creation_input_tokens: _Count | None = None
    cache_read_input_tokens: _Count | None = None


class _Message(Struct):
    content: list[_Block]
    stop_reason: str | None = None
    model: str | None = None
    usage: Raw = _NULL


class _Begun(Struct):
    model: str | None = None
    usage: Raw = _NULL


class _MessageStart(Struct, tag="message_start"):
    message: _Begun


class _Delta(Struct):
    text: str = ""
    stop_reason: str | None = None


class _ContentBlockDelta(Struct, tag="content_block_delta"):
    delta: _Delta


class _MessageDelta(Struct, tag="message_delta"):
    delta: _Delta
    usage: Raw = _NULL


class _MessageStop(Struct, tag="message_stop"):
    pass


class _ErrorBody(Struct):
    type: str = ""


class _Error(Struct, tag="error"):
    error: _ErrorBody


_StreamEvent: TypeAlias = _MessageStart | _ContentBlockDelta | _MessageDelta | _MessageStop | _Error


class _Kind(Struct):
    type: str


_encode = msgspec.json.Encoder().encode
_decode_message = msgspec.json.Decoder(_Message).decode
_decode_event = msgspec.json.Decoder(_StreamEvent).decode
_decode_kind = msgspec.json.Decoder(_Kind).decode
_decode_usage = msgspec.json.Decoder(_Usage).decode
_KINDS = frozenset({"message_start", "content_block_delta", "message_delta", "message_stop", "error"})


@final
class AnthropicDialect(ProviderDialect):
    """The language, spoken to a provider."""

    models_path = "/v1/models"

    def headers(self, key: str | None, *, organization: str | None = None) -> Sequence[tuple[str, str]]:
        del organization
        version = ("anthropic-version", _VERSION)
        return (version, ("x-api-key", key)) if key else (version,)

    def call(self, prompt: Prompt, card: ModelCard) -> Call:
        return Call(path="/v1/messages", body=_write(prompt, card), reading=_READING, mismatched=_READING)

    def words(self, body: bytes) -> ProviderWords:
        del body
        return ProviderWords()

    def drops(self, prompt: Prompt) -> Sequence[str]:
        return prompt.untranslated


def _write(prompt: Prompt, card: ModelCard) -> bytes:
    sampling = prompt.sampling
    system = "\n\n".join(message.text for message in prompt.messages if message.role is Role.SYSTEM)
    return _encode(
        _Request(
            model=card.upstream or card.name,
            max_tokens=min(sampling.max_tokens or _MAX_TOKENS, card.max_tokens),
            messages=[_Turn(turn.role, turn.text) for turn in prompt.messages if turn.role is not Role.SYSTEM],
            system=system or UNSET,
            temperature=UNSET if sampling.temperature is None else sampling.temperature,
            stream=prompt.streamed,
        )
    )


@final
class _Translated(Reading):
    """Read for callers of any language."""

    def whole(self, body: bytes) -> Iterable[CompletionEvent]:
        try:
            message = _decode_message(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise ProviderUnavailable("The provider's answer is not a message") from error
        text = "".join(block.text for block in message.content if block.type == "text")
        usage = _sum(_read_usage(message.usage), _Usage())
        return Completion(text, _finished(message.stop_reason or "", usage, message.model)).replay()

    def stream(self) -> EventReader:
        return _MessageReader()


_READING = _Translated()


@final
class _MessageReader(EventReader):
    """One streamed message: complete at `message_stop` and not before."""

    def __init__(self) -> None:
        self._sse = SseReader()
        self._reason = ""
        self._model: str | None = None
        self._begun = _Usage()
        self._ended = _Usage()
        self._done = False

    def feed(self, chunk: bytes) -> Iterator[CompletionEvent]:
        return self._read(self._sse.feed(chunk))

    def end(self, *, framed: bool) -> Iterator[CompletionEvent]:
        del framed
        yield from self._read(self._sse.end())
        if not self._done:
            raise ProviderUnavailable("The provider cut its answer short")

    def _read(self, stream: Sequence[SseEvent]) -> Iterator[CompletionEvent]:
        for _, data in stream:
            if self._done:
                break
            match _read_event(data):
                case _ContentBlockDelta(delta):
                    if delta.text:
                        yield TextDelta(delta.text)
                case _MessageStart(message):
                    self._model, self._begun = message.model, _read_usage(message.usage)
                case _MessageDelta(delta, usage):
                    self._reason, self._ended = delta.stop_reason or self._reason, _read_usage(usage)
                case _MessageStop():
                    self._done = True
                    yield _finished(self._reason, _sum(self._begun, self._ended), self._model)
                case _Error(error):
                    raise _told(error.type)
                case None:
                    pass


def _read_event(data: bytes) -> _StreamEvent | None:
    """`None` for kinds that say nothing to us: pings, block starts and stops, whatever comes later."""
    try:
        if _decode_kind(data).type not in _KINDS:
            return None
        return _decode_event(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ProviderUnavailable("The provider's stream is not one of messages") from error


def _told(kind: str) -> ProviderFailed:
    if kind == "rate_limit_error":
        return ProviderThrottled("The provider limits our rate, it says in its answer")
    return ProviderUnavailable("The provider reports an error in its answer")


def _finished(reason: str, usage: Usage | None, model: str | None) -> Finished:
    return Finished(_REASONS.get(reason, FinishReason.OTHER), reason, usage, model)


def _read_usage(raw: Raw) -> _Usage:
    """Nothing for usage that is missing or impossible: it is then estimated, never believed."""
    try:
        return _decode_usage(raw)
    except (msgspec.DecodeError, RecursionError):
        return _Usage()


def _sum(begun: _Usage, ended: _Usage) -> Usage | None:
    """The later word wins; tokens read from or written to the provider's cache are prompt tokens too."""
    read = _later(begun.input_tokens, ended.input_tokens)
    written = _later(begun.output_tokens, ended.output_tokens)
    if read is None or written is None:
        return None
    spared = _later(begun.cache_read_input_tokens, ended.cache_read_input_tokens) or 0
    kept = _later(begun.cache_creation_input_tokens, ended.cache_creation_input_tokens) or 0
    return Usage(
        prompt_tokens=read + spared + kept,
        completion_tokens=written,
        cached_tokens=spared,
        cache_write_tokens=kept,
    )


def _later(begun: int | None, ended: int | None) -> int | None:
    return begun if ended is None else ended
