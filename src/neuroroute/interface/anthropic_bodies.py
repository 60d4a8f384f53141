"""Bodies of Anthropic's language, as the OpenAPI document describes them: what is checked of a request, and no less."""

from typing import Annotated, Final, Literal

from msgspec import Meta, Raw, Struct

from neuroroute.dialects.anthropic.requests import MAX_HEADER, MAX_MESSAGES, MAX_STOPS, MAX_TOKENS
from neuroroute.dialects.anthropic.requests import MAX_TOOLS as MOST_TOOLS
from neuroroute.dialects.anthropic.tools import MAX_TOOL_NAME
from neuroroute.interface.one_of import TEXT, Members, kinds, maybe, member
from neuroroute.interface.router_options import RouterOptions
from neuroroute.interface.routes import Parameter, ToldErrors

_Object = dict[str, Raw]
_OBJECT: Final = {"type": "object"}
_OBJECTS: Final = {"type": "array", "items": _OBJECT}
_FLAG: Final = {"type": "boolean"}
_SOURCE: Final = member({"type": TEXT}, {"media_type": maybe(TEXT), "data": maybe(TEXT), "url": maybe(TEXT)})
_MEDIA: Final = {
    "text": Members({"text": TEXT}),
    "image": Members({"source": _SOURCE}),
    "document": Members({"source": _SOURCE}, {"title": maybe(TEXT)}),
}
_MEDIUM: Final = kinds(_MEDIA, other=Members())
_RESULT: Final = {"anyOf": [TEXT, {"type": "array", "items": _MEDIUM}, {"type": "null"}]}
_BLOCK: Final = kinds(
    {
        **_MEDIA,
        "tool_use": Members({"id": TEXT, "name": TEXT, "input": _OBJECT}),
        "tool_result": Members({"tool_use_id": TEXT}, {"content": _RESULT, "is_error": maybe(_FLAG)}),
    },
    other=Members(),
)
_TURN: Final = kinds(
    {
        **{
            role: Members({"content": {"anyOf": [TEXT, {"type": "array", "items": _BLOCK}]}})
            for role in ("user", "assistant")
        },
        "system": Members({"content": {"anyOf": [TEXT, {"type": "array", "items": _MEDIUM}]}}),
    },
    by="role",
    other=Members({"content": {"anyOf": [TEXT, _OBJECTS]}}),
)
_NAME: Final = {**TEXT, "minLength": 1, "maxLength": MAX_TOOL_NAME}
_TOOL: Final = {
    "anyOf": [
        member({"name": _NAME, "input_schema": _OBJECT}, {"description": maybe(TEXT), "strict": maybe(_FLAG)}),
        {
            **member({"type": {**TEXT, "not": {"const": "custom"}}}, {"name": maybe(_NAME)}),
            "not": {"required": ["input_schema"]},
        },
    ]
}
_CHOICE: Final = member({"type": TEXT}, {"name": maybe(TEXT), "disable_parallel_tool_use": maybe(_FLAG)})
_OUTPUT: Final = member({}, {"format": maybe(member({"type": TEXT}, {"schema": maybe(_OBJECT)}))})


class CountRequest(Struct, frozen=True, kw_only=True):
    """What a message would have a model read."""

    model: Annotated[
        str,
        Meta(min_length=1, description="A model's id, what its provider calls it, or `auto`, `auto:speed` and so on"),
    ]
    messages: Annotated[
        list[Annotated[_Object, Meta(extra_json_schema=_TURN)]], Meta(min_length=1, max_length=MAX_MESSAGES)
    ]
    system: str | list[Annotated[_Object, Meta(extra_json_schema=_MEDIUM)]] | None = None
    stop_sequences: Annotated[list[str], Meta(max_length=MAX_STOPS)] | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    metadata: Annotated[_Object, Meta(extra_json_schema=member({}, {"user_id": maybe(TEXT)}))] | None = None
    stream: bool | None = None
    """Whether the answer comes as server-sent events."""
    tools: Annotated[list[Annotated[_Object, Meta(extra_json_schema=_TOOL)]], Meta(max_length=MOST_TOOLS)] | None = None
    tool_choice: Annotated[_Object, Meta(extra_json_schema=_CHOICE)] | None = None
    output_config: Annotated[_Object, Meta(extra_json_schema=_OUTPUT)] | None = None
    neuroroute: RouterOptions | None = None
    """What is said to the router; no provider is shown it."""


class MessageRequest(CountRequest, frozen=True, kw_only=True):
    """A message, as Anthropic's API reference has it. Other members are passed on to a provider of this language."""

    max_tokens: Annotated[int, Meta(ge=0, le=MAX_TOKENS)]
    """With 0 the prompt is read into the provider's cache, and nothing is written."""


class AnthropicMessage(Struct, frozen=True, kw_only=True):
    """A whole answer; in a provider's own words where it speaks this language."""

    id: str
    type: Literal["message"]
    role: Literal["assistant"]
    model: str
    content: list[_Object]
    """Blocks: text, thinking, calls of tools."""
    stop_reason: str | None
    usage: _Object


class AnthropicErrorDetail(Struct, frozen=True, kw_only=True):
    """What happened, and what to do."""

    type: str
    message: str


class AnthropicError(Struct, frozen=True, kw_only=True):
    """A failure, as Anthropic tells it and its clients read it."""

    type: Literal["error"]
    error: AnthropicErrorDetail
    request_id: str


def anthropic_headers() -> list[Parameter]:
    """Those that go on to a provider of this language."""
    schema = {"type": "string", "maxLength": MAX_HEADER, "pattern": "^[ -~]*$"}
    return [
        Parameter(name="anthropic-version", place="header", schema=schema, summary="Of the language: `2023-06-01`"),
        Parameter(name="anthropic-beta", place="header", schema=schema, summary="What else of it is asked for"),
    ]


REQUEST_ID: Final = {"request-id": "The same as `x-request-id`, where Anthropic's clients look for it"}
ANTHROPIC: Final = ToldErrors(
    holds=AnthropicError,
    of_bodies=(400, 408, 413, 415),
    headers={"x-error-code": "What happened, in one word of ours", **REQUEST_ID},
)
"""How failures are told to Anthropic's clients."""
