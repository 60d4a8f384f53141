"""Anthropic's messages as Anthropic speaks them. Shapes: the recorded exchanges that the dialects are tested with."""

from typing import Annotated, Final, final

import msgspec
from msgspec import Meta, Raw, Struct, field

from neuroroute.infrastructure.simulated.wire import (
    Asked,
    Endpoint,
    Finish,
    Piece,
    Reply,
    Request,
    Stage,
    Unanswerable,
    WantedTool,
    Wire,
)

MODELS: Final = ("simulated-claude", "claude-3-sonnet-20240229")
_REASONS: Final = {
    Finish.NATURAL: "end_turn",
    Finish.LENGTH: "max_tokens",
    Finish.STOP_SEQUENCE: "stop_sequence",
    Finish.TOOL: "tool_use",
}
# platform.claude.com/docs/en/api/errors
_ERRORS: Final = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}


class _Part(Struct):
    type: str = "text"
    text: str | None = None


def _text(content: str | list[_Part] | None) -> str:
    if isinstance(content, list):
        return "".join(part.text or "" for part in content)
    return content or ""


class _Message(Struct):
    role: str
    content: str | list[_Part]


class _Tool(Struct):
    name: str
    input_schema: Raw = field(default_factory=lambda: Raw(b"{}"))


class _Choice(Struct):
    type: str
    name: str | None = None


class _Body(Struct):
    model: str
    messages: Annotated[list[_Message], Meta(min_length=1)]
    max_tokens: Annotated[int, Meta(ge=1)] | None = None
    system: str | list[_Part] | None = None
    stop_sequences: list[str] | None = None
    stream: bool | None = None
    tools: list[_Tool] | None = None
    tool_choice: _Choice | None = None


@final
class AnthropicWire(Wire):
    """`POST /v1/messages`, its token counter, and the models."""

    def endpoint(self, request: Request) -> Endpoint:
        match request.method, request.path:
            case "POST", "/v1/messages":
                return Endpoint.COMPLETIONS
            case "POST", "/v1/messages/count_tokens":
                return Endpoint.COUNT_TOKENS
            case "GET", path if path == "/v1/models" or path.startswith("/v1/models/"):
                return Endpoint.MODELS
            case _:
                return Endpoint.UNKNOWN

    def key(self, request: Request) -> str:
        return request.header("x-api-key")

    def asked(self, request: Request) -> Asked:
        try:
            body = msgspec.json.decode(request.body, type=_Body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as exc:
            raise Unanswerable(f"The request could not be read: {type(exc).__name__}: {exc}") from exc
        if body.max_tokens is None and self.endpoint(request) is Endpoint.COMPLETIONS:
            raise Unanswerable("max_tokens: Field required")
        told = [("system", _text(body.system))] if body.system else []
        said = [(message.role, _text(message.content)) for message in body.messages]
        return Asked(
            model=body.model,
            transcript=(*told, *said),
            prompt=next((text for role, text in reversed(said) if role == "user"), ""),
            max_tokens=body.max_tokens,
            stops=tuple(filter(None, body.stop_sequences or ())),
            stream=bool(body.stream),
            include_usage=True,
            tool=_wanted(body),
        )

    def whole(self, reply: Reply, *, usage: bool, choices: bool) -> bytes:
        if reply.tool_call is not None:
            block = _block(reply) | {"input": Raw(reply.tool_call.arguments.encode())}
        else:
            block = {"type": "text", "text": reply.text}
        body = _message(reply) | {
            "content": [block] if choices else [],
            "stop_reason": _REASONS[reply.finish],
            "stop_sequence": reply.stop_sequence,
        }
        if usage:
            body["usage"] = {"input_tokens": reply.prompt_tokens, "output_tokens": reply.completion_tokens}
        return msgspec.json.encode(body)

    def events(self, reply: Reply, asked: Asked, *, usage: bool, choices: bool) -> list[Piece]:
        del asked  # Anthropic tells the usage without being asked.
        begun = _message(reply)
        ended: dict[str, object] = {
            "type": "message_delta",
            "delta": {"stop_reason": _REASONS[reply.finish], "stop_sequence": reply.stop_sequence},
        }
        if usage:
            begun["usage"] = {"input_tokens": reply.prompt_tokens, "output_tokens": 1}
            ended["usage"] = {"output_tokens": reply.completion_tokens}
        pieces = [Piece(_event({"type": "message_start", "message": begun}), Stage.OPENING)]
        if choices:
            pieces.extend(_content(reply))
        pieces += [
            Piece(_event(ended), Stage.FINISHING, reply.duration),
            Piece(_event({"type": "message_stop"}), Stage.TERMINATOR, reply.duration),
        ]
        return pieces

    def error(self, status: int, message: str, code: str | None) -> bytes:
        kind = _ERRORS.get(status, "api_error" if status >= 500 else "invalid_request_error")
        return msgspec.json.encode({"type": "error", "error": {"type": code or kind, "message": message}})

    def error_event(self, message: str, code: str | None) -> bytes:
        return b"event: error\ndata: " + self.error(529, message, code) + b"\n\n"

    def models(self, path: str, padding: str) -> bytes:
        shown = f"Simulated{padding}"
        created = "2024-02-29T00:00:00Z"
        listed = [{"type": "model", "id": name, "display_name": shown, "created_at": created} for name in MODELS]
        wanted = path.removeprefix("/v1/models").removeprefix("/")
        if not wanted:
            page = {"data": listed, "has_more": False, "first_id": MODELS[0], "last_id": MODELS[-1]}
            return msgspec.json.encode(page)
        for model in listed:
            if model["id"] == wanted:
                return msgspec.json.encode(model)
        raise Unanswerable("model not found", status=404)

    def unknown(self, request: Request) -> tuple[int, bytes]:
        return 404, self.error(404, f"Not Found ({request.method} {request.path})", None)

    def counted(self, tokens: int) -> bytes:
        return msgspec.json.encode({"input_tokens": tokens})

    def request_id(self, unique: str) -> tuple[str, str]:
        return "request-id", f"req_{unique}"


def _wanted(body: _Body) -> WantedTool | None:
    tools = body.tools or []
    match body.tool_choice:
        case _Choice(type="any"):
            wanted = tools[:1]
        case _Choice(type="tool", name=name):
            wanted = [tool for tool in tools if tool.name == name]
        case _:
            return None
    if not wanted:
        raise Unanswerable("tool_choice: asks for a tool that is not among tools")
    return WantedTool(wanted[0].name, wanted[0].input_schema)


def _message(reply: Reply) -> dict[str, object]:
    return {
        "id": f"msg_sim{reply.id}",
        "type": "message",
        "role": "assistant",
        "model": reply.model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
    }


def _content(reply: Reply) -> list[Piece]:
    call = reply.tool_call
    if call is not None:
        block, parts, kind = _block(reply), (call.arguments,), ("input_json_delta", "partial_json")
    else:
        block, parts, kind = {"type": "text", "text": ""}, reply.tokens, ("text_delta", "text")
    start = _event({"type": "content_block_start", "index": 0, "content_block": block})
    pieces = [Piece(start, Stage.OPENING), Piece(_event({"type": "ping"}), Stage.OPENING)]
    for place, part in enumerate(parts):
        delta = {"type": kind[0], kind[1]: part}
        event = _event({"type": "content_block_delta", "index": 0, "delta": delta})
        pieces.append(Piece(event, Stage.CONTENT, reply.first_token + place * reply.per_token))
    stop = _event({"type": "content_block_stop", "index": 0})
    return [*pieces, Piece(stop, Stage.FINISHING, reply.duration)]


def _block(reply: Reply) -> dict[str, object]:
    call = reply.tool_call
    return {} if call is None else {"type": "tool_use", "id": f"toolu_{call.id}", "name": call.name, "input": {}}


def _event(body: dict[str, object]) -> bytes:
    return f"event: {body['type']}\ndata: ".encode() + msgspec.json.encode(body) + b"\n\n"
