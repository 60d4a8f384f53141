"""Anthropic's API as Anthropic serves it. Shapes: the recorded exchanges that the dialects are tested with."""

from typing import Final, final

import msgspec

from neuroroute.infrastructure.simulated.anthropic_errors import error_body
from neuroroute.infrastructure.simulated.anthropic_messages import AnthropicMessages
from neuroroute.infrastructure.simulated.language import Language, Surface
from neuroroute.infrastructure.simulated.wire import Endpoint, Request, Unanswerable

MODELS: Final = ("simulated-claude", "claude-3-sonnet-20240229")


@final
class AnthropicWire(Language):
    """`POST /v1/messages`, its token counter, and the models."""

    def __init__(self) -> None:
        self._surfaces: Final[dict[Endpoint, Surface]] = {
            Endpoint.COMPLETIONS: AnthropicMessages(to_count=False),
            Endpoint.COUNT_TOKENS: AnthropicMessages(to_count=True),
        }

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

    def surface(self, endpoint: Endpoint) -> Surface | None:
        return self._surfaces.get(endpoint)

    def key(self, request: Request) -> str:
        # Newer clients of Anthropic's send their key as a bearer.
        return request.header("x-api-key") or request.header("authorization").removeprefix("Bearer ")

    def error(self, request: Request, status: int, message: str, code: str | None) -> bytes:
        return error_body(request, status, message, code)

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
        return 404, error_body(request, 404, f"Not Found ({request.method} {request.path})", None)

    def request_id(self, request: Request) -> tuple[str, str]:
        return "request-id", request.id
