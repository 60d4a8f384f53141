"""Errors: those that providers tell, and those that callers are told."""

from collections.abc import Callable
from typing import Final

import msgspec
from msgspec import Raw, Struct

from neuroroute.dialects.caller_side import ApiError
from neuroroute.domain.errors import ProviderFailed, ProviderThrottled, ProviderUnavailable, ProviderWords

_MAX_MESSAGE: Final = 2_000
_MAX_WORD: Final = 128
_NULL: Final = Raw(b"null")
_TYPES: Final = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}
"""Anthropic's, for its statuses: other 4xx are requests at fault, other 5xx are `api_error`."""


class _Failed(Struct):
    """Of whatever shape: those who speak this language do not always when they fail."""

    error: Raw = _NULL
    message: object = None
    detail: object = None


class _Said(Struct):
    type: object = None
    code: object = None
    param: object = None
    message: object = None
    details: Raw = _NULL


class _Details(Struct):
    error_code: object = None


_decode_failed = msgspec.json.Decoder(_Failed).decode
_decode_said: Callable[[Raw], _Said | str | None] = msgspec.json.Decoder(_Said | str | None).decode
_decode_details = msgspec.json.Decoder(_Details).decode


def words_of(body: bytes) -> ProviderWords:
    """What the body of a failed answer says. Never raises."""
    try:
        failed = _decode_failed(body)
        said = _decode_said(failed.error)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ProviderWords()
    if not isinstance(said, _Said):
        return ProviderWords(message=_message(said or failed.message or failed.detail))
    return ProviderWords(
        type=_word(said.type),
        code=_word(said.code) or _code(said.details),
        param=_word(said.param),
        message=_message(said.message),
    )


def _code(details: Raw) -> str | None:
    try:
        return _word(_decode_details(details).error_code)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _word(said: object) -> str | None:
    return said[:_MAX_WORD] if isinstance(said, str) and said else None


def _message(said: object) -> str | None:
    return said[:_MAX_MESSAGE] if isinstance(said, str) and said else None


def failure_told(body: bytes) -> ProviderFailed:
    """The failure that an error inside a 200 speaks of. Its message is left out: nobody looks for our key in it."""
    said = words_of(body)
    words = ProviderWords(type=said.type, code=said.code)
    match words.type:
        case "rate_limit_error":
            return ProviderThrottled("The provider limits our rate, it says in its answer", words=words)
        case "overloaded_error":
            return ProviderUnavailable("The provider is overloaded, it says in its answer", status=529, words=words)
        case _:
            return ProviderUnavailable("The provider reports an error in its answer", words=words)


class _Error(Struct):
    type: str
    message: str


class _ErrorBody(Struct, tag="error"):
    error: _Error
    request_id: str


def write_error(error: ApiError) -> bytes:
    """One JSON object, in a stream as in a whole answer."""
    kind = error.type or _TYPES.get(error.status, "invalid_request_error" if error.status < 500 else "api_error")
    return msgspec.json.encode(_ErrorBody(_Error(kind, error.message), error.request_id))
