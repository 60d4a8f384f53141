"""Whole lines on their way out of the process, by a thread: a reader who is slow or gone never stops the event loop.

What holds:
- A line is out 0.1 s after it was put, an urgent one within about 10 ms, and all are when the process ends in order.
  A killed process loses what the last 0.1 s brought.
- Lines of several workers never tear. Into a pipe no more than PIPE_BUF bytes go at a time, which POSIX keeps together;
  into a file on Linux a write() is one step of the offset that the workers share (inherited, or O_APPEND).
- When nobody reads, 1 MiB waits, what is beyond is dropped and the number told once there is room; the end of the
  process waits one second for it, no longer.
"""

import os
import re
import select
import stat
import threading
import weakref
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from multiprocessing.util import Finalize
from typing import Final, final

import msgspec

LONGEST: Final = getattr(select, "PIPE_BUF", 4096)
"""Bytes that a line may have."""

_DELAY: Final = 0.1
_PAUSE: Final = 0.01
"""Seconds between two writes: a flood of urgent lines is gathered too."""
_HELD: Final = 1024 * 1024
_CHUNK: Final = 64 * 1024

# A key begins a word, or follows an escape of JSON (\n) or of a URL (%20).
_KEY: Final = re.compile(
    rb"(?:(?<![A-Za-z0-9])|(?<=\\[nrtbf])|(?<=%[0-9a-f]{2}))(?:(sk-|nr_)[\w-]{4,}|(bearer(?: |%20)+)[^\s\"\\]{3,})",
    re.IGNORECASE,
)


def mask(lines: bytes) -> bytes:
    """The lines, never longer, with what looks like a key starred out. The last resort: nobody is to log one."""
    lowered = lines.lower()  # the pattern is for the few lines that need it
    if b"sk-" in lowered or b"nr_" in lowered or b"bearer" in lowered:
        return _KEY.sub(lambda found: (found[1] or found[2]) + b"***", lines)
    return lines


@final
class LineWriter:
    """Owns a thread while there is something to write since it was made or last closed. Safe in threads and forks."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._finalizer: Finalize | None = None
        self._renew()
        _writers.add(self)

    def put(self, line: bytes, *, urgent: bool = False) -> None:
        """Take one line, which ends in a line break and is no longer than `LONGEST`. Never waits, never raises."""
        with self._lock:
            if self._held + len(line) > _HELD:
                self._lost += 1
                return
            self._lines.append(line)
            self._held += len(line)
            if self._thread is None:
                self._begin()
        if not self._some.is_set():
            self._some.set()
        if urgent:
            self._urgent.set()

    def close(self, wait: float = 1.0) -> None:
        """Have all lines written, waiting so many seconds at most. Lines put later begin anew."""
        with self._lock:
            thread, self._thread = self._thread, None
            finalizer, self._finalizer = self._finalizer, None
        if finalizer is not None:
            finalizer.cancel()
        if thread is not None:
            self._ended.set()
            self._some.set()
            self._urgent.set()
            thread.join(wait)

    def _renew(self) -> None:
        self._lines: list[bytes] = []
        self._held = 0
        self._lost = 0
        self._lock = threading.Lock()
        self._some = threading.Event()
        self._urgent = threading.Event()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def _begin(self) -> None:
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(self._ended,), name="log lines", daemon=True)
        # Not atexit, which a worker that multiprocessing forked never comes to.
        self._finalizer = Finalize(None, self.close, exitpriority=0)
        with suppress(RuntimeError):  # the interpreter is ending, and begins no more threads
            self._thread.start()

    def _run(self, ended: threading.Event) -> None:
        while not ended.is_set():
            self._some.wait()
            if not ended.is_set():
                self._urgent.wait(_DELAY)
            self._some.clear()
            self._urgent.clear()
            self._write(self._take())
            ended.wait(_PAUSE)
        self._write(self._take())

    def _take(self) -> list[bytes]:
        with self._lock:
            lines, self._lines, self._held = self._lines, [], 0
            lost, self._lost = self._lost, 0
        if lost:
            told = {"time": datetime.now(UTC), "level": "warning", "event": "log_lines_lost", "lost": lost}
            lines.append(msgspec.json.encode(told) + b"\n")
        return lines

    def _write(self, lines: list[bytes]) -> None:
        if not lines:
            return
        try:
            pipe = not stat.S_ISREG(os.fstat(self._descriptor).st_mode)
            for chunk in _chunks(lines, LONGEST if pipe else _CHUNK):
                self._write_whole(mask(chunk))
        except OSError:  # gone, full or closed: there is nowhere left to say so
            with self._lock:
                self._lost += len(lines)

    def _write_whole(self, chunk: bytes) -> None:
        while chunk:
            try:
                chunk = chunk[os.write(self._descriptor, chunk) :]
            except BlockingIOError:  # whoever shares the descriptor made it so
                room = select.poll()
                room.register(self._descriptor, select.POLLOUT)
                room.poll(1000)


def _chunks(lines: Sequence[bytes], size: int) -> Iterator[bytes]:
    chunk: list[bytes] = []
    length = 0
    for line in lines:
        if chunk and length + len(line) > size:
            yield b"".join(chunk)
            chunk, length = [], 0
        chunk.append(line)
        length += len(line)
    yield b"".join(chunk)


_writers: Final[weakref.WeakSet[LineWriter]] = weakref.WeakSet()


def _forked() -> None:
    """The parent's lines are the parent's to write, and its thread and its locks stayed with it."""
    for writer in _writers:
        writer._renew()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  (one file, one idea)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
