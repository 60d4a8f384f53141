"""The months of the ledger on Postgres: a partition each, made before it is needed and dropped whole.

On SQLite its tables are not divided, and there is nothing to make.
"""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Final

from msgspec import Struct
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from neuroroute.domain.usage import month_after
from neuroroute.infrastructure.record_ids import first_id

LOCK: Final = 7_236_283_117_554_113
"""The advisory lock under which partitions are made and dropped; the next number after that of migrations."""
_PATIENCE: Final = "1s"
"""For the lock on the whole table that dropping needs: whoever reads or writes waits behind it."""
_NAME: Final = re.compile(r"\w+_y(\d{4})m(\d{2})")


class Partitioned(Struct, frozen=True):
    """A table that is divided by months."""

    name: str
    begin: Callable[[date], str]
    """Where a month begins in what it is divided by, as SQL says it."""


def first_id_of(month: date) -> str:
    """Of prompts that came in in that month, whose first day it is, or later."""
    return first_id(datetime(month.year, month.month, 1, tzinfo=UTC).timestamp())


TABLES: Final = (
    Partitioned("usage", lambda month: f"{month} 00:00+00"),
    Partitioned("decisions", first_id_of),
)


async def make_partitions(session: AsyncSession, month: date) -> None:
    """Unless they are there. Of several processes that make them at once one does; the others wait and find them."""
    await _lock(session)
    for table in TABLES:
        await _make(session, table, month)


async def _make(session: AsyncSession, table: Partitioned, month: date) -> None:
    """Beside the table, and then attached, which holds up neither readers nor writers as `PARTITION OF` would."""
    name = _name(table, month)
    if await session.scalar(text("SELECT to_regclass(:name)"), {"name": name}) is not None:
        return
    await session.execute(text(f"CREATE TABLE {name} (LIKE {table.name} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)"))
    bounds = f"FROM ('{table.begin(month)}') TO ('{table.begin(month_after(month))}')"
    await session.execute(text(f"ALTER TABLE {table.name} ATTACH PARTITION {name} FOR VALUES {bounds}"))


async def months_before(session: AsyncSession, month: date) -> Sequence[date]:
    """Those, oldest first, that have a partition and end before `month` begins."""
    parents = ", ".join(f"'{table.name}'::regclass" for table in TABLES)
    attached = f"SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent IN ({parents})"  # noqa: S608 - ours
    names = (await session.scalars(text(attached))).all()
    months = {date(int(found[1]), int(found[2]), 1) for name in names if (found := _NAME.fullmatch(name))}
    return sorted(found for found in months if found < month)


async def drop_partitions(session: AsyncSession, month: date) -> None:
    """With all that is in them. Gives up after a second when a table is in use all the time."""
    await session.execute(text(f"SET LOCAL lock_timeout = '{_PATIENCE}'"))
    await _lock(session)
    for table in TABLES:
        await session.execute(text(f"DROP TABLE IF EXISTS {_name(table, month)}"))


def _name(table: Partitioned, month: date) -> str:
    """`usage_y2026m11`."""
    return f"{table.name}_y{month.year:04d}m{month.month:02d}"


async def _lock(session: AsyncSession) -> None:
    await session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
