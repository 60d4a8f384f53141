"""A provider's chat answers, word for word for callers who speak the same."""

from collections.abc import Iterable, Iterator, Sequence
from typing import final

import msgspec
from msgspec import Raw

from neuroroute.dialects.openai.chunks import (
    DONE,
    NULL,
    Choice,
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
from neuroroute.dialects.sse import MAX_EVENT_BYTES, SseEvent, SseReader, relay_event, write_event
from neuroroute.domain.completion import CompletionEvent, Finished, Verbatim
from neuroroute.domain.errors import ProviderFailed, ProviderUnavailable

_END = write_event(DONE)
_FAILURE = frozenset({"error", "x_groq"})
_decode_object = msgspec.json.Decoder(dict[str, object]).decode
_encode = msgspec.json.Encoder().encode


@final
class ChatRelay(Reading):
    """`tells_usage`: whether the caller asked for the chunk of a stream that tells nothing but the usage."""

    def __init__(self, *, tells_usage: bool) -> None:
        self._tells_usage = tells_usage

    def whole(self, body: bytes) -> Iterable[CompletionEvent]:
        completion, choices = read_completion(body)
        state = _Choices()
        characters = sum([state.add(choice, choice.message) for choice in choices])
        return Verbatim(body, characters), state.finish(usage_of(completion), completion.model)

    def stream(self) -> EventReader:
        return _ChunkRelay(tells_usage=self._tells_usage)


class _Choices:
    """What of the choices an end tells."""

    def __init__(self) -> None:
        self._reasons: dict[int, str] = {}
        self._refused = False
        self._called = False
        self.spoke = False
        """Whether any has said something; who speaks and that it begins is nothing."""

    @property
    def ended(self) -> bool:
        """Whether there are some, and all have said why they ended."""
        return bool(self._reasons) and all(self._reasons.values())

    def add(self, choice: Choice, said: Said | None) -> int:
        """Note it; the characters that it says."""
        index = choice.index or 0
        if choice.finish_reason:
            self._reasons[index] = choice.finish_reason
        elif index not in self._reasons:
            self._reasons[index] = ""
        if said is None:
            return 0
        characters = len(text_of(said.content)) + len(reasoning_of(said))
        if said.refusal:
            characters += len(said.refusal)
            self._refused = self._refused or index == 0
        if said.tool_calls or said.function_call:
            characters += (called := _characters_of_calls(said))
            self._called = self._called or (index == 0 and called > 0)
            self.spoke = self.spoke or any(call.custom for call in said.tool_calls or ())
        if characters or said.audio or said.images or said.annotations or said.reasoning_details:
            self.spoke = True
        return characters

    def finish(self, usage: Raw, model: str | None, verbatim: bytes = b"") -> Finished:
        reason = self._reasons.get(0, "")
        return finish(reason, usage, model, refused=self._refused, called=self._called, verbatim=verbatim)


def _characters_of_calls(said: Said) -> int:
    functions = [call.function for call in said.tool_calls or ()]
    return sum(
        [
            len(function.name or "") + len(arguments_of(function))
            for function in (*functions, said.function_call)
            if function is not None
        ]
    )


@final
class _ChunkRelay(EventReader):
    """One streamed answer: complete at `[DONE]`, or at the end of the bytes once all choices told why they ended."""

    def __init__(self, *, tells_usage: bool) -> None:
        self._tells_usage = tells_usage
        self._sse = SseReader()
        self._choices = _Choices()
        self._usage = NULL
        self._model: str | None = None
        self._waiting: list[bytes] = []
        """Events to pass on: at once, or with the first that says something."""
        self._waiting_size = 0
        self._characters = 0
        self._done = False

    def feed(self, chunk: bytes) -> Iterator[CompletionEvent]:
        return self._read(self._sse.feed(chunk))

    def end(self, *, framed: bool) -> Iterator[CompletionEvent]:
        yield from self._read(self._sse.end())
        if self._done:
            return
        if not (framed and self._choices.ended):
            raise ProviderUnavailable("The provider cut its answer short")
        yield self._finish()

    def _read(self, stream: Sequence[SseEvent]) -> Iterator[CompletionEvent]:
        if self._done:
            return
        failure: ProviderFailed | None = None
        ended = False
        for event in stream:
            if event.data.startswith(DONE):
                ended = True
                break
            try:
                self._take(event)
            except ProviderFailed as error:
                failure = error
                break
        if self._choices.spoke and self._waiting:
            yield Verbatim(b"".join(self._waiting), self._characters)
            self._waiting, self._waiting_size, self._characters = [], 0, 0
        if failure is not None:
            raise failure
        if ended:
            yield self._finish()

    def _take(self, event: SseEvent) -> None:
        if event.name == b"error":
            raise failure_in(event.data)
        chunk = read_chunk(event.data)
        if tells_error(chunk):
            if chunk.choices and self._choices.spoke:  # OpenRouter says in the same chunk how its choices ended
                self._pass_on(SseEvent(event.name, _without_error(event.data)))
            raise failure_in(event.data)
        if chunk.model:
            self._model = chunk.model
        usage = usage_of(chunk)
        if usage != NULL:
            self._usage = usage
        if chunk.choices:
            for choice in chunk.choices:
                self._characters += self._choices.add(choice, choice.delta or choice.message)
        elif usage != NULL and not self._tells_usage:
            return
        self._pass_on(event)
        if self._waiting_size > MAX_EVENT_BYTES and not self._choices.spoke:
            raise ProviderUnavailable(f"The provider sent {MAX_EVENT_BYTES} bytes and said nothing in them")

    def _pass_on(self, event: SseEvent) -> None:
        self._waiting.append(relay_event(event))
        self._waiting_size += len(event.data)

    def _finish(self) -> Finished:
        self._done = True
        verbatim = b"".join((*self._waiting, _END))  # an answer that says nothing is told here, all of it
        return self._choices.finish(self._usage, self._model, verbatim)


def _without_error(data: bytes) -> bytes:
    """All that a chunk says but why it failed, for that may hold our key."""
    return _encode({name: value for name, value in _decode_object(data).items() if name not in _FAILURE})
