"""HTTP by hand: bytes in over a socket, and what came back."""

import socket
import time
from contextlib import suppress
from typing import NamedTuple


class Exchange(NamedTuple):
    """What a server made of some bytes."""

    raw: bytes
    closed: bool
    """Whether the server ended the connection within the time."""
    seconds: float

    @property
    def status(self) -> int:
        """Of the first answer; 0 when there was none."""
        return int(self.raw.split(b" ", 2)[1]) if self.raw.startswith(b"HTTP/1.") else 0

    @property
    def answers(self) -> int:
        return self.raw.count(b"HTTP/1.1 ")

    @property
    def headers(self) -> dict[str, str]:
        lines = self.raw.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")[1:]
        return {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}

    @property
    def body(self) -> bytes:
        return self.raw.partition(b"\r\n\r\n")[2]


def exchange(port: int, *pieces: bytes, quiet: float = 0.5, within: float = 20.0, pause: float = 0.0) -> Exchange:
    """Send the pieces; read until the server closes, or says nothing for `quiet` seconds after it began to answer."""
    began = time.monotonic()
    got, closed = b"", False
    with socket.create_connection(("127.0.0.1", port), timeout=within) as line:
        with suppress(ConnectionError):
            for piece in pieces:
                line.sendall(piece)
                time.sleep(pause)
        while time.monotonic() - began < within:
            line.settimeout(quiet if got else within)
            try:
                piece = line.recv(65536)
            except TimeoutError:
                break
            except ConnectionResetError:
                closed = True
                break
            if not piece:
                closed = True
                break
            got += piece
    return Exchange(got, closed, time.monotonic() - began)


def ask(port: int, raw: bytes) -> Exchange:
    """One request and its one answer, read no further than that says to be long."""
    began = time.monotonic()
    got = b""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as line:
        with suppress(ConnectionError):
            line.sendall(raw)
        while piece := line.recv(65536):
            got += piece
            answer = Exchange(got, closed=False, seconds=time.monotonic() - began)
            if b"\r\n\r\n" in got and len(answer.body) >= int(answer.headers.get("content-length", 0)):
                return answer
    return Exchange(got, closed=True, seconds=time.monotonic() - began)


def request(
    target: str = "/health/live",
    *headers: str,
    method: str = "GET",
    host: str | None = "localhost",
    body: bytes = b"",
    version: str = "HTTP/1.1",
) -> bytes:
    """A request as it goes over the wire; only what is said is in it."""
    lines = [f"{method} {target} {version}", *([] if host is None else [f"Host: {host}"]), *headers]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body
