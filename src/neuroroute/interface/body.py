"""Reading a request's body: bounded in size and time, and JSON only."""

import asyncio
import re

from litestar.types import Receive

from neuroroute.dialects.strict_json import read_json
from neuroroute.interface.errors import HttpRefusal
from neuroroute.interface.visit import Visit

PATIENCE = 10.0
"""Seconds that any body may take…"""
RATE = 64 * 1024
"""…and as many more as what has come needs at this many bytes a second: a slow body ends, a large one does not."""
_JSON_TYPE = re.compile(rb"application/(?:json|[\w.+-]+\+json)\s*(?:;.*)?", re.IGNORECASE)


class CallerGone(Exception):
    """The caller hung up before its request was whole."""


async def read_json_body(visit: Visit, receive: Receive, *, limit: int) -> object:
    """The decoded body.

    Raises:
        HttpRefusal: 415, 413 or 408.
        MalformedBody: it is not JSON.
        CallerGone: nobody is there any more.
    """
    _check_type(visit)
    length = visit.headers.get(b"content-length")
    if length is not None and int(length) > limit:
        raise _too_large(limit)
    try:
        async with asyncio.timeout(PATIENCE) as patience:
            return read_json(await _read(receive, patience, limit))
    except TimeoutError as error:
        raise HttpRefusal(408, "request_timeout", f"The body did not arrive within {PATIENCE:g} s") from error


async def _read(receive: Receive, patience: asyncio.Timeout, limit: int) -> bytes:
    message = await receive()
    if message["type"] == "http.request" and not message["more_body"]:
        if len(message["body"]) > limit:
            raise _too_large(limit)
        return message["body"]
    pieces, size = list[bytes](), 0
    began = asyncio.get_running_loop().time()
    while True:
        if message["type"] != "http.request":
            raise CallerGone
        pieces.append(message["body"])
        size += len(message["body"])
        if size > limit:
            raise _too_large(limit)
        if not message["more_body"]:
            return b"".join(pieces)
        patience.reschedule(began + PATIENCE + size / RATE)
        message = await receive()


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
