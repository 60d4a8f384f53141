"""Requests counted in this process."""

from collections.abc import Callable
from typing import final

from neuroroute.application.ports import RateLimiter
from neuroroute.domain.rate_limit import Allowance, take


@final
class MemoryRateLimiter(RateLimiter):
    """Holds one number for each caller that has a limit."""

    def __init__(self, *, clock: Callable[[], float]) -> None:
        """`clock` gives seconds that never go back."""
        self._clock = clock
        self._full_at: dict[str, int] = {}

    async def take(self, caller: str, *, limit: int) -> Allowance:
        now = int(self._clock() * 1e6)
        self._full_at[caller], allowance = take(self._full_at.get(caller, 0), limit=limit, now=now)
        return allowance

    def follow(self, caller: str, owed: int) -> None:
        """Go on from what others count: the caller's whole limit is there again in `owed` microseconds."""
        self._full_at[caller] = int(self._clock() * 1e6) + owed
