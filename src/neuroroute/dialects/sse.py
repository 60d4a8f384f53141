"""Server-sent events: bytes to events in any chunking, and events to bytes."""

from typing import NamedTuple

from neuroroute.domain.errors import ProviderUnavailable

MAX_EVENT_BYTES = 1 << 20
"""A provider's event may not be larger: nothing legitimate is, and memory is ours."""


class SseEvent(NamedTuple):
    """One event. `name` is empty when the stream gives none."""

    name: bytes
    data: bytes


class SseReader:
    """Reads a stream piece by piece, as the WHATWG standard says (9.2.6, parsing an event stream).

    However the bytes are cut, the same events come out. An event without its closing blank line never does.
    """

    def __init__(self) -> None:
        self._pending = b""
        self._name = b""
        self._data: list[bytes] = []
        self._size = 0
        self._begun = False

    def feed(self, chunk: bytes) -> list[SseEvent]:
        """The events that `chunk` completes.

        Raises:
            ProviderUnavailable: an event exceeds `MAX_EVENT_BYTES`.
        """
        pending = self._pending + chunk if self._pending else chunk
        # A line ends at CR, LF or CRLF; a CR at the very end may still become a CRLF, so it waits.
        last_cr = pending.rfind(b"\r", 0, len(pending) - 1)
        end = max(pending.rfind(b"\n"), last_cr) + 1
        self._pending = pending[end:]
        if len(self._pending) + self._size > MAX_EVENT_BYTES:
            raise ProviderUnavailable(f"The provider sent an event of more than {MAX_EVENT_BYTES} bytes")
        return self._read_lines(pending[:end]) if end else []

    def end(self) -> list[SseEvent]:
        """What the end of the stream completes: at most an event whose last line ended in CR."""
        pending, self._pending = self._pending, b""
        return self._read_lines(pending) if pending.endswith(b"\r") else []

    def _read_lines(self, text: bytes) -> list[SseEvent]:
        if not self._begun:
            self._begun = True
            text = text.removeprefix(b"\xef\xbb\xbf")
        events: list[SseEvent] = []
        for line in text.splitlines():
            if not line:
                if self._data:
                    events.append(SseEvent(self._name, b"\n".join(self._data)))
                self._name, self._data, self._size = b"", [], 0
                continue
            field, _, value = line.partition(b":")
            value = value.removeprefix(b" ")
            if field == b"data":
                self._data.append(value)
                self._size += len(value) + 1  # and the line end that joins it to the next
                if self._size > MAX_EVENT_BYTES:
                    raise ProviderUnavailable(f"The provider sent an event of more than {MAX_EVENT_BYTES} bytes")
            elif field == b"event":
                self._name = value
        return events


def write_event(data: bytes, *, name: str | None = None) -> bytes:
    """One event; `data` holds no line ends."""
    if name is None:
        return b"data: " + data + b"\n\n"
    return b"event: " + name.encode() + b"\ndata: " + data + b"\n\n"
