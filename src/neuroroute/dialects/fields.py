"""Reading the objects of a caller's request: what is wrong has a path, and so has what is not carried."""

import re
from collections.abc import Mapping, Sequence
from typing import Final, TypeVar

import msgspec

from neuroroute.dialects.caller_side import InvalidRequest

T = TypeVar("T")

IMAGE_TOKENS: Final = 5_000
"""More than most makers count for one image, which all of them scale down (Anthropic: 4,784 for the largest)."""
TOOLS_TOKENS: Final = 1_000
"""More than any maker's own words on how tools are called (Anthropic: 313 to 804)."""

_PLACE: Final = re.compile(r"(?P<what>.*?)(?: - at `\$(?P<place>.*)`)?", re.DOTALL)
_MISSING: Final = re.compile(r"Object missing required field `(?P<name>.*)`")
_MAX_TOLD: Final = 300
"""Characters of a message, which may repeat what the caller wrote."""
_DEFAULTS: Final[Mapping[str, object]] = {
    "caller": {"type": "direct"},
    "defer_loading": False,
    "detail": "auto",
    "frequency_penalty": 0,
    "logprobs": False,
    "modalities": ["text"],
    "n": 1,
    "prefix": False,
    "presence_penalty": 0,
    "service_tier": "auto",
    "store": False,
    "thinking": {"type": "disabled"},
    "top_logprobs": 0,
}
"""Fields that say nothing with these values: they are what the languages mean without them."""
_NOTHING: Final[tuple[object, ...]] = (None, [], {})
_encode = msgspec.json.Encoder().encode


def read(kind: type[T], value: object, path: str) -> T:
    """`value`, which is at `path` of the request, as a `kind`. Members that `kind` does not have are passed over.

    Raises:
        InvalidRequest: it is none.
    """
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        found = _PLACE.fullmatch(str(error))
        what, place = (found["what"], found["place"] or "") if found else (str(error), "")
        if missing := _MISSING.fullmatch(what):
            what, place = "Field required", f"{place}.{missing['name']}"
        raise invalid(what[:_MAX_TOLD], path + place) from error


def invalid(what: str, path: str) -> InvalidRequest:
    """`what` is wrong with the field at `path`, empty for the body itself. The path is told in words, too: not every
    language's errors have a place for it.
    """
    param = path.removeprefix(".")
    return InvalidRequest(f"{param}: {what}" if param else what, param=param or None)


def unread(fields: Mapping[str, object], known: set[str] | frozenset[str], path: str = "") -> Sequence[str]:
    """Paths of the members of `fields` that say something and are not `known`."""
    if fields.keys() <= known:
        return ()
    return [
        f"{path}.{name}" if path else name
        for name, value in fields.items()
        if name not in known and value not in _NOTHING and (name not in _DEFAULTS or value != _DEFAULTS[name])
    ]


def size_of(body: Mapping[str, object]) -> int:
    """Bytes of `body` as it would be sent on. What cannot be sent on is found here, before anything else is done.

    Raises:
        InvalidRequest: it holds half a character.
    """
    try:
        return len(_encode(body))
    except UnicodeEncodeError as error:
        raise InvalidRequest("The body holds half a surrogate pair, which is no text") from error


def most_tokens(size: int, *, images: int, image_characters: int, tools: bool) -> int:
    """An upper bound of the tokens of a body of `size` bytes, `image_characters` of them images. `tools`: whether any.

    A token is a byte at least, and JSON's own signs outnumber what makers put around each turn.
    """
    return size - image_characters + IMAGE_TOKENS * images + (TOOLS_TOKENS if tools else 0)
