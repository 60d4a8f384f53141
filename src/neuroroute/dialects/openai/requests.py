"""What a caller asks in OpenAI's chat language, read."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Final, TypeAlias

from msgspec import Meta, Struct

from neuroroute.dialects.caller_side import Asked
from neuroroute.dialects.fields import invalid, most_tokens, read, size_of, unread
from neuroroute.dialects.openai.messages import MessageReader, SaidMessage
from neuroroute.domain.model import Ability, Wire
from neuroroute.domain.prompt import JsonFormat, Prompt, Sampling, Tool, ToolChoice, ToolUse, Wording

MAX_MESSAGES: Final = 10_000
MAX_TOOLS: Final = 1_000
MAX_TOOL_NAME: Final = 256
MAX_STOPS: Final = 64
MAX_CHOICES: Final = 128
MAX_BIASES: Final = 10_000
MAX_TOKENS: Final = 1_000_000_000

_Object: TypeAlias = dict[str, object]
_Count = Annotated[float, Meta(ge=1, le=MAX_TOKENS)]
"""A float, since JSON's 1.0 is 1."""
_USES: Final = {"auto": ToolUse.AUTO, "none": ToolUse.NONE, "required": ToolUse.REQUIRED, "any": ToolUse.REQUIRED}
"""`any` is Mistral's."""
_FUNCTION: Final = {"name", "description", "parameters", "strict"}
_TYPED: Final = {"type", "function"}
_NAMED: Final = {"name"}
_FORMAT: Final = {"type", "json_schema"}
_SCHEMA: Final = {"name", "description", "schema", "strict"}


class _Request(Struct):
    model: Annotated[str, Meta(min_length=1)]
    messages: Annotated[list[SaidMessage], Meta(min_length=1, max_length=MAX_MESSAGES)]
    max_tokens: _Count | None = None
    max_completion_tokens: _Count | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    stop: str | Annotated[list[str], Meta(max_length=MAX_STOPS)] | None = None
    stream: bool | None = None
    stream_options: _Object | None = None
    tools: Annotated[list[_Object], Meta(max_length=MAX_TOOLS)] | None = None
    tool_choice: _Object | str | None = None
    parallel_tool_calls: bool | None = None
    response_format: _Object | None = None
    user: str | None = None
    safety_identifier: str | None = None


class _Besides(Struct):
    """The messages as they came, with what a `SaidMessage` passes over; and what is not carried but has bounds."""

    messages: list[_Object]
    n: Annotated[float, Meta(ge=1, le=MAX_CHOICES)] | None = None
    logit_bias: Annotated[_Object, Meta(max_length=MAX_BIASES)] | None = None
    functions: Annotated[list[_Object], Meta(max_length=MAX_TOOLS)] | None = None


_CARRIED: Final = frozenset(_Request.__struct_fields__)


class _Tool(Struct):
    function: _Object


class _Function(Struct):
    name: Annotated[str, Meta(min_length=1, max_length=MAX_TOOL_NAME)]
    description: str | None = None
    parameters: _Object | None = None
    strict: bool | None = None


class _Name(Struct):
    name: str


class _Chosen(Struct):
    function: _Object


class _Schema(Struct):
    schema: _Object | None = None
    name: str | None = None
    description: str | None = None
    strict: bool | None = None


class _Format(Struct):
    json_schema: _Object


def read_chat(body: Mapping[str, object]) -> Asked:
    """What a decoded body asks.

    Raises:
        InvalidRequest: naming the field.
    """
    size = size_of(body)
    request = read(_Request, body, "")
    besides = read(_Besides, body, "")
    _whole(besides.n, "n")
    reader = MessageReader()
    untranslated = reader.untranslated
    untranslated += unread(body, _CARRIED)
    messages = reader.read(request.messages, besides.messages)
    tools = tuple(_tools(request.tools or (), untranslated))
    json = _format(request.response_format, untranslated)
    if request.tools or besides.functions:
        reader.abilities.add(Ability.TOOLS)
    if json is not None and json.schema is not None:
        reader.abilities.add(Ability.JSON_SCHEMA)
    most = _whole(request.max_tokens, "max_tokens")
    most_completed = _whole(request.max_completion_tokens, "max_completion_tokens")
    prompt = Prompt(
        messages,
        Sampling(
            max_tokens=most if most_completed is None else most_completed,
            temperature=request.temperature,
            top_p=request.top_p,
            stop=(request.stop,) if isinstance(request.stop, str) else tuple(request.stop or ()),
        ),
        streamed=bool(request.stream),
        tools=tools,
        tool_choice=_choice(request.tool_choice, untranslated),
        parallel_tool_calls=request.parallel_tool_calls,
        json=json,
        user=request.safety_identifier or request.user,
        wording=Wording(wire=Wire.CHAT, body=body),
        untranslated=tuple(untranslated),
    )
    return Asked(
        model=request.model,
        prompt=prompt,
        abilities=frozenset(reader.abilities),
        most_tokens=most_tokens(
            size, images=reader.images, image_characters=reader.image_characters, tools=bool(request.tools)
        ),
        tells_usage=asks_usage(body),
    )


def asks_usage(body: Mapping[str, object]) -> bool:
    """Whether a stream is to tell the usage, in a chunk of its own."""
    match body.get("stream_options"):
        case {"include_usage": True}:
            return True
        case _:
            return False


def _whole(said: float | None, path: str) -> int | None:
    if said is None:
        return None
    if not said.is_integer():
        raise invalid("Expected `int`, got `float`", path)
    return int(said)


def _tools(tools: Sequence[_Object], untranslated: list[str]) -> Iterator[Tool]:
    for at, fields in enumerate(tools):
        path = f"tools[{at}]"
        if fields.get("type") not in ("function", None):  # Mistral's clients leave it out
            untranslated.append(path)
            continue
        said = read(_Tool, fields, path).function
        function = read(_Function, said, f"{path}.function")
        untranslated += unread(fields, _TYPED, path)
        untranslated += unread(said, _FUNCTION, f"{path}.function")
        yield Tool(
            name=function.name,
            description=function.description,
            schema=function.parameters,
            strict=function.strict,
        )


def _choice(said: _Object | str | None, untranslated: list[str]) -> ToolChoice | None:
    match said:
        case None:
            return None
        case {"type": "function"}:
            chosen = read(_Chosen, said, "tool_choice").function
            untranslated += unread(said, _TYPED, "tool_choice")
            untranslated += unread(chosen, _NAMED, "tool_choice.function")
            return ToolChoice(ToolUse.REQUIRED, read(_Name, chosen, "tool_choice.function").name)
        case str() if said in _USES:
            return ToolChoice(_USES[said])
        case _:
            untranslated.append("tool_choice")
            return None


def _format(said: _Object | None, untranslated: list[str]) -> JsonFormat | None:
    match said:
        case None | {"type": "text"}:
            return None
        case {"type": "json_object"}:
            return JsonFormat()
        case {"type": "json_schema"}:
            path = "response_format.json_schema"
            fields = read(_Format, said, "response_format").json_schema
            untranslated += unread(said, _FORMAT, "response_format")
            untranslated += unread(fields, _SCHEMA, path)
            form = read(_Schema, fields, path)
            return JsonFormat(schema=form.schema, name=form.name, description=form.description, strict=form.strict)
        case _:
            untranslated.append("response_format")
            return None
