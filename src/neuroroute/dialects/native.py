"""The earlier service's own language: what `POST /prompt` asks (CONTRACT.md 2)."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated

from msgspec import Meta, Struct

from neuroroute.dialects.lax import TEXT, AnyJson, Problem, Unreadable, flag, integer, number, one_of, text, texts
from neuroroute.domain.access import Caller
from neuroroute.domain.errors import PromptRejected, PromptTooLong
from neuroroute.domain.prompt import Message, Prompt, Role, Sampling
from neuroroute.domain.request import CacheUse, RoutingRequest
from neuroroute.domain.routing import Objective, Pin, Priority, Requirements

MIN_TIMEOUT, MAX_TIMEOUT = 0.1, 300.0
"""Seconds that a caller may ask a model to be waited for."""
DEFAULT_MAX_TOKENS = 4096
DEFAULT_TEMPERATURE = 0.7
"""What models are asked for where the caller says nothing (CONTRACT.md 2)."""
_MAX_CAPABILITIES = 100
_MAX_NAME = 1024
"""Characters of a text that names something; more would only fill logs and keys."""
_MOST = 1 << 53
"""Integers beyond are not exact in JSON."""


class InvalidPrompt(PromptRejected):
    """The body says something that its fields do not allow; `problems` tells each."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("; ".join(f"{'.'.join(map(str, p.loc))}: {p.msg}" for p in problems))
        self.problems = problems


_Text = Annotated[str, Meta(pattern=TEXT)]
_Name = Annotated[str, Meta(max_length=_MAX_NAME, pattern=TEXT)]
_Count = Annotated[
    int,
    Meta(ge=1, le=_MOST, extra_json_schema={"pattern": r"^\s*\+?0*[1-9][0-9]{0,14}(?:\.0*)?\s*$"}),
]
"""What the OpenAPI document says of fields; the readers below decide. A `pattern` of a number is that of its text."""


class Metadata(Struct, frozen=True, kw_only=True):
    """How the caller wants its prompt handled; null and left out are the same. Other members are passed over."""

    user_id: _Name | None = None
    priority: Priority | None = None
    max_tokens: _Count | None = None
    temperature: (
        Annotated[
            float, Meta(ge=0, le=1, extra_json_schema={"pattern": r"^(?:0+(?:\.[0-9]*)?|\.[0-9]+|0*1(?:\.0*)?)$"})
        ]
        | None
    ) = None
    model: _Name | None = None
    timeout: (
        Annotated[
            float,
            Meta(
                ge=MIN_TIMEOUT,
                le=MAX_TIMEOUT,
                extra_json_schema={
                    "pattern": r"^0*(?:\.[1-9][0-9]*|(?:[1-9][0-9]?|[12][0-9]{2})(?:\.[0-9]*)?|300(?:\.0*)?)$"
                },
            ),
        ]
        | None
    ) = None
    use_cache: bool | None = None
    request_id: _Name | None = None
    required_capabilities: Annotated[tuple[_Text, ...], Meta(max_length=_MAX_CAPABILITIES)] | None = None
    cache_ttl: _Count | None = None
    language: (
        Annotated[AnyJson, Meta(extra_json_schema={"description": "Any JSON: it tells cache entries apart"})] | None
    ) = None
    stream: bool | None = None
    system_prompt: _Text | None = None


class NativePrompt(Struct, frozen=True, kw_only=True):
    """A prompt and how to handle it. Other members are passed over."""

    prompt: Annotated[str, Meta(min_length=1, pattern=r"^[^\x00]*[^\s\x00\x1c-\x1f\x85][^\x00]*$")]
    metadata: Metadata = Metadata()


_name = partial(text, at_most=_MAX_NAME)

_FIELDS: Mapping[str, Callable[[object], object]] = {
    "user_id": _name,
    "priority": partial(one_of, allowed=Priority, names=tuple(Priority)),
    "max_tokens": partial(integer, at_least=1, at_most=_MOST),
    "temperature": partial(number, at_least=0.0, at_most=1.0),
    "model": _name,
    "timeout": partial(number, at_least=MIN_TIMEOUT, at_most=MAX_TIMEOUT),
    "use_cache": flag,
    "request_id": _name,
    "required_capabilities": partial(texts, at_most=_MAX_CAPABILITIES),
    "cache_ttl": partial(integer, at_least=1, at_most=_MOST),
    "language": lambda value: AnyJson(repr(value)),  # it only tells cache entries apart
    "stream": flag,
    "system_prompt": text,
}


def read_prompt(body: object, *, max_characters: int) -> NativePrompt:
    """What a decoded body says. Unknown members are passed over, as ever.

    Raises:
        InvalidPrompt: with one problem for each field that is wrong.
        PromptTooLong: the text has more than `max_characters`, the system's included.
    """
    if not isinstance(body, dict):
        kind = ("missing", "Field required") if body is None else ("model_attributes_type", "Input should be an object")
        raise InvalidPrompt((Problem(kind[0], ("body",), kind[1]),))
    members: dict[str, object] = body  # pyright: ignore[reportUnknownVariableType] - a JSON object
    problems: list[Problem] = []
    said = _read_text(members, problems)
    metadata = _read_metadata(members.get("metadata"), problems)
    if problems:
        raise InvalidPrompt(tuple(problems))
    characters = len(said) + len(metadata.system_prompt or "")
    if characters > max_characters:
        raise PromptTooLong(characters=characters, limit=max_characters)
    return NativePrompt(prompt=said, metadata=metadata)


def _read_text(members: dict[str, object], problems: list[Problem]) -> str:
    loc = ("body", "prompt")
    if "prompt" not in members:
        problems.append(Problem("missing", loc, "Field required"))
        return ""
    try:
        said = text(members["prompt"])
    except Unreadable as wrong:
        problems.append(Problem(wrong.kind, loc, wrong.message))
        return ""
    if not said:
        problems.append(Problem("string_too_short", loc, "String should have at least 1 character"))
    elif said.isspace():
        problems.append(Problem("value_error", loc, "Prompt cannot be empty"))
    return said


def _read_metadata(value: object, problems: list[Problem]) -> Metadata:
    if value is None:
        return Metadata()
    if not isinstance(value, dict):
        problems.append(Problem("model_attributes_type", ("body", "metadata"), "Input should be an object"))
        return Metadata()
    members: dict[str, object] = value  # pyright: ignore[reportUnknownVariableType] - a JSON object
    read: dict[str, object] = {}
    for name, said in members.items():
        reader = _FIELDS.get(name)
        if reader is None or said is None:
            continue
        try:
            read[name] = reader(said)
        except Unreadable as wrong:
            problems.append(Problem(wrong.kind, ("body", "metadata", name, *wrong.inner), wrong.message))
    return Metadata(**read)  # pyright: ignore[reportArgumentType] - each reader returns its field's type


def as_request(
    native: NativePrompt,
    *,
    request_id: str,
    caller: Caller,
    default_timeout: float,
    cached: bool,
    only: str | None = None,
) -> RoutingRequest:
    """The same, in the domain's words; `cached` is whether this installation has a response cache.

    `only` makes it a trial of that model: no other is asked, nothing is remembered.
    """
    meta = native.metadata
    return RoutingRequest(
        id=request_id,
        surface="prompt" if only is None else "test_model",
        caller=caller,
        prompt=_prompt(native),
        requirements=Requirements(
            model=meta.model, capabilities=meta.required_capabilities or (), max_tokens=meta.max_tokens
        )
        if only is None
        else Requirements(model=only, pin=Pin.ONLY),
        objective=Objective(priority=meta.priority if only is None else None),
        timeout=meta.timeout or default_timeout,
        cache=CacheUse(ttl=meta.cache_ttl, vary=(meta.user_id, None if meta.language is None else str(meta.language)))
        if cached and only is None and meta.use_cache is not False
        else None,
    )


def _prompt(native: NativePrompt) -> Prompt:
    meta = native.metadata
    user = Message(Role.USER, native.prompt)
    return Prompt(
        (Message(Role.SYSTEM, meta.system_prompt), user) if meta.system_prompt else (user,),
        Sampling(
            max_tokens=meta.max_tokens or DEFAULT_MAX_TOKENS,
            temperature=DEFAULT_TEMPERATURE if meta.temperature is None else meta.temperature,
        ),
        streamed=bool(meta.stream),
    )
