"""nginx with the shipped configuration, in front of a service under test."""

import shutil
import socket
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from running import free_port

CONFIGURATION = Path(__file__).parents[2] / "deploy" / "nginx" / "nginx.conf"


def binary() -> str | None:
    """Where nginx is, if it is."""
    return shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin:/opt/homebrew/bin")


@contextmanager
def nginx(folder: Path, service_port: int) -> Generator[int, None, None]:
    """Its port, while it runs."""
    found = binary()
    assert found, "nginx is not installed"
    folder.mkdir(parents=True)
    port = free_port()
    text = CONFIGURATION.read_text()
    for shipped, here in (
        ("127.0.0.1:8000;", f"127.0.0.1:{service_port};"),
        ("listen 8080", f"listen 127.0.0.1:{port}"),
    ):
        assert shipped in text
        text = text.replace(shipped, here)
    for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"):
        text = text.replace("http {\n", f"http {{\n    {kind}_temp_path {folder / kind};\n", 1)
    (folder / "nginx.conf").write_text(text)
    command = [found, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", "stderr", "-g", "daemon off;"]
    with (folder / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            _wait(port, process, folder / "log")
            yield port
        finally:
            process.terminate()
            process.wait(10)


def _wait(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError(log.read_text())
