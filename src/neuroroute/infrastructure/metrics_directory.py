"""Where several workers keep their metrics together; must exist before prometheus_client is imported."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"
"""prometheus_client reads it once, at its import, and workers find each other's files by it."""


@contextmanager
def prepare_multiprocess() -> Generator[Path, None, None]:
    """A fresh, empty directory for as long as the workers live; for `serve` with more than one, before it starts them.

    Whatever an earlier start left is never counted. A `PROMETHEUS_MULTIPROC_DIR` that is set already says where the
    directory is made: memory-backed is best, for the files are small and written to all the time.

    Raises:
        OSError: the directory cannot be made.
    """
    before = os.environ.get(VARIABLE)
    with TemporaryDirectory(prefix="neuroroute-metrics-", dir=before, ignore_cleanup_errors=True) as directory:
        os.environ[VARIABLE] = directory
        try:
            yield Path(directory)
        finally:
            if before is None:
                del os.environ[VARIABLE]
            else:
                os.environ[VARIABLE] = before
