"""The change feed of what one process keeps for itself."""

from collections import Counter
from collections.abc import Mapping
from typing import final

from neuroroute.application.stores import Revisions, Topic


@final
class MemoryRevisions(Revisions):
    """Counts the writes of each topic."""

    def __init__(self) -> None:
        self._revisions = Counter[Topic]()

    def bump(self, topic: Topic) -> int:
        """Its next revision."""
        self._revisions[topic] += 1
        return self._revisions[topic]

    async def look(self) -> Mapping[Topic, int]:
        return {topic: self._revisions[topic] for topic in Topic}
