"""A file that is there whole or not at all, whatever happens while it is written."""

import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from uuid import uuid4


@contextmanager
def whole_file(path: Path) -> Generator[IO[bytes]]:
    """What is written takes the place of `path` at the end; where it does not come to that, `path` is as it was.

    A pipe or a device is written to as it goes.

    Raises:
        OSError: it cannot be written.
    """
    if path.exists() and not path.is_file():
        with path.open("wb") as file:
            yield file
        return
    place = path.resolve()  # a link stays one
    draft = place.with_name(f".{uuid4().hex}.part")
    try:
        with draft.open("xb") as file:
            yield file
        if place.exists():
            shutil.copymode(place, draft)
        draft.replace(place)
    finally:
        draft.unlink(missing_ok=True)
