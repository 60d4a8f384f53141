"""Keeps the cards of every version of the catalogue, so that what was decided by it can be decided again."""

from contextlib import suppress
from typing import final

from neuroroute.application.follow_state import Held
from neuroroute.application.ports import ModelCatalog
from neuroroute.application.stores import DecisionStore, Topic
from neuroroute.domain.errors import StateUnavailable


@final
class KeepSnapshots(Held):
    """Loads after the catalogue, whose topics it follows."""

    topics = frozenset({Topic.CATALOG, Topic.CREDENTIALS})

    def __init__(self, catalog: ModelCatalog, decisions: DecisionStore) -> None:
        self._catalog = catalog
        self._decisions = decisions
        self._kept = ""

    async def load(self) -> None:
        """A database that cannot be written to takes nobody's catalogue away: the next load, or another process's,
        keeps it then.
        """
        version, cards = self._catalog.version, self._catalog.cards()
        if version != self._kept:
            with suppress(StateUnavailable):
                await self._decisions.keep_cards(version, cards)
                self._kept = version
