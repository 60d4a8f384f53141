"""Reading a request's body: bounded in size and time, and JSON only."""

import re

from litestar.types import Receive

from neuroroute.dialects.strict_json import read_json
from neuroroute.interface.caller_watch import CallerWatch
from neuroroute.interface.errors import HttpRefusal
from neuroroute.interface.visit import Visit

_JSON_TYPE = re.compile(rb"application/(?:json|[\w.+-]+\+json)\s*(?:;.*)?", re.IGNORECASE)


async def read_json_body(visit: Visit, receive: Receive, watch: CallerWatch, *, limit: int) -> object:
    """The decoded body. `watch` is told how it comes and when it has come.

    Raises:
        HttpRefusal: 415, 413, or 400 when it ended early.
        MalformedBody: it is not JSON.
    """
    return read_json(await read_body(visit, receive, watch, limit=limit))


async def read_body(visit: Visit, receive: Receive, watch: CallerWatch, *, limit: int) -> bytes:
    """The same before it is decoded.

    Raises:
        HttpRefusal: 415, 413, or 400 when it ended early.
    """
    _check_type(visit)
    length = visit.headers.get(b"content-length")
    if length is not None and int(length) > limit:
        raise _too_large(limit)
    pieces, size = list[bytes](), 0
    message = await receive()
    while message["type"] == "http.request":
        pieces.append(message["body"])
        size += len(message["body"])
        if size > limit:
            raise _too_large(limit)
        if not message["more_body"]:
            visit.body_read = True
            watch.answer()
            return pieces[0] if len(pieces) == 1 else b"".join(pieces)
        watch.came(len(message["body"]))
        message = await receive()
    raise HttpRefusal(400, "incomplete_body", "The body ended early")


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
