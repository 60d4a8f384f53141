"""Secrets that can be told from everything else, the ways in which they may be spelled, and the search for them."""

import base64
import http.server
import json
import threading
from collections.abc import Iterable, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from msgspec import Struct

MASTER = base64.b64encode(b"canary-of-the-master-key-32bytes").decode()
PREVIOUS = base64.b64encode(b"canary-of-the-former-master-key.").decode()
CANARIES: Mapping[str, str] = {
    "OpenAI's key in the environment": "sk-canary/+=env-openai-51c7d20e9b",
    "Anthropic's key in the environment": "sk-ant-canary+/=env-8e02f6b1a4",
    "a stored key": "sk-canary/+=stored-7f3a9c5d21e8",
    "a key that was stored in its place": "sk-canary/+=again-c04b8e61f7d3",
    "another provider's stored key": "sk-canary+/=golden-3d9e7a10b5c2",
    "the admin key": "canary+/=admin-b7d1e93f50a6",
    "the master key": MASTER,
    "the master key before": PREVIOUS,
    "the password of the database": "canary-database-e61d04c9b8f2",
    "the password of Redis": "canary-redis-9a5f27d3c1e0",
    "a prompt": "canary of a prompt d84f1b6e0a37",
}
LAST = 12
"""Characters of a key's end that are too many to show; four are shown."""


class Place(Struct, frozen=True):
    """Where something is written."""

    name: str
    contents: bytes


def spellings(secret: str) -> set[bytes]:
    """As it would be found, whoever wrote it."""
    raw = secret.encode()
    # Base64 of it as a part of something longer: wherever it begins, these characters are in it.
    shifted = {base64.b64encode(b"\0" * shift + raw)[4:-4] for shift in range(3)}
    ends = {raw[-LAST:], quote(secret[-LAST:], safe="").encode(), json.dumps(secret)[1:-1].encode()}
    return {raw, quote(secret, safe="").encode(), raw.hex().encode(), raw[::-1], *shifted, *ends}


def found(secrets: Mapping[str, str], places: Iterable[Place]) -> list[str]:
    """Which secret stands where, in words without the secret."""
    wanted = {what: spellings(secret) for what, secret in secrets.items()}
    return [
        f"{what} in {place.name}"
        for place in places
        for what, spelled in wanted.items()
        if any(spelling in place.contents for spelling in spelled)
    ]


def files_below(folder: Path) -> Sequence[Place]:
    """All bytes of all files."""
    return [Place(str(path.relative_to(folder)), path.read_bytes()) for path in folder.rglob("*") if path.is_file()]


class _Echo(http.server.BaseHTTPRequestHandler):
    """Refuses every key, and tells it to whoever reads the refusal."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        key = self.headers["authorization"] or self.headers["x-api-key"]
        self.server.heard.append(key)
        message = f"Incorrect API key provided: {key}. It is not {key[-LAST:]} either."
        body = json.dumps({"error": {"message": message, "type": key, "code": key}, "type": "error"}).encode()
        self.send_response(401, message)
        for name, value in (("content-type", "application/json"), ("content-length", str(len(body))), ("x-key", key)):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Echo)
        self.heard = []

    def handle_error(self, *_: object) -> None:
        """Callers may leave."""


@contextmanager
def echoing():
    """A provider's address, and the keys that it was shown."""
    with _Server() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", server.heard
        finally:
            server.shutdown()
            thread.join()
