"""What the faults that concern an answer's bytes make of it. Those of time and of the socket are in `sending`."""

from collections.abc import Callable
from typing import Final

from msgspec import structs

from neuroroute.infrastructure.simulated.conversation import Asked
from neuroroute.infrastructure.simulated.faults import Faults
from neuroroute.infrastructure.simulated.language import Language, Surface
from neuroroute.infrastructure.simulated.replies import PADDING, Reply
from neuroroute.infrastructure.simulated.wire import Persona, Piece, Request, Response, Stage

_BLOCK: Final = 64 * 1024
_PADDING: Final = PADDING.encode()
_HTML: Final = b"<html><head><title>502 Bad Gateway</title></head><body>simulated: not JSON</body></html>"
_FOREIGN: Final = b'{"type":42,"choices":"none","content":"none","delta":[],"simulated":true}'


def completion(
    wire: Language, surface: Surface, request: Request, asked: Asked, reply: Reply, faults: Faults
) -> Response:
    """A completion, whole or streamed as it was asked for, with the faults in it."""
    usage, choices = not faults.no_usage, faults.empty != "choices"
    if faults.garbage is not None or not asked.stream:
        body = surface.whole(reply, asked, usage=usage, choices=choices)
        if faults.error_after is not None:
            body = wire.error(request, 500, _told("error inside a 200"), faults.error_code)
        return document(body, faults, at=reply.duration)
    pieces = surface.events(reply, asked, usage=usage, choices=choices)
    if faults.no_end is not None:
        gone = {Stage.TERMINATOR} if faults.no_end == "terminator" else {Stage.TERMINATOR, Stage.FINISHING}
        pieces = [piece for piece in pieces if piece.stage not in gone]
    if faults.error_after is not None:
        kept = _before(pieces, faults.error_after)
        told = surface.error_event(request, _told("error in the stream"), faults.error_code, place=len(kept))
        pieces = [*kept, Piece(told, Stage.FINISHING, kept[-1].at if kept else 0.0)]
    if faults.malformed_sse is not None:
        pieces = _malformed(pieces, faults)
    if faults.sse is not None:
        write = _STYLES[faults.sse]
        pieces = [structs.replace(piece, data=write(piece.data)) for piece in pieces]
    return Response(
        headers=(("cache-control", "no-cache"),),
        content_type="text/event-stream; charset=utf-8",
        pieces=_padded(pieces, faults),
        chunked=True,
    )


def document(body: bytes, faults: Faults, *, at: float = 0.0) -> Response:
    """A body in one, sent `at` seconds after the headers; a stall finds it in two halves."""
    content_type = "application/json"
    match faults.garbage:
        case None:
            pass
        case "html":
            body, content_type = _HTML, "text/html; charset=utf-8"
        case "shape":
            body = _FOREIGN
        case "truncated":
            body = body[: len(body) // 2]
        case "utf8":
            place = body.find(b"[simul")
            place = body.find(b"simul") if place < 0 else place
            body = body[: place + 1] + b"\xff\xfe" + body[place + 1 :]
    half = len(body) // 2
    pieces = [Piece(body[:half], Stage.CONTENT, at), Piece(body[half:], Stage.FINISHING, at)]
    if _PADDING in body:
        pieces = _padded([Piece(body, Stage.CONTENT, at)], faults)
    return Response(content_type=content_type, pieces=pieces, chunked=faults.huge is not None)


def failure(wire: Language, request: Request, persona: Persona, faults: Faults) -> Response | None:
    """The error that the faults ask for in place of an answer."""
    status = faults.status or (429 if faults.retry_after is not None else None)
    if status is None:
        return None
    headers: tuple[tuple[str, str], ...] = ()
    retry_after = faults.retry_after or ("1" if status == 429 else "none")
    if retry_after != "none":
        headers = (("retry-after", retry_after),)
    if status < 400:
        headers = (*headers, ("location", "/v1/elsewhere"))
    body = wire.error(request, status, _told(f"{persona} answers {status}"), faults.error_code)
    return Response(status=status, headers=headers, pieces=[Piece(body, Stage.CONTENT)])


def _told(what: str) -> str:
    return f"[simulated fault] {what}"


def _before(pieces: list[Piece], after: int) -> list[Piece]:
    """Those that go out before an error after so many content chunks."""
    kept: list[Piece] = []
    contents = 0
    for piece in pieces:
        if piece.stage is Stage.CONTENT:
            if contents == after:
                break
            contents += 1
        elif piece.stage is not Stage.OPENING:
            break
        kept.append(piece)
    return kept


def _malformed(pieces: list[Piece], faults: Faults) -> list[Piece]:
    contents = [place for place, piece in enumerate(pieces) if piece.stage is Stage.CONTENT]
    if not contents:
        return pieces
    after = 1 if faults.malformed_after is None else faults.malformed_after
    place = contents[min(after, len(contents) - 1)]
    good = pieces[place].data
    lead, _, data = good.partition(b"data: ")
    match faults.malformed_sse:
        case "json":
            bad = lead + b"data: " + data[: len(data) // 2] + b"\n\n"
        case "utf8":
            bad = lead + b"data: " + data[:2] + b"\xff\xfe" + data[2:]
        case "shape":
            bad = lead + b"data: " + _FOREIGN + b"\n\n"
        case _:
            bad = good.removesuffix(b"\n")
    return [*pieces[:place], structs.replace(pieces[place], data=bad), *pieces[place + 1 :]]


_STYLES: Final[dict[str, Callable[[bytes], bytes]]] = {
    "crlf": lambda data: data.replace(b"\n", b"\r\n"),
    "cr": lambda data: data.replace(b"\n", b"\r"),
    "comments": lambda data: b": simulated comment\n\n" + data,
    # Between two JSON tokens, where the line break that a reader puts back is white space.
    "split": lambda data: data.replace(b"data: {", b"data: {\ndata: ", 1),
}


def _padded(pieces: list[Piece], faults: Faults) -> list[Piece]:
    if faults.huge is None:
        return pieces
    blocks, rest = divmod(faults.huge, _BLOCK)
    padded: list[Piece] = []
    for piece in pieces:
        before, found, after = piece.data.partition(_PADDING)
        padded.append(structs.replace(piece, data=before))
        if found:
            padded += [
                Piece(b"x" * _BLOCK, piece.stage, piece.at, blocks),
                Piece(b"x" * rest, piece.stage, piece.at),
                Piece(after, piece.stage, piece.at),
            ]
    return padded
