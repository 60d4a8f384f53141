"""OpenAI's chat completions, as spoken to providers; also by LM Studio, Ollama, vLLM and most others."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, final

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from neuroroute.dialects.provider_side import Call, EventReader, ProviderDialect, Reading
from neuroroute.dialects.sse import SseEvent, SseReader
from neuroroute.domain.completion import Completion, CompletionEvent, Finished, FinishReason, TextDelta, Usage
from neuroroute.domain.errors import ProviderFailed, ProviderThrottled, ProviderUnavailable, ProviderWords
from neuroroute.domain.model import ModelCard
from neuroroute.domain.prompt import Prompt

_DONE = b"[DONE]"
_REASONS = {
    "stop": FinishReason.STOP,
    "length": FinishReason.LENGTH,
    "tool_calls": FinishReason.TOOL_CALL,
    "function_call": FinishReason.TOOL_CALL,
    "content_filter": FinishReason.FILTERED,
}

_NULL = Raw(b"null")
_Count = Annotated[int, Meta(ge=0, le=1_000_000_000)]


class _Message(Struct):
    role: str
    content: str


class _StreamOptions(Struct):
    include_usage: bool = True


class _Request(Struct, omit_defaults=True):
    messages: list[_Message]
    model: str | UnsetType = UNSET
    max_tokens: int | UnsetType = UNSET
    temperature: float | UnsetType = UNSET
    stream: bool = False
    stream_options: _StreamOptions | UnsetType = UNSET


class _Part(Struct):
    text: str = ""


class _Said(Struct):
    """A message, or the piece of one that a chunk brings."""

    content: str | list[_Part] | None = None


class _Choice(Struct):
    index: int = 0
    message: _Said | None = None
    delta: _Said | None = None
    finish_reason: str | None = None


class _Usage(Struct):
    prompt_tokens: _Count
    completion_tokens: _Count
    prompt_tokens_details: Raw = _NULL
    completion_tokens_details: Raw = _NULL


class _Details(Struct):
    """What the counts are made of."""

    cached_tokens: _Count | None = None
    reasoning_tokens: _Count | None = None


class _ErrorBody(Struct):
    code: str | int | None = None
    type: str | None = None


class _Response(Struct):
    """A completion or a chunk of one: they differ in `message` and `delta` only."""

    choices: list[_Choice] | None = None
    model: str | None = None
    usage: Raw = _NULL
    error: Raw = _NULL


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_Response).decode
_decode_usage = msgspec.json.Decoder(_Usage).decode
_decode_details = msgspec.json.Decoder(_Details).decode
_decode_error = msgspec.json.Decoder(_ErrorBody).decode


@final
class OpenAIDialect(ProviderDialect):
    """The language, spoken to a provider."""

    models_path = "/models"

    def headers(self, key: str | None, *, organization: str | None = None) -> Sequence[tuple[str, str]]:
        said = (("authorization", f"Bearer {key}" if key else None), ("openai-organization", organization))
        return tuple((name, value) for name, value in said if value)

    def call(self, prompt: Prompt, card: ModelCard) -> Call:
        return Call(path="/chat/completions", body=_write(prompt, card), reading=_READING, mismatched=_READING)

    def words(self, body: bytes) -> ProviderWords:
        del body
        return ProviderWords()

    def drops(self, prompt: Prompt) -> Sequence[str]:
        return prompt.untranslated


def _write(prompt: Prompt, card: ModelCard) -> bytes:
    sampling = prompt.sampling
    return _encode(
        _Request(
            messages=[_Message(message.role, message.text) for message in prompt.messages],
            model=UNSET if card.upstream is None else card.upstream,
            max_tokens=UNSET if sampling.max_tokens is None else min(sampling.max_tokens, card.max_tokens),
            temperature=UNSET if sampling.temperature is None else sampling.temperature,
            stream=prompt.streamed,
            stream_options=_StreamOptions() if prompt.streamed else UNSET,
        )
    )


@final
class _Translated(Reading):
    """Read for callers of any language."""

    def whole(self, body: bytes) -> Iterable[CompletionEvent]:
        response = _read(body)
        if not response.choices:
            raise ProviderUnavailable("The provider answered without a choice")
        choice = response.choices[0]
        finished = _finished(choice.finish_reason or "", response.usage, response.model)
        return Completion(_text(choice.message), finished).replay()

    def stream(self) -> EventReader:
        return _ChunkReader()


_READING = _Translated()


@final
class _ChunkReader(EventReader):
    """One streamed answer: complete at `[DONE]`, or at the end of the bytes once a finish reason was told."""

    def __init__(self) -> None:
        self._sse = SseReader()
        self._reason: str | None = None
        self._usage = _NULL
        self._model: str | None = None
        self._done = False

    def feed(self, chunk: bytes) -> Iterator[CompletionEvent]:
        return self._read(self._sse.feed(chunk))

    def end(self, *, framed: bool) -> Iterator[CompletionEvent]:
        yield from self._read(self._sse.end())
        if self._done:
            return
        if self._reason is None or not framed:
            raise ProviderUnavailable("The provider cut its answer short")
        yield self._finish()

    def _read(self, stream: Sequence[SseEvent]) -> Iterator[CompletionEvent]:
        for _, data in stream:
            if self._done:
                break
            if data == _DONE:
                yield self._finish()
            elif text := self._read_chunk(data):
                yield TextDelta(text)

    def _read_chunk(self, data: bytes) -> str:
        chunk = _read(data)
        self._model = chunk.model or self._model
        if chunk.usage != _NULL:
            self._usage = chunk.usage
        text = ""
        for choice in chunk.choices or ():
            if choice.index == 0:
                self._reason = choice.finish_reason or self._reason
                text += _text(choice.delta)
        return text

    def _finish(self) -> Finished:
        self._done = True
        return _finished(self._reason or "", self._usage, self._model)


def _read(data: bytes) -> _Response:
    try:
        response = _decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ProviderUnavailable("The provider's answer is not a chat completion") from error
    if response.error != _NULL:
        raise _told(response.error)
    return response


def _told(raw: Raw) -> ProviderFailed:
    """The failure that an error inside a 200 speaks of."""
    try:
        error = _decode_error(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        error = _ErrorBody()
    if error.code in {429, "429", "rate_limit_exceeded"} or error.type == "rate_limit_error":
        return ProviderThrottled("The provider limits our rate, it says in its answer")
    return ProviderUnavailable("The provider reports an error in its answer")


def _text(said: _Said | None) -> str:
    if said is None or said.content is None:
        return ""
    if isinstance(said.content, str):
        return said.content
    return "".join(part.text for part in said.content)


def _finished(reason: str, usage: Raw, model: str | None) -> Finished:
    return Finished(_REASONS.get(reason, FinishReason.OTHER), reason, _usage(usage), model)


def _usage(raw: Raw) -> Usage | None:
    """`None` for usage that is missing or impossible: it is then estimated, never believed."""
    try:
        told = _decode_usage(raw)
    except (msgspec.DecodeError, RecursionError):
        return None
    if told.prompt_tokens_details == _NULL and told.completion_tokens_details == _NULL:
        return Usage(prompt_tokens=told.prompt_tokens, completion_tokens=told.completion_tokens)
    cached = _details(told.prompt_tokens_details).cached_tokens or 0
    reasoning = _details(told.completion_tokens_details).reasoning_tokens or 0
    return Usage(
        prompt_tokens=told.prompt_tokens,
        completion_tokens=told.completion_tokens,
        cached_tokens=min(cached, told.prompt_tokens),
        reasoning_tokens=min(reasoning, told.completion_tokens),
    )


def _details(raw: Raw) -> _Details:
    """Nothing for details that are missing or impossible: the counts that they are part of still stand."""
    try:
        return _decode_details(raw)
    except (msgspec.DecodeError, RecursionError):
        return _Details()
