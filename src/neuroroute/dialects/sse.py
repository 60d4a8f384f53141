"""Server-sent events: bytes to events in any chunking, and events to bytes."""

from typing import NamedTuple

from neuroroute.domain.errors import ProviderUnavailable

MAX_EVENT_BYTES = 1 << 24
"""A provider's event may not be larger, for memory is ours. Pictures and sound come in one event of a few megabytes."""


class SseEvent(NamedTuple):
    """One event. `name` is empty when the stream gives none."""

    name: bytes
    data: bytes


class SseReader:
    """Reads a stream piece by piece, as the WHATWG standard says (9.2.6, parsing an event stream).

    However the bytes are cut, the same events come out. An event without its closing blank line never does.
    """

    def __init__(self) -> None:
        self._pending: list[bytes] = []
        self._pending_size = 0
        self._name = b""
        self._data: list[bytes] = []
        self._size = 0
        self._begun = False

    def feed(self, chunk: bytes) -> list[SseEvent]:
        """The events that `chunk` completes.

        Raises:
            ProviderUnavailable: an event exceeds `MAX_EVENT_BYTES`.
        """
        if chunk.endswith(b"\n") and not self._pending:
            return self._read_lines(chunk)  # as almost always
        if self._pending:
            self._pending.append(chunk)
            if b"\n" not in chunk and b"\r" not in chunk and not self._pending[-2].endswith(b"\r"):
                self._hold(len(chunk))
                return []
            chunk = b"".join(self._pending)
        # A line ends at CR, LF or CRLF; a CR at the very end may still become a CRLF, so it waits.
        last_cr = chunk.rfind(b"\r", 0, len(chunk) - 1)
        end = max(chunk.rfind(b"\n"), last_cr) + 1
        self._pending, self._pending_size = [chunk[end:]] if end < len(chunk) else [], 0
        self._hold(len(chunk) - end)
        return self._read_lines(chunk[:end]) if end else []

    def end(self) -> list[SseEvent]:
        """What the end of the stream completes: at most an event whose last line ended in CR."""
        pending, self._pending = b"".join(self._pending), []
        return self._read_lines(pending) if pending.endswith(b"\r") else []

    def _hold(self, size: int) -> None:
        self._pending_size += size
        if self._pending_size + self._size > MAX_EVENT_BYTES:
            raise ProviderUnavailable(f"The provider sent an event of more than {MAX_EVENT_BYTES} bytes")

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
                self._size += len(line) + 1  # and its end
                if self._size > MAX_EVENT_BYTES:
                    self._hold(0)
            elif field == b"event":
                self._name = value
        return events


def check_text(data: bytes) -> None:
    """For who passes `data` on: reading JSON does not look at the spelling of what is not asked for.

    Raises:
        UnicodeDecodeError: it is no UTF-8.
    """
    if not data.isascii():
        data.decode()


def write_event(data: bytes, *, name: str | None = None) -> bytes:
    r"""One event; `data` may have several lines, each of which ends in `\n`."""
    return relay_event(SseEvent(name.encode() if name else b"", data))


def relay_event(event: SseEvent) -> bytes:
    """The event as it is passed on: its name and its data, line by line; nothing else was kept of it."""
    name, data = event
    if b"\n" in data:
        data = data.replace(b"\n", b"\ndata: ")
    if name:
        return b"event: " + name + b"\ndata: " + data + b"\n\n"
    return b"data: " + data + b"\n\n"
