"""What a caller says to the router besides the prompt: the object `neuroroute` of the body, or headers."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Final, Literal, TypeAlias

import msgspec
from msgspec import Meta, Struct

from neuroroute.dialects.caller_side import InvalidRequest
from neuroroute.domain.errors import MAX_TOLD
from neuroroute.domain.model import Ability, NanoUsd
from neuroroute.domain.objective import BEST, CHEAPEST
from neuroroute.domain.routing import Priority

MOST_FALLBACKS: Final = 10
"""More may be named than are asked, for some may be out of order."""
FIELD: Final = "neuroroute"
"""Of the body; no provider is shown it."""
_HEADER: Final = b"x-neuroroute-"
_FORBIDDEN: Final = frozenset({"api_base", "base_url", "api_key", "extra_headers"})
"""Where a prompt goes and with whose key is said by whoever runs the service, never by who calls it."""
_LISTS: Final = frozenset({"abilities", "capabilities", "fallbacks"})

_Seconds: TypeAlias = Annotated[float, Meta(ge=0.1, le=3600)]
_Word: TypeAlias = Annotated[str, Meta(min_length=1, max_length=100)]


class CacheOption(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The response cache is used."""

    ttl: Annotated[float, Meta(ge=1, le=31_536_000)]
    """Seconds that it keeps the answer."""


class RouterOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What may be said to the router. Limits and abilities bind `auto` only: a model that is named is asked."""

    priority: Priority | None = None
    """What `auto` is to look for."""
    objective: Annotated[float, Meta(ge=CHEAPEST, le=BEST)] | None = None
    """The same as a number, from the cheapest, 0, to the best, 10; means the policy `learned`."""
    min_quality: Annotated[float, Meta(ge=0, le=1)] | None = None
    """The least probability of a good answer, as predicted; means the policy `learned`."""
    policy: Literal["learned", "rules"] | None = None
    """How `auto` chooses: by predictions, or by the earlier rules; else as the caller's key says, or as is usual."""
    abilities: frozenset[Ability] = frozenset()
    """What the model must take or give, beyond what the prompt shows to need."""
    capabilities: Annotated[tuple[_Word, ...], Meta(max_length=20)] = ()
    """What the model should be good at: words of /models/capabilities."""
    fallbacks: Annotated[tuple[_Word, ...], Meta(max_length=MOST_FALLBACKS)] = ()
    """Models that may take the place of the one that is named, in this order."""
    max_cost_usd: Annotated[float, Meta(ge=0, le=1e6)] | None = None
    """Of the whole answer, at the longest."""
    max_latency_ms: Annotated[float, Meta(ge=1, le=3_600_000, multiple_of=1)] | None = None
    """Until the whole answer is there: by what the model's answers took lately, before the first by its card."""
    cache: Literal["on", "off"] | CacheOption | None = None
    """Whether the response cache is used; it is not unless this says so."""
    timeout: _Seconds | None = None
    """Seconds for each model that is asked; of a stream, until its first event."""
    stall_timeout: _Seconds | None = None
    """Seconds for each silence of a stream; `timeout` if not said."""
    strict: bool = False
    """Refuse the request rather than leave out what the model's provider cannot be told."""

    @property
    def max_cost(self) -> NanoUsd | None:
        """As money; what is below a nano-dollar is cut off."""
        if self.max_cost_usd is None:
            return None
        return NanoUsd(int(Decimal(repr(self.max_cost_usd)) * 10**9))


_NOTHING: Final = RouterOptions()
_KNOWN: Final = RouterOptions.__struct_fields__


def take_options(body: dict[str, object], headers: Mapping[bytes, bytes]) -> RouterOptions:
    """The options of a request, which are taken out of its `body`. What that says wins over the same in a header.

    Raises:
        InvalidRequest: naming the option, and what is known.
    """
    if not _FORBIDDEN.isdisjoint(body):
        raise _forbidden(min(_FORBIDDEN & body.keys()))
    in_headers = [name for name in headers if name.startswith(_HEADER)]
    if FIELD not in body and not in_headers:
        return _NOTHING
    said = _in_headers({name: headers[name] for name in in_headers})
    own = body.pop(FIELD, None)
    if own is None:
        own = {}
    if not isinstance(own, dict):
        raise InvalidRequest(f"`{FIELD}` must be an object. {_help()}", param=FIELD)
    members: dict[str, object] = own  # pyright: ignore[reportUnknownVariableType] - any JSON
    if not _FORBIDDEN.isdisjoint(members):
        raise _forbidden(f"{FIELD}.{min(_FORBIDDEN & members.keys())}")
    for name in members:
        if name not in _KNOWN:
            told = name[:MAX_TOLD]
            raise InvalidRequest(f"`{FIELD}` has no option `{told}`. {_help()}", param=f"{FIELD}.{told}")
    return _options({**said, **members}, in_header=False)


def _in_headers(headers: Mapping[bytes, bytes]) -> dict[str, object]:
    """Those in headers, as the body would say them; lists are comma-separated there."""
    said: dict[str, object] = {}
    for header, value in headers.items():
        name = header[len(_HEADER) :].decode("latin-1").replace("-", "_")
        text = value.decode("latin-1").strip()
        if name not in _KNOWN:
            told = header.decode("latin-1")[:MAX_TOLD]
            raise InvalidRequest(f"There is no option `{told}`. {_help()}", param=told)
        if name in _LISTS:
            said[name] = [word.strip() for word in text.split(",") if word.strip()]
        elif text.lower() == "null":
            raise InvalidRequest(
                f"`null` is no value of a header: leave it out. {_help()}", param=header.decode("latin-1")
            )
        else:
            said[name] = text.lower() if name in {"strict", "cache"} else text
    read: dict[str, object] = msgspec.to_builtins(_options(said, in_header=True))
    return read


def _options(said: Mapping[str, object], *, in_header: bool) -> RouterOptions:
    try:
        return msgspec.convert(said, RouterOptions, strict=not in_header)
    except msgspec.ValidationError as error:
        what, _, rest = str(error).partition(" - at `$.")
        path = rest.removesuffix("`")
        name = re.split(r"[.\[]", path, maxsplit=1)[0]
        if what.startswith(
            "Invalid enum value"
        ):  # it would go on with the value, which may be a key in the wrong place
            what = "This is none of the values that it may have"
        param = f"x-neuroroute-{name.replace('_', '-')}" if in_header else f"{FIELD}.{path}"
        raise InvalidRequest(f"{what}. Allowed: {_ALLOWED.get(name, _help())}", param=param) from None


_ALLOWED: Final[Mapping[str, str]] = {
    "priority": ", ".join(Priority),
    "objective": "a number from 0, the cheapest, to 10, the best",
    "min_quality": "a number from 0 to 1",
    "policy": "learned, rules",
    "abilities": f"a list of {', '.join(Ability)}",
    "capabilities": "a list of at most 20 words of /models/capabilities",
    "fallbacks": f"a list of at most {MOST_FALLBACKS} models",
    "max_cost_usd": "a number of US dollars from 0 to 1000000",
    "max_latency_ms": "a whole number of milliseconds from 1 to 3600000",
    "cache": '"on", "off", or in the body {"ttl": seconds}',
    "timeout": "a number of seconds from 0.1 to 3600",
    "stall_timeout": "a number of seconds from 0.1 to 3600",
    "strict": "true or false",
}


def _forbidden(name: str) -> InvalidRequest:
    return InvalidRequest(f"`{name}` is not taken from callers: keys and addresses are in the catalogue", param=name)


def _help() -> str:
    return f"The options are {', '.join(_KNOWN)}"
