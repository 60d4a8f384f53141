"""Bodies of OpenAI's languages, as the OpenAPI document describes them: what is checked of a request, and no less."""

from typing import Annotated, Final, Literal

from msgspec import Meta, Raw, Struct

from neuroroute.dialects.embeddings import MAX_INPUTS
from neuroroute.dialects.openai import requests as chat
from neuroroute.dialects.responses import requests as responses
from neuroroute.interface.one_of import TEXT, Members, kind_or_none, kinds, maybe, member
from neuroroute.interface.router_options import RouterOptions
from neuroroute.interface.routes import ToldErrors

_Model = Annotated[
    str, Meta(min_length=1, description="A model's id, what its provider calls it, or `auto`, `auto:speed` and so on")
]
_Count = Annotated[int, Meta(ge=1, le=chat.MAX_TOKENS)]
_Temperature = Annotated[float, Meta(ge=0, le=2)]
_Share = Annotated[float, Meta(ge=0, le=1)]
_Object = dict[str, Raw]
_NAME: Final = {**TEXT, "minLength": 1, "maxLength": chat.MAX_TOOL_NAME}
_OBJECT: Final = {"type": "object"}
_OBJECTS: Final = {"type": "array", "items": _OBJECT}
_FLAG: Final = {"type": "boolean"}
_FUNCTION: Final = Members(
    {"name": _NAME}, {"description": maybe(TEXT), "parameters": maybe(_OBJECT), "strict": maybe(_FLAG)}
)
_TOOL: Final = kind_or_none("function", Members({"function": member(_FUNCTION.needed, _FUNCTION.other)}))
_CALLED: Final = member({"name": TEXT}, {"arguments": {"type": ["string", "object"]}})
_CALL: Final = kind_or_none("function", Members({"id": TEXT, "function": _CALLED}))
_CHOICE: Final = kinds({"function": Members({"function": member({"name": TEXT})})})
_FORM: Final = {"name": maybe(TEXT), "description": maybe(TEXT), "schema": maybe(_OBJECT), "strict": maybe(_FLAG)}
_FORMAT: Final = kinds({"json_schema": Members({"json_schema": member({}, _FORM)})})
_TEXT_FORM: Final = member({}, {"format": maybe(member({}, {"name": maybe(TEXT), "schema": maybe(_OBJECT)}))})
_IMAGE: Final = {"anyOf": [TEXT, member({"url": TEXT})]}
_PART: Final = kinds(
    {
        "text": Members({"text": TEXT}),
        "refusal": Members({"refusal": TEXT}),
        "image_url": Members({"image_url": _IMAGE}),
        "file": Members({}, {"file": member({}, {"file_data": maybe(TEXT), "filename": maybe(TEXT)})}),
    }
)
_CONTENT: Final = {"anyOf": [TEXT, {"type": "array", "items": _PART}, {"type": "null"}]}
_SAID: Final = {
    "content": _CONTENT,
    "refusal": maybe(TEXT),
    "tool_calls": maybe(_OBJECTS),
    "tool_call_id": maybe(TEXT),
}
_CALLS: Final = maybe({"type": "array", "items": _CALL})
_MESSAGE: Final = kinds(
    {
        "tool": Members({"tool_call_id": TEXT}, {name: said for name, said in _SAID.items() if name != "tool_call_id"}),
        "assistant": Members({}, {**_SAID, "tool_calls": _CALLS}),
        **{role: Members({}, _SAID) for role in ("system", "developer", "user")},
    },
    by="role",
    other=Members({}, {**_SAID, "content": {"anyOf": [TEXT, _OBJECTS, {"type": "null"}]}}),
)


class ChatRequest(Struct, frozen=True, kw_only=True):
    """A chat, as OpenAI's API reference has it. Other members are passed on to a provider that speaks this language."""

    model: _Model
    messages: Annotated[
        list[Annotated[_Object, Meta(extra_json_schema=_MESSAGE)]], Meta(min_length=1, max_length=chat.MAX_MESSAGES)
    ]
    max_tokens: _Count | None = None
    max_completion_tokens: _Count | None = None
    temperature: _Temperature | None = None
    top_p: _Share | None = None
    n: Annotated[int, Meta(ge=1, le=chat.MAX_CHOICES)] | None = None
    stop: str | Annotated[list[str], Meta(max_length=chat.MAX_STOPS)] | None = None
    stream: bool | None = None
    """Whether the answer comes as server-sent events."""
    stream_options: _Object | None = None
    """With `include_usage` true the usage is told in a chunk of its own."""
    tools: (
        Annotated[list[Annotated[_Object, Meta(extra_json_schema=_TOOL)]], Meta(max_length=chat.MAX_TOOLS)] | None
    ) = None
    tool_choice: Annotated[_Object, Meta(extra_json_schema=_CHOICE)] | str | None = None
    parallel_tool_calls: bool | None = None
    response_format: Annotated[_Object, Meta(extra_json_schema=_FORMAT)] | None = None
    logit_bias: Annotated[_Object, Meta(max_length=chat.MAX_BIASES)] | None = None
    functions: Annotated[list[_Object], Meta(max_length=chat.MAX_TOOLS)] | None = None
    user: str | None = None
    safety_identifier: str | None = None
    neuroroute: RouterOptions | None = None
    """What is said to the router; no provider is shown it."""


class ChatToPlan(ChatRequest, frozen=True, kw_only=True):
    """A chat that nobody is to answer yet."""

    model: _Model = "auto"


class PromptToPlan(Struct, frozen=True, kw_only=True):
    """The same for a single text."""

    prompt: str
    model: _Model = "auto"
    neuroroute: RouterOptions | None = None
    """What is said to the router."""


class ChatChoice(Struct, frozen=True, kw_only=True):
    """One of the answers."""

    index: int
    message: _Object
    finish_reason: str | None


class ChatCompletion(Struct, frozen=True, kw_only=True):
    """A whole answer; in a provider's own words where it speaks this language."""

    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[ChatChoice]


class ResponseRequest(Struct, frozen=True, kw_only=True):
    """A request of OpenAI's responses. All of it is passed on to a provider of OpenAI's language."""

    model: _Model
    input: str | Annotated[list[_Object], Meta(max_length=responses.MAX_ITEMS)] | None = None
    instructions: str | None = None
    stream: bool | None = None
    stream_options: _Object | None = None
    max_output_tokens: _Count | None = None
    temperature: _Temperature | None = None
    top_p: _Share | None = None
    tools: (
        Annotated[
            list[Annotated[_Object, Meta(extra_json_schema=kinds({"function": _FUNCTION}))]],
            Meta(max_length=responses.MAX_TOOLS),
        ]
        | None
    ) = None
    tool_choice: str | _Object | None = None
    parallel_tool_calls: bool | None = None
    text: Annotated[_Object, Meta(extra_json_schema=_TEXT_FORM)] | None = None
    reasoning: _Object | None = None
    metadata: _Object | None = None
    include: list[str] | None = None
    store: bool | None = None
    background: bool | None = None
    previous_response_id: str | None = None
    conversation: str | _Object | None = None
    prompt: _Object | None = None
    user: str | None = None
    neuroroute: RouterOptions | None = None
    """What is said to the router; no provider is shown it."""


class Response(Struct, frozen=True, kw_only=True):
    """A whole answer, in the provider's own words."""

    id: str
    object: Literal["response"]
    output: list[_Object]


class EmbeddingRequest(Struct, frozen=True, kw_only=True):
    """Texts, or their tokens, to be made into vectors."""

    model: _Model
    input: Annotated[
        str
        | Annotated[
            list[Raw],
            Meta(
                min_length=1,
                extra_json_schema={
                    "anyOf": [
                        {"items": TEXT, "maxItems": MAX_INPUTS},
                        {"items": {"type": "integer", "minimum": 0}},
                        {
                            "items": {"type": "array", "minItems": 1, "items": {"type": "integer", "minimum": 0}},
                            "maxItems": MAX_INPUTS,
                        },
                    ]
                },
            ),
        ],
        Meta(description="A text, texts, the tokens of a text, or those of several"),
    ]
    dimensions: Annotated[float, Meta(ge=1, le=1_000_000)] | None = None
    encoding_format: str | None = None
    user: str | None = None
    neuroroute: RouterOptions | None = None
    """What is said to the router; no provider is shown it."""


class Embedding(Struct, frozen=True, kw_only=True):
    """One vector."""

    index: int
    object: Literal["embedding"]
    embedding: list[float] | str
    """Base64 where `encoding_format` asks for it."""


class Embeddings(Struct, frozen=True, kw_only=True):
    """The vectors, in the order of the input."""

    object: Literal["list"]
    data: list[Embedding]
    model: str


class OpenAIErrorDetail(Struct, frozen=True, kw_only=True):
    """What happened, and what to do."""

    message: str
    type: str
    param: str | None
    """The field of the request that it is about."""
    code: str | None


class OpenAIError(Struct, frozen=True, kw_only=True):
    """A failure, as OpenAI tells it and its clients read it."""

    error: OpenAIErrorDetail


OPENAI: Final = ToldErrors(
    holds=OpenAIError, of_bodies=(400, 408, 413, 415), headers={"x-error-code": "What happened, in one word of ours"}
)
"""How failures are told to OpenAI's clients."""
