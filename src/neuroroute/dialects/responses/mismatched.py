"""A provider that streams though it was not asked to, or does not though it was: each made into the other."""

from collections.abc import Iterable, Iterator, Sequence
from typing import final

import msgspec
from msgspec import Raw, Struct

from neuroroute.dialects.provider_side import EventReader, Reading
from neuroroute.dialects.responses.events import read_event
from neuroroute.dialects.responses.response import characters, failed, failure, finish, read_response
from neuroroute.dialects.sse import SseEvent, SseReader, write_event
from neuroroute.domain.completion import CompletionEvent, Verbatim
from neuroroute.domain.errors import ProviderUnavailable

_CREATED = "response.created"


class _Event(Struct):
    type: str
    sequence_number: int
    response: Raw


_encode = msgspec.json.Encoder().encode


@final
class MismatchedResponses(Reading):
    """A whole body becomes the shortest stream, a stream the response that its last event holds."""

    def whole(self, body: bytes) -> Iterable[CompletionEvent]:
        response = read_response(body)
        if failed(response):
            raise failure(body)
        if response.status not in {"completed", "incomplete"}:
            raise ProviderUnavailable("The provider answered a streamed request with a response that has no end")
        one_line = Raw(msgspec.json.format(body, indent=-1))
        end = _event(f"response.{response.status}", 1, one_line)
        return Verbatim(_event(_CREATED, 0, one_line), characters(response)), finish(response, verbatim=end)

    def stream(self) -> EventReader:
        return _Awaited()


def _event(kind: str, number: int, response: Raw) -> bytes:
    return write_event(_encode(_Event(kind, number, response)), name=kind)


@final
class _Awaited(EventReader):
    """Reads a stream for its terminal event."""

    def __init__(self) -> None:
        self._sse = SseReader()
        self._ended = False

    def feed(self, chunk: bytes) -> Iterator[CompletionEvent]:
        return self._read(self._sse.feed(chunk))

    def end(self, *, framed: bool) -> Iterator[CompletionEvent]:
        del framed
        yield from self._read(self._sse.end())
        if not self._ended:
            raise ProviderUnavailable("The provider cut its answer short")

    def _read(self, events: Sequence[SseEvent]) -> Iterator[CompletionEvent]:
        for event in events:
            if self._ended:
                return
            told = read_event(event)
            if told.is_terminal:
                self._ended = True
                body = bytes(told.response)
                response = read_response(body)
                if failed(response):
                    raise failure(body)
                yield Verbatim(body, characters(response))
                yield finish(response)
