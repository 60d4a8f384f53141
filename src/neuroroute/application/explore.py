"""Now and then another model than the best is asked, to learn of it: only when switched on, and within a budget."""

from random import random
from typing import Final, final

from neuroroute.domain.forecast import Exploration
from neuroroute.domain.model import NanoUsd

_DAY: Final = 86_400


@final
class Explorer:
    """Keeps the budget of one process, which begins anew each day (UTC)."""

    def __init__(self, *, share: float, daily_budget: NanoUsd) -> None:
        """`share` of the prompts, 0..1; `daily_budget` is what the explored may cost more than the best would have."""
        self._share = share
        self._budget = daily_budget
        self._left = daily_budget
        self._day = 0

    def offer(self, at: float) -> Exploration | None:
        """For one prompt at this moment, epoch seconds; `None` while nothing is explored."""
        if self._share <= 0:
            return None
        if (day := int(at // _DAY)) != self._day:
            self._day, self._left = day, self._budget
        if self._left <= 0:
            return None
        return Exploration(share=self._share, budget=self._left, draw=random())  # noqa: S311 - no secret

    def spend(self, cost: NanoUsd) -> None:
        """What an explored answer is expected to cost more."""
        self._left = NanoUsd(self._left - max(0, cost))
