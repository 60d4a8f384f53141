"""How this process does: processor, memory, requests in flight, and how late its event loop is."""

import asyncio
import gc
import os
import time
from collections import deque
from collections.abc import Callable
from typing import Final, final

import psutil
from msgspec import Struct

from neuroroute.application.ports import ResourceMeter
from neuroroute.infrastructure.background import begin, end

INTERVAL: Final = 0.25
"""Seconds between two samples."""
KEPT: Final = 60.0
"""Seconds whose largest lag is remembered."""
FRESH: Final = 1.0
"""Seconds for which a reading of the operating system is told again."""

_MIB: Final = 1024 * 1024


class SystemSnapshot(Struct, frozen=True, kw_only=True):
    """What plain `/health` says of this worker."""

    cpu_percent: float
    """Of one core, over about the last second."""
    memory_mib: float
    """Resident."""
    event_loop_lag_ms: float
    """The latest sample."""
    in_flight: int
    """Requests being served."""


class SystemDetail(Struct, frozen=True, kw_only=True):
    """What `/health?detailed=true` says of this worker and its machine."""

    cpu_percent: float
    memory_mib: float
    event_loop_lag_ms: float
    event_loop_lag_max_ms: float
    """Of the last minute."""
    in_flight: int
    uptime_seconds: float
    """Of this worker."""
    worker_pid: int
    threads: int
    open_files: int
    """Descriptors: files, sockets, pipes. 0 where the system does not say."""
    gc_collections: tuple[int, ...]
    """By generation, since the worker began."""
    load_average: tuple[float, ...]
    """Of the machine over 1, 5 and 15 minutes."""
    cpu_count: int


@final
class SystemMeter(ResourceMeter):
    """`in_flight` is counted by who serves requests; the rest is sampled from `start` to `stop`.

    The lag is what a timer of 250 ms came late by: the longest thing that held the loop up just then. uvloop counts in
    whole milliseconds, so less than one says nothing.
    """

    def __init__(self, *, interval: float = INTERVAL) -> None:
        self.in_flight = 0
        self._interval = interval
        self._began = time.monotonic()
        self._lags: deque[float] = deque([0.0], maxlen=max(1, round(KEPT / interval)))
        self._process = psutil.Process()
        self._cpu_percent = 0.0
        self._cpu_read = (self._began, time.process_time())
        self._memory_mib = 0.0
        self._memory_read = float("-inf")
        self._task: asyncio.Task[None] | None = None

    @property
    def lag(self) -> float:
        """Seconds, of the latest sample."""
        return self._lags[-1]

    @property
    def lag_max(self) -> float:
        """Seconds, of the last minute."""
        return max(self._lags)

    def start(self, also: Callable[[], None] | None = None) -> None:
        """Sample on the running loop, and call `also` after each sample."""
        if self._task is None:
            self._task = begin(self._sample(also), name="system meter")

    async def stop(self) -> None:
        """Safe to call twice."""
        task, self._task = self._task, None
        if task is not None:
            await end(task)

    def snapshot(self) -> SystemSnapshot:
        self._read_cpu(time.monotonic())
        return SystemSnapshot(
            cpu_percent=self._cpu_percent,
            memory_mib=self._memory(),
            event_loop_lag_ms=round(self.lag * 1000, 1),
            in_flight=self.in_flight,
        )

    def detail(self) -> SystemDetail:
        """Asks the operating system each time."""
        plain = self.snapshot()
        with self._process.oneshot():
            threads, files = self._process.num_threads(), _open_files(self._process)
        return SystemDetail(
            cpu_percent=plain.cpu_percent,
            memory_mib=plain.memory_mib,
            event_loop_lag_ms=plain.event_loop_lag_ms,
            event_loop_lag_max_ms=round(self.lag_max * 1000, 1),
            in_flight=self.in_flight,
            uptime_seconds=round(time.monotonic() - self._began, 1),
            worker_pid=os.getpid(),
            threads=threads,
            open_files=files,
            gc_collections=tuple(generation["collections"] for generation in gc.get_stats()),
            load_average=tuple(round(load, 2) for load in psutil.getloadavg()),
            cpu_count=os.cpu_count() or 1,
        )

    async def _sample(self, also: Callable[[], None] | None) -> None:
        # Not loop.time(): uvloop's stands still within one turn of the loop.
        while True:
            due = time.monotonic() + self._interval
            await asyncio.sleep(self._interval)
            now = time.monotonic()
            self._lags.append(max(0.0, now - due))
            self._read_cpu(now)
            if also is not None:
                also()

    def _read_cpu(self, now: float) -> None:
        read, used = self._cpu_read
        if now - read >= FRESH:
            total = time.process_time()
            self._cpu_percent = round(100.0 * (total - used) / (now - read), 1)
            self._cpu_read = (now, total)

    def _memory(self) -> float:
        now = time.monotonic()
        if now - self._memory_read >= FRESH:
            self._memory_read = now
            self._memory_mib = round(self._process.memory_info().rss / _MIB, 1)
        return self._memory_mib


def _open_files(process: psutil.Process) -> int:
    try:
        return process.num_fds()
    except (AttributeError, psutil.Error):  # Windows has none
        return 0
