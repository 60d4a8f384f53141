"""The simulated providers as a process: in the foreground, or as a child that ends with its parent."""

import asyncio
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from types import TracebackType
from typing import IO, Final, Self, final

import msgspec
from msgspec import Struct

from neuroroute.domain.errors import NeuroRouteError
from neuroroute.infrastructure.simulated.replies import Pace
from neuroroute.infrastructure.simulated.server import SimulatedPorts, SimulatedUrls, Simulator

_START: Final = 15.0
_STOP: Final = 5.0


class Orders(Struct, frozen=True, kw_only=True):
    """What a child is told, as JSON, in its one argument."""

    ports: SimulatedPorts
    seed: int
    pace: Pace


class SimulatorNotStarted(NeuroRouteError):
    """The child ended, or said nothing, before it served; its own words are on stderr."""


def run(ports: SimulatedPorts, *, seed: int, pace: Pace, announce: Callable[[SimulatedUrls], None]) -> None:
    """Serve until SIGINT or SIGTERM. `announce` is told the addresses once they answer.

    Raises:
        OSError: a port is taken.
    """
    asyncio.run(_serve(Orders(ports=ports, seed=seed, pace=pace), announce, parent=False))


def run_as_child(orders: str) -> None:
    """Serve until a signal, or until stdin ends; say the ports, as one line of JSON, once they answer.

    Raises:
        OSError: a port is taken.
        msgspec.ValidationError: the orders are not `Orders`.
    """

    def announce(urls: SimulatedUrls) -> None:
        sys.stdout.buffer.write(msgspec.json.encode(urls) + b"\n")
        sys.stdout.buffer.flush()

    asyncio.run(_serve(msgspec.json.decode(orders, type=Orders), announce, parent=True))


async def _serve(orders: Orders, announce: Callable[[SimulatedUrls], None], *, parent: bool) -> None:
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for stop in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(stop, ended.set)
    if parent:
        # The parent holds the other end and never writes: it becomes readable when the parent ends, however that dies.
        loop.add_reader(sys.stdin.fileno(), ended.set)
    async with Simulator(orders.ports, seed=orders.seed, pace=orders.pace) as simulator:
        announce(simulator.urls)
        await ended.wait()
    if parent:
        loop.remove_reader(sys.stdin.fileno())


def _announced(stdout: IO[bytes] | None) -> SimulatedUrls:
    line = b"" if stdout is None else stdout.readline()
    if not line:
        raise SimulatorNotStarted("The simulated providers did not start; is one of their ports taken?")
    return msgspec.json.decode(line, type=SimulatedUrls)


@final
class SimulatorProcess:
    """A child process that serves while this is entered, and no longer than the process that entered it lives."""

    def __init__(self, ports: SimulatedPorts, *, seed: int, pace: Pace) -> None:
        self._orders: Final = msgspec.json.encode(Orders(ports=ports, seed=seed, pace=pace)).decode()
        self._process: subprocess.Popen[bytes] | None = None
        self._urls: SimulatedUrls | None = None

    @property
    def urls(self) -> SimulatedUrls:
        """The base URLs. Raises RuntimeError before the process is entered."""
        if self._urls is None:
            raise RuntimeError("the simulator has not been started")
        return self._urls

    @property
    def pid(self) -> int | None:
        """Of the child, while it is entered."""
        return None if self._process is None else self._process.pid

    def __enter__(self) -> Self:
        """Start the child and wait until it answers.

        Raises:
            SimulatorNotStarted: it could not, most likely because a port is taken.
        """
        # Its own session, so that a Ctrl-C meant for the parent lets the parent finish what it asked the child.
        process = subprocess.Popen(  # noqa: S603 - our own module, without a shell
            [sys.executable, "-P", "-m", "neuroroute.infrastructure.simulated", self._orders],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        self._process = process
        impatience = threading.Timer(_START, process.kill)
        impatience.start()
        try:
            self._urls = _announced(process.stdout)
        except BaseException:
            self._stop()
            raise
        finally:
            impatience.cancel()
            impatience.join()
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stop()

    def _stop(self) -> None:
        process, self._process, self._urls = self._process, None, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(_STOP)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
