"""Work that runs beside the requests. If it dies, the log says so and the service goes on."""

import asyncio
from collections.abc import Coroutine

import structlog


def begin(work: Coroutine[object, object, None], *, name: str) -> asyncio.Task[None]:
    """`work`, as a task of that name on the running loop."""
    task = asyncio.create_task(work, name=name)
    task.add_done_callback(_tell_death)
    return task


async def end(task: asyncio.Task[None]) -> None:
    """Cancel it and wait until it has ended, however it did."""
    task.cancel()
    await asyncio.wait((task,))


def _tell_death(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()):
        structlog.get_logger().error("background_task_died", task=task.get_name(), exc_info=error)
