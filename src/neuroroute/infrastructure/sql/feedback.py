"""Callers' words on answers, each kept in its decision's row, with which it expires; and what they add up to."""

import asyncio
from collections.abc import Sequence
from typing import Final, final

from sqlalchemy import select, text

from neuroroute.application.stores import FeedbackStore, Topic
from neuroroute.domain.errors import NotStored
from neuroroute.domain.feedback import Feedback, FeedbackTotal
from neuroroute.domain.lesson import surplus_of, unknown, word_on
from neuroroute.domain.model import ModelId
from neuroroute.infrastructure.record_ids import is_id, may_be_under_way
from neuroroute.infrastructure.sql.database import Database
from neuroroute.infrastructure.sql.decision_rows import stored
from neuroroute.infrastructure.sql.decisions import LATE
from neuroroute.infrastructure.sql.revisions import bump
from neuroroute.infrastructure.sql.tables import DecisionRow, FeedbackTotalRow

_ADD: Final = text(
    "INSERT INTO feedback_totals (caller, model, count, surplus) VALUES (:caller, :model, 1, :surplus) "
    "ON CONFLICT (caller, model) DO UPDATE "
    "SET count = feedback_totals.count + 1, surplus = feedback_totals.surplus + excluded.surplus"
)


@final
class SqlFeedback(FeedbackStore):
    """Whoever gives a word holds its decision's row: of several at once the first counts, and the others read it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def give(self, decision_id: str, *, caller: str, score: float, at: float) -> Feedback:
        if not is_id(decision_id):
            raise unknown(decision_id)
        try:
            return await self._give(decision_id, caller=caller, score=score, at=at)
        except NotStored:
            if not may_be_under_way(decision_id):
                raise
        await asyncio.sleep(LATE)
        return await self._give(decision_id, caller=caller, score=score, at=at)

    async def _give(self, decision_id: str, *, caller: str, score: float, at: float) -> Feedback:
        async with self._database.writing() as session:
            row = await session.scalar(select(DecisionRow).where(DecisionRow.id == decision_id).with_for_update())
            if row is None:
                raise unknown(decision_id)
            found = stored(row)
            answered = None if found.model is None else ModelId(found.model)
            word = word_on(found.record, answered, caller=caller, score=score, at=at)
            if found.feedback is not None:
                return found.feedback
            row.score, row.scored_at, row.counted = word.score, word.at, word.counted
            await session.flush()
            if word.counted:
                # After the decision's row, which every giver takes first: so no two wait for each other.
                await bump(session, Topic.ABILITIES)
                surplus = surplus_of(word, found.record)
                await session.execute(_ADD, {"caller": row.caller, "model": word.model, "surplus": surplus})
            return word

    async def totals(self) -> Sequence[FeedbackTotal]:
        one = FeedbackTotalRow
        wanted = select(one.caller, one.model, one.count, one.surplus).order_by(one.caller, one.model)
        async with self._database.reading() as session:
            rows = (await session.execute(wanted)).all()
        return [
            FeedbackTotal(caller=caller, model=ModelId(model), count=count, surplus=surplus)
            for caller, model, count, surplus in rows
        ]
