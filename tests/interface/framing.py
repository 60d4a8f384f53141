"""HTTP that two parsers may read differently, and what is made of it: the rows of docs/http-framing.md.

Run this file to measure anew and write the table into the document; `test_framing.py` fails when the two differ.
"""

import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from interface.proxy import nginx
from interface.wire import Exchange, exchange, request
from running import Service, simulating

DOCUMENT = Path(__file__).parents[2] / "docs" / "http-framing.md"
BEGIN, END = "<!-- measured -->\n", "<!-- /measured -->\n"
_BODY = b'{"prompt": "hello", "metadata": {"model": "local"}}'
_LENGTH = f"Content-Length: {len(_BODY)}"
_CHUNKS = b"%x\r\n%s\r\n0\r\n\r\n" % (len(_BODY), _BODY)
_LONG = "x" * 1000


def _post(*headers: str, body: bytes = _BODY, **line: str) -> bytes:
    return request("/prompt", "Content-Type: application/json", *headers, method="POST", body=body, **line)


def _with(raw: bytes, old: bytes, new: bytes) -> bytes:
    assert old in raw
    return raw.replace(old, new)


ROWS: dict[str, bytes] = {
    "a plain request": _post(_LENGTH),
    "a chunked body": _post("Transfer-Encoding: chunked", body=_CHUNKS),
    "Content-Length and Transfer-Encoding": _post(_LENGTH, "Transfer-Encoding: chunked", body=_CHUNKS),
    "the same Content-Length twice": _post(_LENGTH, _LENGTH),
    "two different Content-Length": _post(_LENGTH, "Content-Length: 3"),
    "Content-Length: 5, 5": _post("Content-Length: 5, 5", body=b'{"a":'),
    "Content-Length: +51": _post(f"Content-Length: +{len(_BODY)}"),
    "Content-Length: -1": _post("Content-Length: -1"),
    "Content-Length: 0x33": _post("Content-Length: 0x33"),
    "Transfer-Encoding: xchunked": _post("Transfer-Encoding: xchunked", body=_CHUNKS),
    "Transfer-Encoding: chunked, identity": _post("Transfer-Encoding: chunked, identity", body=_CHUNKS),
    "Transfer-Encoding: gzip, chunked": _post("Transfer-Encoding: gzip, chunked", body=_CHUNKS),
    "a space before the colon": _post("Transfer-Encoding : chunked", body=_CHUNKS),
    "chunked in HTTP/1.0": _post("Transfer-Encoding: chunked", body=_CHUNKS, version="HTTP/1.0"),
    "a chunk size of 17 hex digits": _post(
        "Transfer-Encoding: chunked", body=b"1" + b"0" * 15 + b"33\r\n" + _BODY + b"\r\n0\r\n\r\n"
    ),
    "a negative chunk size": _post("Transfer-Encoding: chunked", body=b"-1\r\n" + _BODY + b"\r\n0\r\n\r\n"),
    "a chunk extension of 1 MB": _post(
        "Transfer-Encoding: chunked", body=_with(_CHUNKS, b"\r\n{", b";" + b"x" * (1 << 20) + b"\r\n{")
    ),
    "chunks ended by a bare LF": _post("Transfer-Encoding: chunked", body=_CHUNKS.replace(b"\r\n", b"\n")),
    "header lines ended by a bare LF": request().replace(b"\r\n", b"\n"),
    "a folded header line": request("/health/live", "X-Folded: a\r\n b"),
    "NUL in a header": request("/health/live", "X-Nul: a\0b"),
    "CR in a header": request("/health/live", "X-Cr: a\rb"),
    "a header line without a colon": request("/health/live", "nonsense"),
    "a header name with a space": request("/health/live", "X Y: z"),
    "no Host": request(host=None),
    "two Host": request("/health/live", "Host: other"),
    "Host: localhost:4000/#@x": request(host="localhost:4000/#@x"),
    "Host with a NUL": request(host="a\0b"),
    "absolute-form": request("http://elsewhere.test/health/live"),
    "absolute-form, https": request("https://localhost/health/live"),
    "//health/live": request("//health/live"),
    "/health//live": request("/health//live"),
    "/health%2flive": request("/health%2flive"),
    "/health/live;x": request("/health/live;x"),
    "/x/../health/live": request("/x/../health/live"),
    "/health/./live": request("/health/./live"),
    "/health/%2e%2e/health/live": request("/health/%2e%2e/health/live"),
    "/health/live#x": request("/health/live#x"),
    "/health/live%00": request("/health/live%00"),
    "a target without a slash": request("health/live"),
    "a target with a space": request("/health/live x"),
    "1,000 headers": request("/health/live", *(f"X-{n}: y" for n in range(1000))),
    "a header of 32 KB": request("/health/live", *[f"X-Long: {_LONG * 32}"]),
    "a header of 500 KB": request("/health/live", f"X-Long: {_LONG * 500}"),
    "a header of 1 MB": request("/health/live", f"X-Long: {_LONG * 1000}"),
    "a target of 100 KB": request(f"/health/live?{_LONG * 100}"),
    "TRACE": request(method="TRACE"),
    "CONNECT": request("localhost:443", method="CONNECT"),
    "BREW": request(method="BREW"),
    "get": request(method="get"),
    "OPTIONS *": request("*", method="OPTIONS"),
    "a WebSocket upgrade": request(
        "/health/live", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
        "Sec-WebSocket-Version: 13",
    ),
    "an upgrade to h2c": request(
        "/health/live", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c",
        "HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA",
    ),
    "the preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/0.9": b"GET /health/live\r\n\r\n",
    "HTTP/9.9": request(version="HTTP/9.9"),
    "a TLS hello": bytes.fromhex("16030100a5010000a10303") + b"\0" * 160,
}  # fmt: skip


def told(result: Exchange) -> str:
    """One cell of the table."""
    if not result.raw:
        return "no answer, closed" if result.closed else "no answer"
    if not result.status:
        return "closed, no HTTP"
    return f"{result.status}, closed" if result.closed else str(result.status)


def measure(port: int) -> dict[str, str]:
    """All rows, a few at the same time: whether a connection is closed takes a while to be sure of."""
    with ThreadPoolExecutor(12) as pool:
        results = pool.map(lambda raw: exchange(port, raw, quiet=0.7, within=5), ROWS.values())
        return {name: told(result) for name, result in zip(ROWS, results, strict=True)}


def table(direct: dict[str, str], proxied: dict[str, str]) -> str:
    lines = ["| what comes | the service alone | behind `deploy/nginx/nginx.conf` |", "|---|---|---|"]
    return "\n".join([*lines, *(f"| {name} | {direct[name]} | {proxied[name]} |" for name in ROWS)]) + "\n"


def documented() -> list[dict[str, str]]:
    """The two columns, as the document has them."""
    measured = DOCUMENT.read_text().partition(BEGIN)[2].partition(END)[0]
    rows = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in measured.splitlines()[2:]]
    return [{row[0]: row[column] for row in rows} for column in (1, 2)]


def rewrite(write: Callable[[str], object] = DOCUMENT.write_text) -> None:
    """Measure, and put the table in its place."""
    with (
        tempfile.TemporaryDirectory() as folder,
        simulating() as simulated,
        Service(Path(folder) / "service", environ=simulated.environ) as service,
        nginx(Path(folder) / "nginx", service.port) as port,
    ):
        direct, proxied = measure(service.port), measure(port)
    before, _, rest = DOCUMENT.read_text().partition(BEGIN)
    write(before + BEGIN + table(direct, proxied) + END + rest.partition(END)[2])


if __name__ == "__main__":
    rewrite()
