"""The floor: the same server and the same client for providers, with nothing in between that reads what passes.

What `neuroroute serve` costs beyond this, per request and per streamed event, is its own code.
Served by `benchmarks/harness/specs/plain-proxy.json`.
"""

import os

from litestar.types import Receive, Scope, Send

from neuroroute.infrastructure.providers.reach import Reach
from neuroroute.infrastructure.providers.upstream import Timeouts, Upstream

TIMEOUTS = Timeouts(connect=5.0, first_byte=60.0, idle=60.0, total=3600.0)
HEADERS = (("content-type", "application/json"), ("authorization", "Bearer sk-bench"))
upstream = Upstream(
    os.environ["OPENAI_BASE_URL"], max_connections=100, max_response_bytes=64 << 20, reach=Reach.ANYWHERE
)


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Every POST goes to `/chat/completions`, every piece of the answer back as it came."""
    if scope["type"] != "http":
        return
    body = b""
    while (message := await receive())["type"] == "http.request":
        body += message["body"]
        if not message["more_body"]:
            break
    async with upstream.exchange("POST", "/chat/completions", headers=HEADERS, body=body, timeouts=TIMEOUTS) as reply:
        head = [(b"content-type", (reply.header("content-type") or "application/json").encode())]
        await send({"type": "http.response.start", "status": reply.status, "headers": head})
        async for piece in reply.chunks():
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
