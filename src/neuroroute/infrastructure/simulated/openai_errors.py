"""Errors as OpenAI and an LM-Studio-like server tell them.

LM Studio's own way (an error is a bare string): lmstudio-ai/lmstudio-bug-tracker#618.
"""

from typing import Final

import msgspec

from neuroroute.infrastructure.simulated.wire import Persona

_ERRORS: Final = {
    401: ("invalid_request_error", "invalid_api_key"),
    404: ("invalid_request_error", "model_not_found"),
    429: ("requests", "rate_limit_exceeded"),
}


def error_body(persona: Persona, status: int, message: str, code: str | None) -> bytes:
    """`code` replaces the provider's word for the status."""
    if persona is Persona.LOCAL:
        return msgspec.json.encode({"error": message})
    kind, usual = _ERRORS.get(status, ("server_error" if status >= 500 else "invalid_request_error", None))
    told = {"message": message, "type": code or kind, "param": None, "code": code or usual}
    return msgspec.json.encode({"error": told})
