"""The figures of a worker."""

import asyncio
import os
import time

import msgspec
import pytest
import structlog

from neuroroute.infrastructure.system import SystemMeter

pytestmark = pytest.mark.anyio


@pytest.fixture(params=[True, False], ids=["uvloop", "asyncio"])
def anyio_backend(request):
    return "asyncio", {"use_uvloop": request.param}


@pytest.fixture
async def meter():
    meter = SystemMeter(interval=0.02)
    meter.start()
    yield meter
    await meter.stop()


async def test_sees_the_loop_held_up_and_remembers_the_worst(meter):
    await asyncio.sleep(0.05)
    time.sleep(0.2)  # noqa: ASYNC251  (what it is to see)
    async with asyncio.timeout(5):
        while meter.lag_max < 0.15 or meter.lag > 0.1:  # noqa: ASYNC110  (the meter is asked, it does not call)
            await asyncio.sleep(0.01)
    assert 150 <= meter.detail().event_loop_lag_max_ms < 5000


async def test_calls_the_one_who_asked_after_each_sample(meter):
    calls = asyncio.Queue[None]()
    other = SystemMeter(interval=0.01)
    other.start(also=lambda: calls.put_nowait(None))
    async with asyncio.timeout(5):
        for _ in range(3):
            await calls.get()
    await other.stop()


async def test_the_log_says_when_it_dies_and_it_can_still_be_stopped():
    def fail() -> None:
        raise RuntimeError("a fault of ours")

    meter = SystemMeter(interval=0.01)
    with structlog.testing.capture_logs() as told:
        meter.start(also=fail)
        async with asyncio.timeout(5):
            while not told:  # noqa: ASYNC110  (a log sets no event)
                await asyncio.sleep(0.01)
    await meter.stop()
    assert [(line["event"], line["task"]) for line in told] == [("background_task_died", "system meter")]


async def test_stopping_twice_and_starting_twice_is_safe(meter):
    meter.start()
    await meter.stop()
    await meter.stop()


async def test_tells_processor_and_memory_of_this_process(meter):
    until = time.monotonic() + 1.2
    while time.monotonic() < until:  # noqa: ASYNC110  (work for the processor)
        await asyncio.sleep(0)
    plain = meter.snapshot()
    assert plain.cpu_percent > 5
    assert 5 < plain.memory_mib < 4096


async def test_asks_the_system_for_memory_once_a_second_at_most(meter):
    before = meter.snapshot().memory_mib
    ballast = b"x" * (32 << 20)
    assert meter.snapshot().memory_mib == before
    assert len(ballast) == 32 << 20


async def test_the_plain_form_is_short_and_the_detailed_one_names_the_worker(meter):
    meter.in_flight += 1
    plain, detail = meter.snapshot(), meter.detail()
    assert plain.in_flight == detail.in_flight == 1
    assert len(msgspec.json.encode(plain)) < 120
    assert detail.worker_pid == os.getpid()
    assert detail.threads >= 1
    assert detail.open_files >= 3
    assert len(detail.gc_collections) == 3
    assert len(detail.load_average) == 3
    assert detail.uptime_seconds >= 0
    assert detail.cpu_count >= 1
