"""What feedback taught of the models, held in memory."""

from collections.abc import Mapping
from typing import final

from neuroroute.application.follow_state import Held
from neuroroute.application.stores import FeedbackStore, Topic
from neuroroute.domain.feedback import Correction, corrections
from neuroroute.domain.model import ModelId


@final
class Abilities(Held):
    """Follows `ABILITIES`; nothing was taught before the first load."""

    topics = frozenset({Topic.ABILITIES})

    def __init__(self, store: FeedbackStore) -> None:
        self._store = store
        self.corrections: Mapping[ModelId, Correction] = {}
        """Put in place whole: whoever has begun with it ends with it."""

    async def load(self) -> None:
        self.corrections = corrections(await self._store.totals())
