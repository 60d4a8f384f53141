"""The feedback of a process that keeps none beyond its life."""

from collections.abc import Sequence
from typing import final

from neuroroute.application.stores import FeedbackStore, Topic
from neuroroute.domain.feedback import Feedback, FeedbackTotal
from neuroroute.domain.lesson import surplus_of, unknown, word_on
from neuroroute.domain.model import ModelId
from neuroroute.infrastructure.memory.decisions import MemoryDecisions
from neuroroute.infrastructure.memory.revisions import MemoryRevisions


@final
class MemoryFeedback(FeedbackStore):
    """On what is among the decisions."""

    def __init__(self, decisions: MemoryDecisions, revisions: MemoryRevisions) -> None:
        self._decisions = decisions
        self._revisions = revisions
        self._totals = dict[tuple[str, ModelId], FeedbackTotal]()

    async def give(self, decision_id: str, *, caller: str, score: float, at: float) -> Feedback:
        found = await self._decisions.find(decision_id)
        if found is None:
            raise unknown(decision_id)
        answered = None if found.model is None else ModelId(found.model)
        word = word_on(found.record, answered, caller=caller, score=score, at=at)
        if found.feedback is not None:
            return found.feedback
        self._decisions.feedback[decision_id] = word
        if word.counted:
            self._add(word, surplus_of(word, found.record))
        return word

    async def totals(self) -> Sequence[FeedbackTotal]:
        return [self._totals[place] for place in sorted(self._totals)]

    def _add(self, word: Feedback, surplus: float) -> None:
        place = word.caller, word.model
        before = self._totals.get(place, FeedbackTotal(caller=word.caller, model=word.model, count=0, surplus=0.0))
        self._totals[place] = FeedbackTotal(
            caller=word.caller, model=word.model, count=before.count + 1, surplus=before.surplus + surplus
        )
        self._revisions.bump(Topic.ABILITIES)
