"""OpenAI's chat completions as OpenAI and an LM-Studio-like server speak them.

Shapes: the recorded exchanges that the dialects are tested with. LM Studio's own ways (an error is a bare string, an
unknown path is a 200 that carries one): lmstudio-ai/lmstudio-bug-tracker#618.
"""

import time
from typing import Annotated, Final, final

import msgspec
from msgspec import Meta, Raw, Struct, field

from neuroroute.infrastructure.simulated.wire import (
    Asked,
    Endpoint,
    Finish,
    Persona,
    Piece,
    Reply,
    Request,
    Stage,
    Unanswerable,
    WantedTool,
    Wire,
)

MODELS: Final = {
    Persona.OPENAI: ("simulated-gpt", "gpt-4o", "gpt-4o-mini"),
    Persona.LOCAL: ("simulated-local",),
}
_REASONS: Final = {
    Finish.NATURAL: "stop",
    Finish.LENGTH: "length",
    Finish.STOP_SEQUENCE: "stop",
    Finish.TOOL: "tool_calls",
}
_ERRORS: Final = {
    401: ("invalid_request_error", "invalid_api_key"),
    404: ("invalid_request_error", "model_not_found"),
    429: ("requests", "rate_limit_exceeded"),
}


class _Part(Struct):
    type: str = "text"
    text: str | None = None


class _Message(Struct):
    role: str
    content: str | list[_Part] | None = None

    @property
    def text(self) -> str:
        if isinstance(self.content, list):
            return "".join(part.text or "" for part in self.content)
        return self.content or ""


class _Function(Struct):
    name: str
    parameters: Raw = field(default_factory=lambda: Raw(b"{}"))


class _Tool(Struct):
    type: str = "function"
    function: _Function | None = None


class _Named(Struct):
    name: str


class _Choice(Struct):
    function: _Named | None = None


class _StreamOptions(Struct):
    include_usage: bool = False


class _Body(Struct):
    messages: Annotated[list[_Message], Meta(min_length=1)]
    model: str | None = None
    max_tokens: Annotated[int, Meta(ge=1)] | None = None
    max_completion_tokens: Annotated[int, Meta(ge=1)] | None = None
    stop: str | list[str] | None = None
    stream: bool | None = None
    stream_options: _StreamOptions | None = None
    tools: list[_Tool] | None = None
    tool_choice: str | _Choice | None = None
    n: int | None = None


@final
class OpenAIWire(Wire):
    """`persona` is OpenAI or the LM-Studio-like server."""

    def __init__(self, persona: Persona) -> None:
        self._persona: Final = persona
        self._models: Final = MODELS[persona]

    def endpoint(self, request: Request) -> Endpoint:
        match request.method, request.path:
            case "POST", "/v1/chat/completions":
                return Endpoint.COMPLETIONS
            case "GET", path if path == "/v1/models" or path.startswith("/v1/models/"):
                return Endpoint.MODELS
            case _:
                return Endpoint.UNKNOWN

    def key(self, request: Request) -> str:
        if self._persona is Persona.LOCAL:
            return ""
        return request.header("authorization").removeprefix("Bearer ")

    def asked(self, request: Request) -> Asked:
        try:
            body = msgspec.json.decode(request.body, type=_Body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as exc:
            raise Unanswerable(f"We could not read the request: {type(exc).__name__}: {exc}") from exc
        model = body.model or (self._models[0] if self._persona is Persona.LOCAL else None)
        if model is None:
            raise Unanswerable("you must provide a model parameter")
        if body.n not in {None, 1}:
            raise Unanswerable("the simulated providers give one choice: n must be 1")
        stops = (body.stop,) if isinstance(body.stop, str) else tuple(body.stop or ())
        return Asked(
            model=model,
            transcript=tuple((message.role, message.text) for message in body.messages),
            prompt=next((message.text for message in reversed(body.messages) if message.role == "user"), ""),
            max_tokens=body.max_completion_tokens or body.max_tokens,
            stops=tuple(filter(None, stops)),
            stream=bool(body.stream),
            include_usage=body.stream_options is not None and body.stream_options.include_usage,
            tool=_wanted(body),
        )

    def whole(self, reply: Reply, *, usage: bool, choices: bool) -> bytes:
        message: dict[str, object] = {"role": "assistant", "content": reply.text, "refusal": None}
        if reply.tool_call is not None:
            message |= {"content": None, "tool_calls": [_call(reply)]}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _REASONS[reply.finish]}
        body = self._head(reply, "chat.completion") | {"choices": [choice] if choices else []}
        if usage:
            body["usage"] = _usage(reply)
        return msgspec.json.encode(body)

    def events(self, reply: Reply, asked: Asked, *, usage: bool, choices: bool) -> list[Piece]:
        counts = usage and asked.include_usage
        head = self._head(reply, "chat.completion.chunk") | ({"usage": None} if counts else {})

        def chunk(delta: dict[str, object], finish: str | None = None) -> bytes:
            choice: dict[str, object] = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
            return _event(head | {"choices": [choice] if choices else []})

        pieces = [Piece(chunk({"role": "assistant", "content": "", "refusal": None}), Stage.OPENING)]
        if reply.tool_call is not None:
            call = {"index": 0} | _call(reply)
            pieces.append(Piece(chunk({"tool_calls": [call]}), Stage.CONTENT, reply.first_token))
        for place, token in enumerate(reply.tokens if choices else ()):
            at = reply.first_token + place * reply.per_token
            pieces.append(Piece(chunk({"content": token}), Stage.CONTENT, at))
        if choices:
            pieces.append(Piece(chunk({}, _REASONS[reply.finish]), Stage.FINISHING, reply.duration))
        if counts:
            nothing: list[object] = []
            last = _event(head | {"choices": nothing, "usage": _usage(reply)})
            pieces.append(Piece(last, Stage.FINISHING, reply.duration))
        pieces.append(Piece(b"data: [DONE]\n\n", Stage.TERMINATOR, reply.duration))
        return pieces

    def error(self, status: int, message: str, code: str | None) -> bytes:
        if self._persona is Persona.LOCAL:
            return msgspec.json.encode({"error": message})
        kind, usual = _ERRORS.get(status, ("server_error" if status >= 500 else "invalid_request_error", None))
        told = {"message": message, "type": code or kind, "param": None, "code": code or usual}
        return msgspec.json.encode({"error": told})

    def error_event(self, message: str, code: str | None) -> bytes:
        return b"data: " + self.error(500, message, code) + b"\n\n"

    def models(self, path: str, padding: str) -> bytes:
        owner = f"simulated{padding}"
        listed = [{"id": name, "object": "model", "created": 1_700_000_000, "owned_by": owner} for name in self._models]
        wanted = path.removeprefix("/v1/models").removeprefix("/")
        if not wanted:
            return msgspec.json.encode({"object": "list", "data": listed})
        for model in listed:
            if model["id"] == wanted:
                return msgspec.json.encode(model)
        raise Unanswerable("The model does not exist or you do not have access to it.", status=404)

    def unknown(self, request: Request) -> tuple[int, bytes]:
        if self._persona is Persona.LOCAL:
            return 200, self.error(200, f"Unexpected endpoint or method. ({request.method} {request.path})", None)
        return 404, self.error(404, f"Invalid URL ({request.method} {request.path})", "unknown_url")

    def counted(self, tokens: int) -> bytes:
        return msgspec.json.encode({"input_tokens": tokens})

    def request_id(self, unique: str) -> tuple[str, str]:
        return "x-request-id", f"req_{unique}"

    def _head(self, reply: Reply, kind: str) -> dict[str, object]:
        return {
            "id": f"chatcmpl-sim{reply.id}",
            "object": kind,
            "created": int(time.time()),
            "model": reply.model,
            "system_fingerprint": "simulated",
        }


def _wanted(body: _Body) -> WantedTool | None:
    functions = [tool.function for tool in body.tools or () if tool.function is not None]
    match body.tool_choice:
        case "required":
            wanted = functions[:1]
        case _Choice(function=_Named(name=name)):
            wanted = [function for function in functions if function.name == name]
        case _:
            return None
    if not wanted:
        raise Unanswerable("tool_choice asks for a tool that is not among tools")
    return WantedTool(wanted[0].name, wanted[0].parameters)


def _call(reply: Reply) -> dict[str, object]:
    call = reply.tool_call
    if call is None:
        return {}
    function = {"name": call.name, "arguments": call.arguments}
    return {"id": f"call_{call.id}", "type": "function", "function": function}


def _usage(reply: Reply) -> dict[str, int]:
    return {
        "prompt_tokens": reply.prompt_tokens,
        "completion_tokens": reply.completion_tokens,
        "total_tokens": reply.prompt_tokens + reply.completion_tokens,
    }


def _event(body: dict[str, object]) -> bytes:
    return b"data: " + msgspec.json.encode(body) + b"\n\n"
