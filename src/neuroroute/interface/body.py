"""Reading a request's body: bounded in size and time, and JSON only."""

import asyncio
import re

from litestar.types import Receive

from neuroroute.dialects.strict_json import read_json
from neuroroute.interface.errors import HttpRefusal
from neuroroute.interface.interruptible import Interruptible
from neuroroute.interface.visit import Visit

PATIENCE = 10.0
"""Seconds that any body may take…"""
RATE = 64 * 1024
"""…and as many more as what has come needs at this many bytes a second: a slow body ends, a large one does not."""
_JSON_TYPE = re.compile(rb"application/(?:json|[\w.+-]+\+json)\s*(?:;.*)?", re.IGNORECASE)


async def read_json_body(visit: Visit, receive: Receive, *, limit: int) -> object:
    """The decoded body.

    Raises:
        HttpRefusal: 415, 413, 408, or 400 when it ended early.
        MalformedBody: it is not JSON.
    """
    _check_type(visit)
    length = visit.headers.get(b"content-length")
    if length is not None and int(length) > limit:
        raise _too_large(limit)
    body = await _read(receive, limit)
    visit.body_read = True
    return read_json(body)


async def _read(receive: Receive, limit: int) -> bytes:
    loop = asyncio.get_running_loop()
    began = loop.time()
    pieces, size = list[bytes](), 0
    with Interruptible() as block:
        deadline = loop.call_at(began + PATIENCE, block.interrupt)
        try:
            message = await receive()
            while message["type"] == "http.request":
                size += len(message["body"])
                if size > limit:
                    raise _too_large(limit)
                pieces.append(message["body"])
                if not message["more_body"]:
                    return b"".join(pieces)
                deadline.cancel()
                deadline = loop.call_at(began + PATIENCE + size / RATE, block.interrupt)
                message = await receive()
        finally:
            deadline.cancel()
        raise HttpRefusal(400, "incomplete_body", "The body ended early")
    raise HttpRefusal(408, "request_timeout", f"The body did not arrive within {PATIENCE:g} s")


def _check_type(visit: Visit) -> None:
    """JSON by name, or without a name; never compressed."""
    said = visit.headers.get(b"content-type")
    if said and not _JSON_TYPE.fullmatch(said.strip()):
        raise HttpRefusal(415, "unsupported_media_type", "The body must be JSON: send content-type application/json")
    coding = visit.headers.get(b"content-encoding", b"identity")
    if coding.strip().lower() not in {b"identity", b""}:
        raise HttpRefusal(415, "unsupported_content_encoding", "The body must not be compressed")


def _too_large(limit: int) -> HttpRefusal:
    return HttpRefusal(413, "body_too_large", f"The body has more than {limit} bytes (NEUROROUTE_MAX_BODY)")
