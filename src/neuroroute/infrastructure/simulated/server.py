"""The simulated providers as real HTTP servers on loopback, one port each."""

import asyncio
import contextlib
from types import TracebackType
from typing import Final, Self, final

from msgspec import Struct

from neuroroute.infrastructure.simulated.connection import Connection
from neuroroute.infrastructure.simulated.control import Control
from neuroroute.infrastructure.simulated.provider import SimulatedProvider
from neuroroute.infrastructure.simulated.replies import Pace
from neuroroute.infrastructure.simulated.wire import Persona

_HOST: Final = "127.0.0.1"
_CLOSING: Final = 5.0


class SimulatedPorts(Struct, frozen=True, kw_only=True):
    """Ports on 127.0.0.1; 0 is any free one."""

    openai: int = 18101
    anthropic: int = 18103
    lmstudio: int = 18102


FREE_PORTS: Final = SimulatedPorts(openai=0, anthropic=0, lmstudio=0)


class SimulatedUrls(Struct, frozen=True, kw_only=True):
    """Where the simulated providers are, in the form that each provider's base URL has."""

    openai: str
    anthropic: str
    lmstudio: str

    @classmethod
    def of(cls, ports: SimulatedPorts) -> Self:
        return cls(
            openai=f"http://{_HOST}:{ports.openai}/v1",
            anthropic=f"http://{_HOST}:{ports.anthropic}",
            lmstudio=f"http://{_HOST}:{ports.lmstudio}/v1",
        )


@final
class Simulator:
    """Serves while it is entered; leaving it closes every connection and leaves no task behind."""

    def __init__(self, ports: SimulatedPorts, *, seed: int, pace: Pace, max_connections: int = 1024) -> None:
        """`max_connections` bounds each port's; who comes on top is answered 503."""
        self.control: Final = Control(seed=seed)
        self._wanted: Final = ports
        self._seed: Final = seed
        self._pace: Final = pace
        self._limit: Final = max_connections
        self._connections: Final[dict[Persona, set[Connection]]] = {persona: set() for persona in Persona}
        self._servers: list[asyncio.Server] = []
        self._ports: SimulatedPorts | None = None

    @property
    def ports(self) -> SimulatedPorts:
        """The ports in use. Raises RuntimeError before the simulator is entered."""
        if self._ports is None:
            raise RuntimeError("the simulator has not been started")
        return self._ports

    @property
    def urls(self) -> SimulatedUrls:
        """The base URLs. Raises RuntimeError before the simulator is entered."""
        return SimulatedUrls.of(self.ports)

    async def __aenter__(self) -> Self:
        """Raises OSError when a port is taken."""
        try:
            self._ports = SimulatedPorts(
                openai=await self._listen(Persona.OPENAI, self._wanted.openai),
                anthropic=await self._listen(Persona.ANTHROPIC, self._wanted.anthropic),
                lmstudio=await self._listen(Persona.LOCAL, self._wanted.lmstudio),
            )
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._close()

    async def _listen(self, persona: Persona, port: int) -> int:
        provider = SimulatedProvider(persona, seed=self._seed, pace=self._pace, control=self.control)
        connections = self._connections[persona]
        server = await asyncio.get_running_loop().create_server(
            lambda: Connection(provider.answer, connections, limit=self._limit), _HOST, port, backlog=1024
        )
        self._servers.append(server)
        bound: tuple[str, int] = server.sockets[0].getsockname()
        return bound[1]

    async def _close(self) -> None:
        for server in self._servers:
            server.close()
        tasks = [connection.abort() for connections in self._connections.values() for connection in [*connections]]
        running = [task for task in tasks if task is not None]
        if running:
            await asyncio.wait(running, timeout=_CLOSING)
        for server in self._servers:
            # Since Python 3.12 this also waits for the connections, which were aborted above.
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(server.wait_closed(), _CLOSING)
        self._servers.clear()
