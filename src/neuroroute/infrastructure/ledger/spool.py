"""The spool: files in which records wait for the database, in a folder of each process, which locks it while it lives.

<folder>/<process>/lock       held (flock) by the process; who gets it knows that the process is gone
<folder>/<process>/000001     records, see `spool_lines`; the last one grows until it is `SEGMENT_BYTES` long
"""

import fcntl
import os
import secrets
import shutil
from collections import deque
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Final, final

SEGMENT_BYTES: Final = 1 << 20
"""A file that is longer is followed by another, so that what has been replayed is deleted piece by piece."""
_LOCK: Final = "lock"


@final
class Segment:
    """One file of this process. `through` is the number of its last record, as the writer counts them."""

    def __init__(self, path: Path) -> None:
        """Raises: OSError."""
        self.path = path
        self.size = 0
        self.rows = 0
        self.through = 0
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)

    @property
    def ended(self) -> bool:
        return self._file < 0

    def append(self, lines: bytes) -> None:
        """With write(2): then it survives the process. All or nothing.

        Raises: OSError.
        """
        written = 0
        try:
            while written < len(lines):
                written += os.write(self._file, lines[written:])
        except OSError:
            with suppress(OSError):
                os.ftruncate(self._file, self.size)
            raise
        self.size += len(lines)

    def end(self) -> None:
        """Nothing will be appended any more."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


@final
class Spool:
    """The files of this process, and the way to those of processes that are gone. Does no I/O until it is needed.

    Used by one thread, but for `size_of_others`, `orphans` and the work that `sync` returns.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._name = f"{os.getpid()}-{secrets.token_hex(4)}"
        self._lock: int | None = None
        self._number = 0
        self._segments: deque[Segment] = deque()
        self._unsynced: set[Path] = set()
        self.size = 0
        """Bytes."""
        self.rows = 0

    def append(self, lines: bytes, *, rows: int, through: int) -> None:
        """Keep `rows` records, of which the last is number `through`.

        Raises:
            OSError: they are not kept.
        """
        if not self._segments or self._segments[-1].ended or self._segments[-1].size >= SEGMENT_BYTES:
            self._begin_segment()
        segment = self._segments[-1]
        segment.append(lines)
        segment.rows += rows
        segment.through = through
        self.size += len(lines)
        self.rows += rows
        self._unsynced.add(segment.path)

    def sync(self) -> Callable[[], None]:
        """Work for a thread, after which all that was appended survives the machine too. It may raise OSError."""
        paths, self._unsynced = self._unsynced, set()
        return partial(_sync_all, paths)

    def seal(self) -> Segment | None:
        """The oldest file, to which nothing will be appended any more; `None` when there is none."""
        if not self._segments:
            return None
        self._segments[0].end()
        return self._segments[0]

    def drop(self, segment: Segment) -> None:
        """Delete it: its records are in the database."""
        self._segments.remove(segment)
        self._unsynced.discard(segment.path)
        self.size -= segment.size
        self.rows -= segment.rows
        segment.end()
        segment.path.unlink(missing_ok=True)

    def drop_through(self, number: int) -> None:
        """Delete what holds no record after `number`."""
        while self._segments and self._segments[0].through <= number:
            self.drop(self._segments[0])

    def close(self) -> None:
        """Leave what is left to whoever comes next."""
        for segment in self._segments:
            segment.end()
        self._segments.clear()
        if self._lock is not None:
            if not self.size:
                shutil.rmtree(self._folder / self._name, ignore_errors=True)
            os.close(self._lock)
            self._lock = None

    def size_of_others(self) -> int:
        """Bytes of all other processes, living and gone."""
        size = 0
        with suppress(OSError):  # others delete theirs at any moment
            for path in self._folder.glob("*/*"):
                if path.parent.name != self._name:
                    with suppress(OSError):
                        size += path.stat().st_size
        return size

    def orphans(self) -> Generator["Orphan"]:
        """The folders of processes that are gone; each is locked for us while it is the iterator's last.

        Raises: OSError.
        """
        if not self._folder.is_dir():
            return
        for path in sorted(self._folder.iterdir()):
            if path.name != self._name and not path.name.startswith("."):
                with _locked(path) as ours:
                    if ours:
                        yield Orphan(path)

    def _begin_segment(self) -> None:
        if self._lock is None:
            self._lock = self._make_folder()
        begun = Segment(self._folder / self._name / f"{self._number + 1:06d}")
        if self._segments:
            self._segments[-1].end()
        self._segments.append(begun)
        self._number += 1

    def _make_folder(self) -> int:
        """It is not to be seen before it is locked."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self._folder / f".{self._name}"
        draft.mkdir(mode=0o700)
        lock = os.open(draft / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            draft.rename(self._folder / self._name)
        except OSError:
            os.close(lock)
            raise
        return lock


@final
class Orphan:
    """What a process left that is gone."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def files(self) -> list[Path]:
        """In the order in which they were written."""
        return sorted(path for path in self._path.iterdir() if path.name != _LOCK)

    def delete(self) -> None:
        shutil.rmtree(self._path, ignore_errors=True)


@contextmanager
def _locked(path: Path) -> Generator[bool]:
    """Whether the process of that folder is gone, and we are the only one to know for as long as this lasts."""
    try:
        lock = os.open(path / _LOCK, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        yield False  # it was deleted in between
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        ours = True
    except OSError:
        ours = False
    try:
        yield ours
    finally:
        os.close(lock)


def _sync_all(paths: Iterable[Path]) -> None:
    """The files, and the folders by which they are found. A file that is gone was dropped meanwhile."""
    files = tuple(paths)
    folders = {folder for path in files for folder in (path.parent, path.parent.parent)}
    for path in (*files, *folders):
        with suppress(FileNotFoundError):
            _sync(path)


def _sync(path: Path) -> None:
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)
