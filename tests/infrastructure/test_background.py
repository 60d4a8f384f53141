"""Work beside the requests, and how it is ended."""

import asyncio
import contextlib

import pytest

from neuroroute.infrastructure.background import begin, end

pytestmark = pytest.mark.anyio


async def test_work_that_takes_a_cancel_for_something_else_is_cancelled_again():
    """As it happens where a time-out rings at the same moment: a service that stopped waited for ever."""
    began = asyncio.Event()

    async def stubborn():
        began.set()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
        await asyncio.sleep(60)

    task = begin(stubborn(), name="stubborn")
    await began.wait()
    async with asyncio.timeout(10):
        await end(task)
    assert task.cancelled()
