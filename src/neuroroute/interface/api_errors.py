"""Which status each failure is on `/v1`, told in the language of the caller."""

from collections.abc import Mapping
from typing import Final, final

import structlog
from litestar.exceptions import HTTPException

from neuroroute.dialects.caller_side import ApiError, CallerDialect, InvalidRequest
from neuroroute.dialects.strict_json import MalformedBody
from neuroroute.domain.errors import (
    AllCandidatesFailed,
    LanguageNotSpoken,
    ModelNotAllowed,
    NotCarried,
    NothingFits,
    OtherEmbeddingSpace,
    PromptRejected,
    PromptTooLong,
    ProviderFailed,
    ProviderThrottled,
    ProviderUnavailable,
    ProviderWords,
    UnknownModel,
)
from neuroroute.domain.model import Dialect, ModelCard
from neuroroute.interface.answer_headers import ANTHROPIC_SURFACES, anthropic_id
from neuroroute.interface.errors import Failure, failure_of, later
from neuroroute.interface.respond import Reply
from neuroroute.interface.visit import Visit

_KEPT: Final[Mapping[int, str]] = {
    400: "model_refused",
    403: "model_forbidden",
    404: "model_not_found",
    413: "model_refused",
    422: "model_refused",
    503: "model_unavailable",
    504: "request_timeout",
}
"""Statuses of a provider that the caller is answered with, and 429. A 401 is about our key, and would have the caller
look for a fault in its own.
"""
_TOLD_AS: Final[Mapping[int, int]] = {402: 403, **dict.fromkeys((409, 410, 415, 424, 451), 400)}
"""Others that trying again does not mend either."""
_OVERLOADED: Final = 529
"""What Anthropic answers when it is; its clients know it and others do not."""
_NO_WORDS: Final = ProviderWords()


def api_failure_of(error: Exception) -> Failure:  # noqa: PLR0911 - one table, a row a failure
    """The status table of `/v1`: that of every surface, but for what clients of these languages act on."""
    match error:
        case MalformedBody():
            code = "invalid_json" if error.encoded else "invalid_encoding"
            return Failure(status=400, code=code, detail=str(error))
        case UnknownModel():
            detail = f"{error}. GET /v1/models lists those that are; `auto` chooses among them"
            return Failure(status=404, code="model_not_found", detail=detail)
        case NotCarried():
            return Failure(status=400, code="unsupported_parameter", detail=str(error))
        case NothingFits():
            return Failure(status=400, code="no_model_fits", detail=str(error))
        case PromptTooLong():
            return failure_of(error)
        case PromptRejected():
            return Failure(status=400, code="invalid_request", detail=str(error))
        case AllCandidatesFailed():
            return _of_providers(error.failures)
        case ProviderFailed():
            return _of_providers((error,))
        case HTTPException() if error.status_code == 404:
            return Failure(status=404, code="not_found", detail="There is no such path: /openapi.json lists them")
        case _:
            return failure_of(error)


def _of_providers(failures: tuple[ProviderFailed, ...]) -> Failure:
    """What the first one says, who was asked for what the caller wants: of the others it may not even know."""
    first = failures[0]
    detail = str(first) if len(failures) == 1 else f"{first}. {len(failures) - 1} more failed after it"
    if isinstance(first, ProviderThrottled):
        throttled = [failure for failure in failures if isinstance(failure, ProviderThrottled)]
        said = [failure.retry_after for failure in throttled if failure.retry_after is not None]
        return Failure(status=429, code="model_throttled", detail=detail, headers=later(min(said)) if said else {})
    if isinstance(first, ProviderUnavailable) and first.timed_out:
        return Failure(status=504, code="request_timeout", detail=detail)
    waits: Mapping[str, str] = {}
    if isinstance(first, ProviderUnavailable) and first.retry_after:
        waits = later(first.retry_after)
    if first.status == _OVERLOADED or (first.words and first.words.type == "overloaded_error"):
        return Failure(status=_OVERLOADED, code="model_overloaded", detail=detail, headers=waits)
    status = _TOLD_AS.get(first.status or 0, first.status)
    if status in _KEPT:
        return Failure(status=status, code=_KEPT[status], detail=detail, headers=waits)
    return Failure(status=502, code="model_error", detail=detail, headers=waits)


@final
class ApiTeller:
    """Tells failures in one wire language."""

    def __init__(self, dialect: CallerDialect) -> None:
        self._dialect = dialect
        self._own = Dialect.ANTHROPIC if dialect.wire in ANTHROPIC_SURFACES else Dialect.OPENAI

    def __call__(self, visit: Visit, error: Exception) -> Reply:
        """The answer to a request that failed."""
        return self.reply(visit, error, spoken=None)

    def reply(self, visit: Visit, error: Exception, *, spoken: Dialect | None) -> Reply:
        """The same, where it is known what language the first provider spoke that failed."""
        failure = api_failure_of(error)
        if failure.code == "internal_error":
            structlog.get_logger().error("unhandled_error", request_id=visit.request_id, exc_info=error)
        told = self._told(failure, error, visit.request_id, spoken=spoken)
        headers = [(name.lower().encode(), value.encode()) for name, value in failure.headers.items()]
        if self._own is Dialect.ANTHROPIC:
            headers.append(anthropic_id(visit.request_id))
        body = self._dialect.write_error(told)
        return Reply(told.status, body, headers=[*headers, (b"x-error-code", failure.code.encode())])

    def event(self, error: Exception, request_id: str, *, spoken: Dialect | None, cut: ModelCard | None) -> ApiError:
        """A failure after the head of a stream went out.

        `cut` is the model that stopped in the middle of its answer, if one had begun: of what its provider says only
        the kind is told then.
        """
        if cut is None:
            return self._told(api_failure_of(error), error, request_id, spoken=spoken)
        told = self._told(api_failure_of(error), error, request_id, spoken=cut.dialect)
        message = f"{cut.id} stopped in the middle of its answer. {error}"
        return ApiError(status=told.status, message=message, code=told.code, type=told.type, request_id=request_id)

    def _told(self, failure: Failure, error: Exception, request_id: str, *, spoken: Dialect | None) -> ApiError:
        status = failure.status
        words = _words_of(error) if status in _KEPT or status == 429 else _NO_WORDS
        if status == _OVERLOADED and self._own is not Dialect.ANTHROPIC:
            status = 503
        return ApiError(
            status=status,
            message=words.message or _text(failure),
            code=words.code or failure.code,
            type=words.type if spoken is self._own else None,
            param=words.param or _param_of(error),
            request_id=request_id,
        )


def _text(failure: Failure) -> str:
    detail = failure.detail
    return detail if isinstance(detail, str) else "; ".join([problem.msg for problem in detail])


def _words_of(error: Exception) -> ProviderWords:
    """What the provider says that the failure is about, as far as the caller may read it."""
    first = error.failures[0] if isinstance(error, AllCandidatesFailed) else error
    return (first.words if isinstance(first, ProviderFailed) else None) or _NO_WORDS


def _param_of(error: Exception) -> str | None:
    match error:
        case InvalidRequest():
            return error.param
        case NotCarried():
            return error.fields[0]
        case UnknownModel() | ModelNotAllowed() | LanguageNotSpoken():
            return "model"
        case OtherEmbeddingSpace():
            return "neuroroute.fallbacks"
        case _:
            return None
