"""How workers without Redis hear of each other's clears: eight bytes of a file that all of them map into memory."""

import mmap
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Final, final

from neuroroute.domain.errors import NeuroRouteError

VARIABLE: Final = "WORKERS_CLEAR_MARK"
"""Where `serve` tells its workers the file, in the environment that it hands to them; nobody is to set it."""
_BYTES: Final = 8


class ClearMarkNotMade(NeuroRouteError):
    """The workers would not hear of each other's clears."""


def make_clear_mark(directory: Path) -> Path:
    """A new mark, in a file there.

    Raises:
        ClearMarkNotMade: it cannot be written.
    """
    path = directory / "clear-mark"
    try:
        path.write_bytes(bytes(_BYTES))
    except OSError as error:
        raise ClearMarkNotMade(f"The workers cannot share {path}: {error.strerror}.") from error
    return path


@final
class ClearMark:
    """Changes with every clear, and never to what it was before; no worker ever waits for another.

    Random rather than counted: of two workers that count at the same moment one would be lost, or both would need a
    lock, which a worker that is stopped could hold.
    """

    def __init__(self, path: Path) -> None:
        """Raises OSError or ValueError when `path` is not what `make_clear_mark` made."""
        with path.open("r+b") as file:
            words = memoryview(mmap.mmap(file.fileno(), _BYTES)).cast("Q")
        self.current: Sequence[int] = words
        """One item; reading it costs less than 0.1 µs."""
        self._words = words

    def change(self) -> int:
        """Tell all workers that something was cleared; the new mark."""
        self._words[0] = mark = secrets.randbits(8 * _BYTES)
        return mark
