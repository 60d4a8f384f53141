"""A provider's chat answers, read into events for callers of any language."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import final

import msgspec
from msgspec import Raw, Struct

from neuroroute.dialects.openai.chunks import (
    DONE,
    NULL,
    Function,
    Said,
    arguments_of,
    finish,
    read_chunk,
    read_completion,
    reasoning_of,
    tells_error,
    text_of,
    usage_of,
)
from neuroroute.dialects.openai.errors import failure_in
from neuroroute.dialects.provider_side import EventReader, Reading
from neuroroute.dialects.sse import SseEvent, SseReader
from neuroroute.domain.completion import CompletionEvent, Finished, ReasoningDelta, TextDelta, ToolCallDelta
from neuroroute.domain.errors import ProviderUnavailable

_LEGACY = -1
"""The place of a `function_call`, which has none among the tools'."""


@final
class ChatAnswers(Reading):
    """Of several choices the first is read, and nothing else."""

    def whole(self, body: bytes) -> Iterable[CompletionEvent]:
        completion, choices = read_completion(body)
        speech = _Speech()
        first = next((choice for choice in choices if not choice.index), choices[0])
        message = first.message
        events: list[CompletionEvent] = [] if message is None else [*speech.read(message, completion.id or "")]
        reason = first.finish_reason or ""
        return *events, speech.finish(reason, usage_of(completion), completion.model)

    def stream(self) -> EventReader:
        return _ChunkReader()


@final
class _ChunkReader(EventReader):
    """One streamed answer: complete at `[DONE]`, or at the end of the bytes once a finish reason was told."""

    def __init__(self) -> None:
        self._sse = SseReader()
        self._speech = _Speech()
        self._reason: str | None = None
        self._usage = NULL
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
        for name, data in stream:
            if self._done:
                break
            if data.startswith(DONE):
                yield self._finish()
            elif name == b"error":
                raise failure_in(data)
            else:
                yield from self._read_chunk(data)

    def _read_chunk(self, data: bytes) -> Iterator[CompletionEvent]:
        chunk = read_chunk(data)
        if tells_error(chunk):
            raise failure_in(data)
        self._model = chunk.model or self._model
        if (usage := usage_of(chunk)) != NULL:
            self._usage = usage
        for choice in chunk.choices or ():
            if choice.index:
                continue
            self._reason = choice.finish_reason or self._reason
            if said := choice.delta or choice.message:
                yield from self._speech.read(said, chunk.id or "")

    def _finish(self) -> Finished:
        self._done = True
        return self._speech.finish(self._reason or "", self._usage, self._model)


class _OpenCall(Struct):
    index: int
    id: str
    name: str
    arguments: list[str]
    """All pieces, of a call without an id."""

    def is_followed_by(self, native: str, name: str, arguments: str) -> bool:
        """Whether a piece at its place begins the next call: Google counts all as the first, and not all have an id.

        Pieces of one call may all say its name, and its id.
        """
        if native:
            return bool(name) and native != self.id
        return bool(name and arguments) and self._is_whole()

    def _is_whole(self) -> bool:
        if not (self.arguments and self.arguments[-1].rstrip().endswith("}")):
            return False
        try:
            return isinstance(msgspec.json.decode("".join(self.arguments)), dict)
        except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
            return False


class _Speech:
    """What one choice says, piece by piece. Providers count and name the calls of tools each in its own way."""

    def __init__(self) -> None:
        self._refused = False
        self._open: dict[int, _OpenCall] = {}
        self._ids: dict[int, str] = {}
        """Of calls that were announced and not named yet."""
        self._calls = 0

    def read(self, said: Said, answer: str) -> Iterator[CompletionEvent]:
        """`answer` is the provider's id of it."""
        if thought := reasoning_of(said):
            yield ReasoningDelta(thought)
        text = text_of(said.content)
        if said.refusal:
            self._refused = True
            text += said.refusal
        if text:
            yield TextDelta(text)
        for place, call in enumerate(said.tool_calls or ()):
            key = place if call.index is None else call.index
            yield from self._read_call(key, call.id or "", call.function or Function(), answer)
        if said.function_call:
            yield from self._read_call(_LEGACY, "", said.function_call, answer)

    def finish(self, reason: str, usage: Raw, model: str | None) -> Finished:
        return finish(reason, usage, model, refused=self._refused, called=bool(self._calls))

    def _read_call(self, key: int, native: str, function: Function, answer: str) -> Iterator[ToolCallDelta]:
        name, arguments = function.name or "", arguments_of(function)
        open_call = self._open.get(key)
        if open_call is None or open_call.is_followed_by(native, name, arguments):
            native = native or self._ids.pop(key, "")
            if not (name or arguments):
                self._ids[key] = native
                return
            index, self._calls = self._calls, self._calls + 1
            self._open[key] = _OpenCall(index, native, name, [] if native else [arguments])
            yield ToolCallDelta(index, native or _id(index, answer, name, arguments), name, arguments)
        else:
            more = "" if name == open_call.name else name
            if arguments and not open_call.id:
                open_call.arguments.append(arguments)
            if more or arguments:
                yield ToolCallDelta(open_call.index, "", more, arguments)


def _id(index: int, answer: str, name: str, arguments: str) -> str:
    """An id for a call that its provider gave none: the same whenever that answer is read."""
    told = hashlib.blake2s(f"{answer} {name} {arguments}".encode(), digest_size=12)
    return f"call_{index}_{told.hexdigest()}"
