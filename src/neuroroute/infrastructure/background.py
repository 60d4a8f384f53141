"""Work that runs beside the requests. If it dies, the log says so and the service goes on."""

import asyncio
from collections.abc import Coroutine
from typing import Final

import structlog

_AGAIN: Final = 1.0
"""Seconds after which an end is asked for once more."""


def begin(work: Coroutine[object, object, None], *, name: str) -> asyncio.Task[None]:
    """`work`, as a task of that name on the running loop."""
    task = asyncio.create_task(work, name=name)
    task.add_done_callback(_tell_death)
    return task


async def end(task: asyncio.Task[None]) -> None:
    """Cancel it and wait until it has ended, however it did.

    A cancel at the moment when a time-out within rings may pass for that, and be caught with it: so it is not the last.
    """
    while not task.done():
        task.cancel()
        await asyncio.wait((task,), timeout=_AGAIN)


def _tell_death(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()):
        structlog.get_logger().error("background_task_died", task=task.get_name(), exc_info=error)
