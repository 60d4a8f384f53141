"""Who answered which conversation last, in this process."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Final, final

from neuroroute.application.ports import Conversations
from neuroroute.domain.forecast import Warm

WARM_SECONDS: Final = 300.0
"""As long as Anthropic and OpenAI at least keep a prompt that was just used."""
MOST_KEPT: Final = 20_000
"""Some 300 bytes each; the one that was used least lately goes first."""


@final
class MemoryConversations(Conversations):
    """Bounded in number and time."""

    def __init__(self, *, clock: Callable[[], float]) -> None:
        """`clock` tells seconds and never goes back."""
        self._clock = clock
        self._kept = OrderedDict[str, tuple[float, Warm]]()

    async def last(self, key: str) -> Warm | None:
        at, warm = self._kept.get(key, (0.0, None))
        return warm if warm is not None and self._clock() - at < WARM_SECONDS else None

    def keep(self, key: str, warm: Warm) -> None:
        self._kept[key] = (self._clock(), warm)
        self._kept.move_to_end(key)
        if len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
