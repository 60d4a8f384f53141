"""Failures in OpenAI's language: what providers say of theirs, and ours as they are told to callers."""

import msgspec
from msgspec import Raw, Struct

from neuroroute.dialects.caller_side import ApiError
from neuroroute.domain.errors import ProviderFailed, ProviderThrottled, ProviderUnavailable, ProviderWords

_MAX_MESSAGE = 2_000
"""Characters of a provider's message."""
_MAX_WORD = 200
"""Characters of its other words."""
_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
}
"""The types that the SDKs' users know (https://platform.openai.com/docs/guides/error-codes)."""
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, IndexError)


class _Error(Struct):
    message: object = None
    type: object = None
    code: object = None
    param: object = None


class _Body(Struct):
    error: Raw = Raw(b"null")
    message: object = None
    detail: object = None
    """FastAPI's word for it, and so of many servers at home."""
    type: object = None
    code: object = None
    param: object = None


class _Told(Struct):
    message: str
    type: str
    param: str | None
    code: str | None


class _Telling(Struct):
    error: _Told


_encode = msgspec.json.Encoder().encode
_decode_body = msgspec.json.Decoder(_Body | list[_Body]).decode
_decode_error = msgspec.json.Decoder(_Error | str | None).decode


def write_error(error: ApiError) -> bytes:
    """The body of a failed answer, or the data of the event that ends one."""
    kind = (
        error.type or _TYPES.get(error.status) or ("server_error" if error.status >= 500 else "invalid_request_error")
    )
    return _encode(_Telling(_Told(error.message, kind, error.param, error.code)))


def words(body: bytes) -> ProviderWords:
    """What the body of a failed answer says: OpenAI's object, and the shapes that compatible servers send instead.

    Nothing for any other. Never raises.
    """
    try:
        read = _decode_body(body)
        told = read if isinstance(read, _Body) else read[0]  # Google's are lists of one
        error = _decode_error(told.error)
    except _UNREADABLE:
        return ProviderWords()
    if isinstance(error, str):
        error = _Error(message=error)
    elif error is None:
        error = _Error(message=told.message or told.detail, type=told.type, code=told.code, param=told.param)
    return ProviderWords(
        type=_word(error.type, _MAX_WORD),
        code=_word(error.code, _MAX_WORD),
        param=_word(error.param, _MAX_WORD),
        message=_word(error.message, _MAX_MESSAGE),
    )


def _word(value: object, at_most: int) -> str | None:
    """A text, or a number as text; nothing else is a word."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value)[:at_most] or None


def failure_in(body: bytes) -> ProviderFailed:
    """The failure that an answer of status 200 tells of. Its message is left out: nobody looks for our key in it."""
    told = words(body)
    said = ProviderWords(type=told.type, code=told.code)
    if said.code in {"429", "rate_limit_exceeded"} or said.type == "rate_limit_error":
        return ProviderThrottled("The provider limits our rate, it says in its answer", words=said)
    return ProviderUnavailable("The provider reports an error in its answer", words=said)
