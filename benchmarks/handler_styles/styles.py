"""One small route in four styles, told apart by `STYLE`: reads a prompt as JSON, answers how long it is."""

import os

import msgspec
from litestar import Litestar, asgi, post
from litestar.params import JSONBody
from litestar.types import ASGIApp, HTTPReceiveMessage, Receive, Scope, Send


class Asked(msgspec.Struct):
    """The body."""

    prompt: str


class Told(msgspec.Struct):
    """The answer."""

    characters: int


_decode = msgspec.json.Decoder(Asked).decode
_encode = msgspec.json.Encoder().encode


async def plain(scope: Scope, receive: Receive, send: Send) -> None:
    """The work itself, in plain ASGI."""
    if scope["type"] == "lifespan":
        await _live(receive, send)
        return
    pieces: list[bytes] = []
    while True:
        message: HTTPReceiveMessage = await receive()
        pieces.append(message["body"])
        if not message["more_body"]:
            break
    body = _encode(Told(characters=len(_decode(b"".join(pieces)).prompt)))
    head = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": head})
    await send({"type": "http.response.body", "body": body, "more_body": False})


async def _live(receive: Receive, send: Send) -> None:
    while (await receive())["type"] != "lifespan.shutdown":
        await send({"type": "lifespan.startup.complete"})
    await send({"type": "lifespan.shutdown.complete"})


@asgi("/prompt", copy_scope=False)
async def mounted(scope: Scope, receive: Receive, send: Send) -> None:
    """Litestar's own way to plain ASGI: a mount, which knows no method."""
    await plain(scope, receive, send)


@post("/prompt", status_code=200)
async def typed(data: JSONBody[Asked]) -> Told:
    """The framework reads the body and writes the answer."""
    return Told(characters=len(data.prompt))


@post("/prompt", status_code=200, sync_to_thread=False)
def behind_route() -> ASGIApp:
    """A route without parameters: the framework finds it, and sends what it returns."""
    return plain


def app() -> ASGIApp:
    """The application of `STYLE`."""
    match os.environ["STYLE"]:
        case "raw":
            return plain
        case "asgi":
            return Litestar([mounted], openapi_config=None)
        case "typed":
            return Litestar([typed], openapi_config=None)
        case _:
            return Litestar([behind_route], openapi_config=None)
