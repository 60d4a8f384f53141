"""The ledger in the database: written by the batch and by no model of rows, whose cost would be most of a prompt's."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Final, final

import msgspec
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from neuroroute.application.stores import Ledger
from neuroroute.domain.errors import StateUnavailable
from neuroroute.domain.record import RoutedPrompt
from neuroroute.domain.usage import UsageQuery, UsageTotal, month_of
from neuroroute.infrastructure.record_ids import begun
from neuroroute.infrastructure.sql import decision_rows
from neuroroute.infrastructure.sql.database import Database
from neuroroute.infrastructure.sql.partitions import drop_partitions, first_id_of, make_partitions, months_before
from neuroroute.infrastructure.sql.usage_rows import Value, ended, insertion, row_of
from neuroroute.infrastructure.sql.usage_totals import adding_up

_AT_ONCE: Final = 5000
"""Rows that one statement deletes, so that it ends long before its time-out."""


def _as_sqlite(moment: datetime) -> Value:
    """As SQLAlchemy's type keeps a time: without an offset, in UTC."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def _as_postgres(moment: datetime) -> Value:
    return moment


def _sqlite_placeholder(number: int) -> str:
    del number
    return "?"


def _postgres_placeholder(number: int) -> str:
    return f"${number}"


@final
class SqlLedger(Ledger):
    """A row a prompt and, where its model was chosen, one for how; in partitions a month on Postgres."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._ready: set[date] = set()
        """Months that have partitions, as far as this process knows."""
        placeholder = _sqlite_placeholder if database.is_sqlite else _postgres_placeholder
        self._insert, self._insert_decision = insertion(placeholder), decision_rows.insertion(placeholder)
        if database.is_sqlite:
            self._at = _as_sqlite
            self._day, self._collation = "date(at)", "BINARY"
        else:
            self._at = _as_postgres
            self._day, self._collation = "CAST(at AT TIME ZONE 'UTC' AS date)", '"C"'

    async def write(self, records: Sequence[RoutedPrompt]) -> None:
        if not records:
            return
        try:
            await self._write(records)
        except IntegrityError:
            self._ready.clear()  # another process has dropped the month that one of them belongs to
            try:
                await self._write(records)
            except IntegrityError as exc:
                raise StateUnavailable("The ledger does not take what it is told") from exc

    async def _write(self, records: Sequence[RoutedPrompt]) -> None:
        months = {month_of(ended(record)) for record in records}
        months.update(month_of(begun(record.decision.id)) for record in records if record.decision is not None)
        for month in months - self._ready:
            await self.make_room(month)
        rows = [row_of(record, self._at) for record in records]
        decisions = [row for record in records if (row := decision_rows.row_of(record)) is not None]
        async with self._database.writing() as session:
            connection = await session.connection()
            await connection.exec_driver_sql(self._insert, rows)
            if decisions:
                await connection.exec_driver_sql(self._insert_decision, decisions)

    async def totals(self, query: UsageQuery) -> Sequence[UsageTotal]:
        wanted = {
            "since": self._at(query.since),
            "until": self._at(query.until),
            "limit": query.limit,
            "offset": query.offset,
            "model": query.model,
            "key": query.key,
        }
        statement = text(adding_up(query, day=self._day, collation=self._collation))
        async with self._database.reading() as session:
            rows = (await session.execute(statement, wanted)).mappings().all()
        return msgspec.convert([dict(row) for row in rows], list[UsageTotal])

    async def make_room(self, month: date) -> None:
        if not self._database.is_sqlite:
            async with self._database.writing() as session:
                await make_partitions(session, month)
        self._ready.add(month)

    async def drop_before(self, month: date) -> int:
        """Months on Postgres, rows on SQLite. Each in a transaction of its own: what is gone stays gone."""
        return await (self._delete_rows(month) if self._database.is_sqlite else self._drop_months(month))

    async def _drop_months(self, month: date) -> int:
        async with self._database.reading() as session:
            old = await months_before(session, month)
        for gone in old:
            async with self._database.writing() as session:
                await drop_partitions(session, gone)
            self._ready.discard(gone)
        return len(old)

    async def _delete_rows(self, month: date) -> int:
        await self._delete("decisions", "id < ?", first_id_of(month))
        return await self._delete("usage", "at < ?", f"{month} 00:00")

    async def _delete(self, table: str, old: str, end: str) -> int:
        rows = f"SELECT rowid FROM {table} WHERE {old} LIMIT ?"  # noqa: S608 - ours
        deleted = 0
        while True:
            async with self._database.writing() as session:
                connection = await session.connection()
                done = await connection.exec_driver_sql(
                    f"DELETE FROM {table} WHERE rowid IN ({rows})",  # noqa: S608 - ours
                    (end, _AT_ONCE),
                )
            deleted += done.rowcount
            if done.rowcount < _AT_ONCE:
                return deleted
