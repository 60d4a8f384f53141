"""Which HTTP status each failure is, and how it is told in the earlier service's shape."""

import math
from collections.abc import Callable, Mapping
from typing import TypeAlias

import structlog
from litestar import Request, Response
from litestar.datastructures import State
from litestar.exceptions import HTTPException, MethodNotAllowedException
from msgspec import Struct

from neuroroute.dialects.lax import Problem
from neuroroute.dialects.native import InvalidPrompt
from neuroroute.dialects.native_answers import write_error
from neuroroute.dialects.strict_json import MalformedBody
from neuroroute.domain.access import Caller
from neuroroute.domain.errors import (
    AllCandidatesFailed,
    CallerForbidden,
    CallerRefused,
    CallerThrottled,
    ModelNotAllowed,
    NameTaken,
    NoEligibleModel,
    NotStored,
    PromptRejected,
    PromptTooLong,
    ProviderFailed,
    ProviderThrottled,
    ProviderUnavailable,
    StateUnavailable,
    UnknownModel,
)
from neuroroute.interface.respond import Reply
from neuroroute.interface.visit import Visit


class HttpRefusal(Exception):
    """A request that is refused for how it comes, before anybody reads what it says."""

    def __init__(self, status: int, code: str, detail: str | tuple[Problem, ...]) -> None:
        super().__init__(str(detail))
        self.status = status
        self.code = code
        self.detail = detail


class Failure(Struct, frozen=True, kw_only=True):
    """What the caller is told."""

    status: int
    code: str
    detail: str | tuple[Problem, ...]
    headers: Mapping[str, str] = {}


def failure_of(error: Exception) -> Failure:  # noqa: C901, PLR0911, PLR0912 - one table, a row a failure
    """The one status table. What is not in it is a fault of ours, told without its text."""
    match error:
        case HttpRefusal():
            return Failure(status=error.status, code=error.code, detail=error.detail)
        case InvalidPrompt():
            return Failure(status=422, code="validation_error", detail=error.problems)
        case MalformedBody():
            return _malformed(error)
        case PromptTooLong():
            detail = f"{error} (API__MAX_PROMPT_LENGTH)"
            return Failure(status=413, code="prompt_too_long", detail=detail)
        case UnknownModel():
            return Failure(status=404, code="model_not_found", detail=str(error))
        case PromptRejected():
            return Failure(status=400, code="invalid_request", detail=str(error))
        case ModelNotAllowed():
            return Failure(status=403, code="model_not_allowed", detail=str(error))
        case CallerForbidden():
            return Failure(status=403, code="forbidden", detail=str(error))
        case CallerThrottled():
            return Failure(status=429, code="rate_limit_exceeded", detail=str(error), headers=later(error.retry_after))
        case CallerRefused():
            headers = {"www-authenticate": 'Bearer realm="neuroroute"'}
            return Failure(status=401, code="unauthorized", detail=str(error), headers=headers)
        case StateUnavailable():
            return Failure(status=503, code="state_unavailable", detail=str(error), headers=later(error.retry_after))
        case NotStored():
            return Failure(status=404, code="not_found", detail=str(error))
        case NameTaken():
            return Failure(status=409, code="name_taken", detail=str(error))
        case NoEligibleModel():
            return Failure(status=503, code="model_unavailable", detail=str(error), headers={"retry-after": "10"})
        case AllCandidatesFailed():
            return _all_failed(error.failures, str(error))
        case ProviderFailed():
            return _all_failed((error,), str(error))
        case HTTPException():
            return _of_framework(error)
        case _:
            return Failure(status=500, code="internal_error", detail="Internal server error")


def later(seconds: float) -> Mapping[str, str]:
    """The header that says after how many seconds to try again."""
    return {"retry-after": str(max(1, math.ceil(seconds)))}


def _malformed(error: MalformedBody) -> Failure:
    if not error.encoded:
        return Failure(status=400, code="invalid_encoding", detail=str(error))
    problem = Problem("json_invalid", ("body", error.offset), str(error))
    return Failure(status=422, code="validation_error", detail=(problem,))


def _all_failed(failures: tuple[ProviderFailed, ...], text: str) -> Failure:
    """504 when the first model that was asked took too long, 429 when all limit our rate, else 502."""
    detail = f"Error: {text}"
    first = failures[0]
    if isinstance(first, ProviderUnavailable) and first.timed_out:
        return Failure(status=504, code="request_timeout", detail=detail)
    throttled = [failure for failure in failures if isinstance(failure, ProviderThrottled)]
    if len(throttled) == len(failures):
        waits = [failure.retry_after for failure in throttled if failure.retry_after is not None]
        headers = {"retry-after": str(math.ceil(min(waits)))} if waits else {}
        return Failure(status=429, code="model_throttled", detail=detail, headers=headers)
    return Failure(status=502, code="model_error", detail=detail)


def _of_framework(error: HTTPException) -> Failure:
    match error.status_code:
        case 404:
            return Failure(status=404, code="not_found", detail="Not Found")
        case 405:
            allowed = dict(error.headers or {}) if isinstance(error, MethodNotAllowedException) else {}
            return Failure(status=405, code="method_not_allowed", detail="Method Not Allowed", headers=allowed)
        case status if status < 500:
            return Failure(status=status, code="bad_request", detail=error.detail)
        case status:
            return Failure(status=status, code="internal_error", detail="Internal server error")


Tell: TypeAlias = Callable[[Visit, Exception], Reply]
"""The answer to a request that failed."""


def told(visit: Visit, error: Exception) -> Reply:
    """The answer to a request that failed."""
    failure = failure_of(error)
    if failure.code == "internal_error":
        structlog.get_logger().error("unhandled_error", request_id=visit.request_id, exc_info=error)
    body = write_error(failure.detail, code=failure.code, request_id=visit.request_id)
    headers = [(name.lower().encode(), value.encode()) for name, value in failure.headers.items()]
    return Reply(failure.status, body, headers=[*headers, (b"x-error-code", failure.code.encode())])


def tell(
    request: Request[Caller, None, State], error: Exception, *, tellers: Mapping[str, Tell] = {}
) -> Response[bytes]:
    """The same, for failures of the framework's own: no such route, no such method.

    `tellers` tell of them in another shape, by how the path begins; the first of several.
    """
    path = request.scope["path"]
    teller = next((teller for beginning, teller in tellers.items() if path.startswith(beginning)), told)
    reply = teller(Visit.of(request.scope), error)
    headers = {name.decode(): value.decode() for name, value in reply.headers}
    return Response(reply.body, status_code=reply.status, media_type="application/json", headers=headers)
