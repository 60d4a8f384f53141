"""A server as a child of the tests: killed, frozen and started again at will, and gone when they are gone.

Between the two stands a guard, which is this file run as a program. Its stdin is a pipe from the tests: however they
end, by `kill -9` too, the pipe closes, and the guard ends the server.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import psutil

START_SECONDS: Final = 30.0
STOP_SECONDS: Final = 10.0
STEP_SECONDS: Final = 0.01
ATTEMPTS: Final = 5
_DEAD: Final = (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)


class ServerFailed(Exception):
    """The server did not start, and why."""


class GuardedServer(ABC):
    """What is the same for every server; a subclass knows its command, and how to see that it is ready."""

    account: tuple[int, int] | None = None
    """User and group that the server runs as, if not ours."""
    environ: Mapping[str, str] = os.environ
    doomed: Path | None = None
    """A folder that must not outlive the tests."""

    def __init__(self, home: Path, *, options: tuple[str, ...] = ()) -> None:
        self.home = home
        self.port = 0
        self.pid = 0
        self._options = options
        self._guard: subprocess.Popen[bytes] | None = None

    @property
    @abstractmethod
    def url(self) -> str:
        """Where it listens."""

    @abstractmethod
    def _command(self, port: int) -> list[str]:
        """What starts it in the foreground on this port of 127.0.0.1."""

    @abstractmethod
    def _ready(self, port: int) -> bool:
        """Whether the server of `pid` answers on the port: another one there must not pass for it."""

    def start(self) -> None:
        """Start, on the port it had before if there was one.

        Raises:
            ServerFailed: with the end of its log.
        """
        if self.port:
            self._launch(self.port)
            return
        for attempt in range(1, ATTEMPTS + 1):
            port = _free_port()
            try:
                self._launch(port)
            except ServerFailed:  # somebody else may have taken the port in between
                if attempt == ATTEMPTS:
                    raise
            else:
                self.port = port
                return

    def kill(self) -> None:
        """End it and its children as `kill -9` does. What it had written stays."""
        if self._guard is not None:
            _kill(self.pid)
            self._ended()

    def freeze(self) -> None:
        """Hold it and its children still, by SIGSTOP: they keep their connections and say nothing."""
        _hold(self.pid)

    def thaw(self) -> None:
        server = psutil.Process(self.pid)
        for process in (*server.children(recursive=True), server):
            process.resume()

    def signal(self, number: signal.Signals) -> None:
        """End it by this signal, or by force if that does not end it within `STOP_SECONDS`."""
        guard = self._guard
        if guard is None:
            return
        self.thaw()
        os.kill(self.pid, number)
        try:
            guard.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            _kill(self.pid)
        self._ended()

    def _launch(self, port: int) -> None:
        log = self.home / "server.log"
        account = "" if self.account is None else "{}:{}".format(*self.account)
        with log.open("ab") as out:
            self._guard = subprocess.Popen(
                [sys.executable, "-I", __file__, account, str(self.doomed or ""), *self._command(port)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=out,
                env=dict(self.environ),
                cwd=self.home,
                start_new_session=True,
            )
        try:
            self._wait(self._guard, port)
        except BaseException:
            self.kill()
            raise

    def _wait(self, guard: subprocess.Popen[bytes], port: int) -> None:
        assert guard.stdout is not None
        self.pid = int(guard.stdout.readline() or 0)
        end = time.monotonic() + START_SECONDS
        while self.pid and time.monotonic() < end:
            if self._ready(port):
                return
            if guard.poll() is not None:
                break
            time.sleep(STEP_SECONDS)
        log = (self.home / "server.log").read_text(errors="replace")
        raise ServerFailed(f"the server did not start:\n{log[-2000:]}")

    def _ended(self) -> None:
        guard, self._guard = self._guard, None
        assert guard is not None
        guard.wait(STOP_SECONDS)
        for pipe in (guard.stdin, guard.stdout):
            if pipe is not None:
                pipe.close()


def as_account(account: tuple[int, int] | None) -> dict[str, Any]:
    """The arguments of `subprocess` that make a child another user's."""
    if account is None:
        return {}
    user, group = account
    return {"user": user, "group": group, "extra_groups": []}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _hold(pid: int) -> list[psutil.Process]:
    """The children and then their parent, each of them held still; the parent first, so that no child is missed."""
    held: list[psutil.Process] = []
    try:
        server = psutil.Process(pid)
        server.suspend()
        _until(server, psutil.STATUS_STOPPED, *_DEAD)
        for child in server.children(recursive=True):
            child.suspend()
            held.append(child)
    except psutil.NoSuchProcess:
        return held
    return [*held, server]


def _kill(pid: int) -> None:
    """Children first: their parent, held still, starts no others in their place."""
    for process in _hold(pid):
        try:
            process.kill()
            _until(process, *_DEAD)
        except psutil.NoSuchProcess:
            continue


def _until(process: psutil.Process, *statuses: str) -> None:
    """A signal is not obeyed at once."""
    end = time.monotonic() + STOP_SECONDS
    while process.status() not in statuses and time.monotonic() < end:
        time.sleep(STEP_SECONDS / 10)


def _guard(account: str, doomed: str, *command: str) -> None:
    """Run the server, say its pid, and end when it does; end it when the pipe on stdin closes.

    It is the guard that changes the user: the files of Python itself may be closed to others.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    user, _, group = account.partition(":")
    drop = as_account((int(user), int(group)) if account else None)
    server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=sys.stderr, start_new_session=True, **drop)
    print(server.pid, flush=True)  # noqa: T201 - the owner reads it
    deserted = threading.Event()

    def watch() -> None:
        while os.read(0, 1):
            pass
        deserted.set()
        _kill(server.pid)

    threading.Thread(target=watch, daemon=True).start()
    server.wait()
    if deserted.is_set() and doomed:
        shutil.rmtree(doomed, ignore_errors=True)


if __name__ == "__main__":
    _guard(*sys.argv[1:])
