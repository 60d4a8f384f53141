"""From a file of the spool to the database."""

import asyncio
from pathlib import Path

import structlog

from neuroroute.application.stores import Ledger
from neuroroute.domain.errors import StateUnavailable
from neuroroute.infrastructure.ledger.spool_lines import Contents, read_lines

BATCH = 500
"""Rows that are written at once."""


async def replay_file(ledger: Ledger, path: Path) -> int:
    """Write what the file holds; the number of its records. Damaged lines are told of and passed over.

    Raises:
        StateUnavailable: not all of it was written. Replay it again: what was stays as it is.
    """
    contents = await asyncio.to_thread(_read, path)
    records = contents.records
    for first in range(0, len(records), BATCH):
        await ledger.write(records[first : first + BATCH])
    if contents.damaged:
        structlog.get_logger().error("ledger_spool_damaged", file=path.name, lines=contents.damaged)
    return len(records)


def _read(path: Path) -> Contents:
    try:
        return read_lines(path.read_bytes())
    except OSError as exc:
        raise StateUnavailable(f"The spool cannot be read: {exc.strerror}") from exc
