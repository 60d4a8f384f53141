"""The months of the ledger on Postgres: a partition each, made before it is needed and dropped whole.

On SQLite the ledger is one table, and there is nothing to make.
"""

import re
from collections.abc import Sequence
from datetime import date
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from neuroroute.domain.usage import month_after

LOCK: Final = 7_236_283_117_554_113
"""The advisory lock under which partitions are made and dropped; the next number after that of migrations."""
_PATIENCE: Final = "1s"
"""For the lock on the whole table that dropping needs: whoever reads or writes waits behind it."""
_NAME: Final = re.compile(r"usage_y(\d{4})m(\d{2})")


def name_of(month: date) -> str:
    """`usage_y2026m11`."""
    return f"usage_y{month.year:04d}m{month.month:02d}"


async def make_partition(session: AsyncSession, month: date) -> None:
    """Unless it is there. Of several processes that make it at once one does; the others wait and find it.

    Made beside the table and then attached, which holds up neither readers nor writers as `PARTITION OF` would.
    """
    await _lock(session)
    name, end = name_of(month), month_after(month)
    if await session.scalar(text("SELECT to_regclass(:name)"), {"name": name}) is not None:
        return
    await session.execute(text(f"CREATE TABLE {name} (LIKE usage INCLUDING DEFAULTS INCLUDING CONSTRAINTS)"))
    bounds = f"FROM ('{month} 00:00+00') TO ('{end} 00:00+00')"
    await session.execute(text(f"ALTER TABLE usage ATTACH PARTITION {name} FOR VALUES {bounds}"))


async def partitions_before(session: AsyncSession, month: date) -> Sequence[date]:
    """The months, oldest first, that have a partition and end before `month` begins."""
    attached = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'usage'::regclass"
    names = (await session.scalars(text(attached))).all()
    months = [date(int(found[1]), int(found[2]), 1) for name in names if (found := _NAME.fullmatch(name))]
    return sorted(found for found in months if found < month)


async def drop_partition(session: AsyncSession, month: date) -> None:
    """With all that ended in it. Gives up after a second when the table is in use all the time."""
    await session.execute(text(f"SET LOCAL lock_timeout = '{_PATIENCE}'"))
    await _lock(session)
    await session.execute(text(f"DROP TABLE IF EXISTS {name_of(month)}"))


async def _lock(session: AsyncSession) -> None:
    await session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
