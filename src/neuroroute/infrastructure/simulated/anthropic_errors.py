"""Errors as Anthropic tells them: platform.claude.com/docs/en/api/errors."""

from typing import Final

import msgspec

from neuroroute.infrastructure.simulated.wire import Request

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


def error_body(request: Request, status: int, message: str, code: str | None) -> bytes:
    """`code` replaces the provider's word for the status."""
    kind = _ERRORS.get(status, "api_error" if status >= 500 else "invalid_request_error")
    told = {"type": code or kind, "message": message}
    return msgspec.json.encode({"type": "error", "error": told, "request_id": request.id})
