"""The change feed: a number for each topic, which grows in the transaction of every write."""

from collections.abc import Mapping
from typing import Final, final

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from neuroroute.application.stores import Revisions, Topic
from neuroroute.infrastructure.sql.database import Database
from neuroroute.infrastructure.sql.migrations import check_schema
from neuroroute.infrastructure.sql.tables import RevisionRow

AUDIT: Final = "audit"
"""No topic to follow: its row is the lock of the chain."""
_LOOK: Final = select(RevisionRow.topic, RevisionRow.revision).where(RevisionRow.topic.in_(list(Topic)))
"""Of the topics that this version follows: a later one may have added others."""


async def bump(session: AsyncSession, topic: Topic) -> int:
    """The topic's next revision. Until the commit no other process writes of this topic.

    Call it first in a transaction, and for one topic only: then no two writers ever wait for each other.
    """
    return await _next(session, topic.value)


async def lock_audit(session: AsyncSession) -> int:
    """The next entry's place in the audit log. Until the commit no other process adds one."""
    return await _next(session, AUDIT)


async def _next(session: AsyncSession, topic: str) -> int:
    step = update(RevisionRow).where(RevisionRow.topic == topic).values(revision=RevisionRow.revision + 1)
    return (await session.execute(step.returning(RevisionRow.revision))).scalar_one()


@final
class SqlRevisions(Revisions):
    """One statement, after the schema has been looked at once."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._checked = False

    async def look(self) -> Mapping[Topic, int]:
        async with self._database.reading() as session:
            if not self._checked:
                await check_schema(session)
                self._checked = True
            rows = await session.execute(_LOOK)
            return {Topic(topic): revision for topic, revision in rows}
