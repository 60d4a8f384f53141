"""Where several workers keep what they share, metrics first; must exist before prometheus_client is imported."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from neuroroute.domain.errors import NeuroRouteError

VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"
"""prometheus_client reads it once, at its import, and workers find each other's files by it."""


class MetricsDirectoryUnusable(NeuroRouteError):
    """The workers have no place to keep their metrics together."""


@contextmanager
def prepare_multiprocess() -> Generator[Path, None, None]:
    """A fresh, empty directory for as long as the workers live; for `serve` with more than one, before it starts them.

    Whatever an earlier start left is never counted. A `PROMETHEUS_MULTIPROC_DIR` that is set already says where the
    directory is made: memory-backed is best, for the files are small and written to all the time.

    Raises:
        MetricsDirectoryUnusable: the directory cannot be made.
    """
    before = os.environ.get(VARIABLE)
    try:
        made = TemporaryDirectory(prefix="neuroroute-metrics-", dir=before, ignore_cleanup_errors=True)
    except OSError as error:
        where = f"in {before}" if before else "for temporary files"
        raise MetricsDirectoryUnusable(
            f"The workers' metrics have no place {where}: {error.strerror}. Set {VARIABLE} to a folder to write to."
        ) from error
    with made as directory:
        os.environ[VARIABLE] = directory
        try:
            yield Path(directory)
        finally:
            if before is None:
                del os.environ[VARIABLE]
            else:
                os.environ[VARIABLE] = before


def prepare_single() -> None:
    """For `serve` with one worker: a directory that was inherited would keep what dead processes counted."""
    for name in (VARIABLE, VARIABLE.lower()):  # prometheus_client reads the old spelling too
        os.environ.pop(name, None)
