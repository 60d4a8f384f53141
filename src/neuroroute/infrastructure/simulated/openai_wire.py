"""OpenAI's API as OpenAI and an LM-Studio-like server serve it.

Shapes: the recorded exchanges that the dialects are tested with. LM Studio's own way (an unknown path is a 200 that
carries an error): lmstudio-ai/lmstudio-bug-tracker#618.
"""

from typing import Final, final

import msgspec

from neuroroute.infrastructure.simulated.language import Language, Surface
from neuroroute.infrastructure.simulated.openai_chat import OpenAIChat
from neuroroute.infrastructure.simulated.openai_errors import error_body
from neuroroute.infrastructure.simulated.openai_responses import OpenAIResponses
from neuroroute.infrastructure.simulated.wire import Endpoint, Persona, Request, Unanswerable

MODELS: Final = {
    Persona.OPENAI: ("simulated-gpt", "gpt-4o", "gpt-4o-mini", "text-embedding-3-small"),
    Persona.LOCAL: ("simulated-local", "simulated-embedding"),
}
_PATHS: Final = {
    "/v1/chat/completions": Endpoint.COMPLETIONS,
    "/v1/responses": Endpoint.RESPONSES,
    "/v1/embeddings": Endpoint.EMBEDDINGS,
}


@final
class OpenAIWire(Language):
    """`persona` is OpenAI or the LM-Studio-like server."""

    def __init__(self, persona: Persona) -> None:
        self._persona: Final = persona
        self._models: Final = MODELS[persona]
        usual = self._models[0] if persona is Persona.LOCAL else None
        self._surfaces: Final[dict[Endpoint, Surface]] = {
            Endpoint.COMPLETIONS: OpenAIChat(persona, usual_model=usual),
            Endpoint.RESPONSES: OpenAIResponses(usual_model=usual),
        }

    def endpoint(self, request: Request) -> Endpoint:
        match request.method, request.path:
            case "POST", path:
                return _PATHS.get(path, Endpoint.UNKNOWN)
            case "GET", path if path == "/v1/models" or path.startswith("/v1/models/"):
                return Endpoint.MODELS
            case _:
                return Endpoint.UNKNOWN

    def surface(self, endpoint: Endpoint) -> Surface | None:
        return self._surfaces.get(endpoint)

    def key(self, request: Request) -> str:
        if self._persona is Persona.LOCAL:
            return ""
        return request.header("authorization").removeprefix("Bearer ")

    def error(self, request: Request, status: int, message: str, code: str | None) -> bytes:
        del request  # OpenAI names the request in a header alone.
        return error_body(self._persona, status, message, code)

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
            told = f"Unexpected endpoint or method. ({request.method} {request.path})"
            return 200, error_body(self._persona, 200, told, None)
        told = f"Invalid URL ({request.method} {request.path})"
        return 404, error_body(self._persona, 404, told, "unknown_url")

    def request_id(self, request: Request) -> tuple[str, str]:
        return "x-request-id", request.id
