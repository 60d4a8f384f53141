"""Waiting for something to come about, with a bound."""

import asyncio
import time
from collections.abc import Awaitable, Callable


async def comes_about(condition: Callable[[], Awaitable[object]], *, within: float) -> float:
    """Asks until the condition holds; the seconds that took.

    Raises:
        AssertionError: it did not within so many seconds.
    """
    began = time.monotonic()
    while not await condition():
        assert time.monotonic() - began < within, f"it did not come about within {within} s"
        await asyncio.sleep(0.01)
    return time.monotonic() - began
