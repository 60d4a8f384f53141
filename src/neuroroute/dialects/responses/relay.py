"""OpenAI's responses passed on word for word, to callers who speak the same."""

from collections.abc import Iterable, Iterator, Sequence
from typing import final

from neuroroute.dialects.provider_side import EventReader, Reading
from neuroroute.dialects.responses.events import FAILED, read_event
from neuroroute.dialects.responses.response import characters, failed, failure, finish, read_response
from neuroroute.dialects.sse import MAX_EVENT_BYTES, SseEvent, SseReader, relay_event
from neuroroute.domain.completion import CompletionEvent, Finished, Verbatim
from neuroroute.domain.errors import ProviderFailed, ProviderUnavailable


@final
class ResponsesRelay(Reading):
    """A whole response is its body; of a stream every event that carries data."""

    def whole(self, body: bytes) -> Iterable[CompletionEvent]:
        response = read_response(body)
        if failed(response):
            raise failure(body)
        if response.output is None:
            raise ProviderUnavailable("The provider answered without an output")
        return Verbatim(body, characters(response)), finish(response)

    def stream(self) -> EventReader:
        return _Relayed()


@final
class _Relayed(EventReader):
    """One streamed response: complete at its terminal event, and at nothing else."""

    def __init__(self) -> None:
        self._sse = SseReader()
        self._ready: list[bytes] = []
        """What the next piece is made of: until there is content, all that came."""
        self._held = 0
        self._characters = 0
        self._begun = False
        self._finished: Finished | None = None

    def feed(self, chunk: bytes) -> Iterator[CompletionEvent]:
        return self._read(self._sse.feed(chunk))

    def end(self, *, framed: bool) -> Iterator[CompletionEvent]:
        del framed  # a response says its own end
        yield from self._read(self._sse.end())
        if self._finished is None:
            raise ProviderUnavailable("The provider cut its answer short")

    def _read(self, events: Sequence[SseEvent]) -> Iterator[CompletionEvent]:
        """All events that came together go on together."""
        if self._finished is not None:
            return
        broken = None
        for event in events:
            try:
                self._finished = self._take(event)
            except ProviderFailed as error:
                broken = error
                break
            if self._finished is not None:
                break
        if self._ready and (self._begun or self._finished):
            yield Verbatim(b"".join(self._ready), self._characters)
            self._ready, self._characters = [], 0
        if broken is not None:
            raise broken
        if self._finished is not None:
            yield self._finished

    def _take(self, event: SseEvent) -> Finished | None:
        told, data = read_event(event), relay_event(event)
        if told.is_terminal:
            if told.type == FAILED and not self._begun:
                raise failure(bytes(told.response))
            return finish(read_response(told.response), verbatim=data)
        self._begun = self._begun or told.is_content
        self._characters += told.characters
        self._ready.append(data)
        if not self._begun:
            self._held += len(data)
            if self._held > MAX_EVENT_BYTES:
                raise ProviderUnavailable(f"The provider sent more than {MAX_EVENT_BYTES} bytes without content")
        return None
