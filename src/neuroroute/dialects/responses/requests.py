"""What a caller asks, read: as much of it as choosing a model takes. All of it is passed on."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Final

from msgspec import Meta, Struct

from neuroroute.dialects.caller_side import Asked, InvalidRequest
from neuroroute.dialects.fields import most_tokens, read, size_of
from neuroroute.dialects.responses.items import ItemReader
from neuroroute.domain.model import Ability, Wire
from neuroroute.domain.prompt import JsonFormat, Message, Prompt, Role, Sampling, Tool, Wording

MAX_ITEMS: Final = 10_000
MAX_TOOLS: Final = 1_000
MAX_TOKENS: Final = 1_000_000_000
MAX_NAME: Final = 256
"""Characters of a tool's name."""
_Object = dict[str, object]
_Count = Annotated[float, Meta(ge=1, le=MAX_TOKENS)]
"""A float, since JSON's 1.0 is 1."""


class _Request(Struct):
    model: Annotated[str, Meta(min_length=1)]
    input: str | Annotated[list[_Object], Meta(max_length=MAX_ITEMS)] | None = None
    instructions: str | None = None
    stream: bool | None = None
    stream_options: _Object | None = None
    max_output_tokens: _Count | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    tools: Annotated[list[_Object], Meta(max_length=MAX_TOOLS)] | None = None
    tool_choice: str | _Object | None = None
    parallel_tool_calls: bool | None = None
    text: _Object | None = None
    reasoning: _Object | None = None
    metadata: _Object | None = None
    include: list[str] | None = None
    store: bool | None = None
    background: bool | None = None
    previous_response_id: str | None = None
    conversation: str | _Object | None = None
    prompt: _Object | None = None
    user: str | None = None


class _Function(Struct):
    name: Annotated[str, Meta(min_length=1, max_length=MAX_NAME)]
    description: str | None = None
    parameters: _Object | None = None
    strict: bool | None = None


class _Format(Struct):
    type: object = None
    name: str | None = None
    schema: _Object | None = None


class _Text(Struct):
    format: _Format | None = None


def read_request(body: Mapping[str, object]) -> Asked:
    """What a decoded body asks.

    Raises:
        InvalidRequest: naming the field.
    """
    size = size_of(body)
    request = read(_Request, body, "")
    reader = ItemReader()
    messages = [Message(Role.SYSTEM, request.instructions)] if request.instructions else []
    if isinstance(request.input, str):
        messages.append(Message(Role.USER, request.input))
    else:
        messages += reader.messages(request.input or ())
    json = _format(request.text)
    return Asked(
        model=request.model,
        prompt=Prompt(
            tuple(messages),
            Sampling(
                max_tokens=_whole(request.max_output_tokens),
                temperature=request.temperature,
                top_p=request.top_p,
            ),
            streamed=bool(request.stream),
            tools=tuple(_functions(request.tools or ())),
            json=json,
            user=request.user,
            wording=Wording(wire=Wire.RESPONSES, body=body),
        ),
        abilities=frozenset(_abilities(request, reader, json)),
        most_tokens=None
        if reader.unseen or _refers_elsewhere(request)
        else most_tokens(
            size, images=reader.images, image_characters=reader.image_characters, tools=bool(request.tools)
        ),
    )


def _whole(said: float | None) -> int | None:
    if said is None:
        return None
    if not said.is_integer():
        raise InvalidRequest("max_output_tokens: Expected `int`, got `float`", param="max_output_tokens")
    return int(said)


def _functions(tools: Sequence[_Object]) -> Iterable[Tool]:
    """Those that the caller runs; of others only the provider knows what they tell the model."""
    for at, tool in enumerate(tools):
        if tool.get("type") == "function":
            function = read(_Function, tool, f"tools[{at}]")
            yield Tool(
                name=function.name,
                description=function.description,
                schema=function.parameters,
                strict=function.strict,
            )


def _format(text: _Object | None) -> JsonFormat | None:
    said = read(_Text, text, "text").format if text else None
    match said:
        case _Format(type="json_schema"):
            return JsonFormat(schema=said.schema, name=said.name)
        case _Format(type="json_object"):
            return JsonFormat()
        case _:
            return None


def _abilities(request: _Request, reader: ItemReader, json: JsonFormat | None) -> Iterable[Ability]:
    yield from reader.abilities
    if request.tools:
        yield Ability.TOOLS
    if json is not None and json.schema is not None:
        yield Ability.JSON_SCHEMA


def _refers_elsewhere(request: _Request) -> bool:
    return any((request.previous_response_id, request.conversation, request.prompt))
