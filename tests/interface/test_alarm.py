"""One timer rings for many requests."""

import asyncio

import pytest

from neuroroute.interface.alarm import Alarm

pytestmark = pytest.mark.anyio


async def test_rings_for_the_others_and_later_ones_when_one_call_fails():
    def fail() -> None:
        raise RuntimeError("a fault of ours")

    loop = asyncio.get_running_loop()
    told: list[dict[str, object]] = []
    loop.set_exception_handler(lambda _, context: told.append(context))
    alarm = Alarm(0.01)
    rung = asyncio.Queue[int]()
    alarm.set(fail)
    alarm.set(lambda: rung.put_nowait(1))
    try:
        async with asyncio.timeout(5):
            assert await rung.get() == 1
            alarm.set(lambda: rung.put_nowait(2))
            assert await rung.get() == 2
    finally:
        loop.set_exception_handler(None)
    assert len(told) == 1
