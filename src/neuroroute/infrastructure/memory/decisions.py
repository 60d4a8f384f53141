"""The decisions of a process that keeps none beyond its life."""

from collections.abc import Sequence
from typing import final

from neuroroute.application.stores import DecisionStore, StoredDecision
from neuroroute.domain.feedback import Feedback
from neuroroute.domain.model import ModelCard
from neuroroute.domain.record import RoutedPrompt
from neuroroute.infrastructure.memory.ledger import MemoryLedger
from neuroroute.infrastructure.record_ids import first_id


@final
class MemoryDecisions(DecisionStore):
    """Those of a ledger's prompts."""

    def __init__(self, ledger: MemoryLedger) -> None:
        self._ledger = ledger
        self._cards = dict[str, Sequence[ModelCard]]()
        self.feedback = dict[str, Feedback]()
        """By decision."""

    async def find(self, decision_id: str) -> StoredDecision | None:
        return next((one for one in self._all() if one.record.id == decision_id), None)

    async def since(self, moment: float, *, after: str, limit: int) -> Sequence[StoredDecision]:
        first = first_id(moment)
        wanted = [one for one in self._all() if one.record.id >= first and one.record.id > after]
        return sorted(wanted, key=lambda one: one.record.id)[:limit]

    async def keep_cards(self, version: str, cards: Sequence[ModelCard]) -> None:
        self._cards.setdefault(version, tuple(cards))

    async def cards(self, version: str) -> Sequence[ModelCard] | None:
        return self._cards.get(version)

    def _all(self) -> Sequence[StoredDecision]:
        return [one for record in self._ledger.records if (one := self._stored(record)) is not None]

    def _stored(self, record: RoutedPrompt) -> StoredDecision | None:
        if record.decision is None:
            return None
        return StoredDecision(
            record=record.decision,
            model=record.model,
            cost_nano_usd=record.charge,
            outcome=record.outcome.value,
            feedback=self.feedback.get(record.decision.id),
        )
