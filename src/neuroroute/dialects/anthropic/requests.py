"""What a caller asks, read."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Final

from msgspec import Meta, Struct

from neuroroute.dialects.anthropic.contents import Blocks, ContentReader
from neuroroute.dialects.anthropic.tools import read_choice, read_tools
from neuroroute.dialects.caller_side import Asked
from neuroroute.dialects.fields import invalid, most_tokens, read, size_of, unread
from neuroroute.domain.model import Ability, Wire
from neuroroute.domain.prompt import JsonFormat, Message, Prompt, Role, Sampling, Wording

MAX_MESSAGES: Final = 10_000
MAX_TOOLS: Final = 1_000
MAX_STOPS: Final = 64
MAX_TOKENS: Final = 1_000_000_000
MAX_HEADER: Final = 1024
"""Characters of a header that goes on to the provider."""

_HEADERS: Final = frozenset({"anthropic-beta", "anthropic-version"})
_ROLES: Final = {"user": Role.USER, "assistant": Role.ASSISTANT, "system": Role.SYSTEM}
_TURN: Final = frozenset({"role", "content"})
_METADATA: Final = frozenset({"user_id"})
_OUTPUT: Final = frozenset({"format"})
_FORMAT: Final = frozenset({"type", "schema"})

_Count = Annotated[float, Meta(ge=0, le=MAX_TOKENS)]
"""A float, since JSON's 1.0 is 1. With 0 a prompt is read into the provider's cache, and nothing is written."""


class _Turn(Struct):
    role: str
    content: str | list[dict[str, object]]


class _Request(Struct):
    model: Annotated[str, Meta(min_length=1)]
    messages: Annotated[list[_Turn], Meta(min_length=1, max_length=MAX_MESSAGES)]
    max_tokens: _Count | None = None
    system: str | list[dict[str, object]] | None = None
    stop_sequences: Annotated[list[str], Meta(max_length=MAX_STOPS)] | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    metadata: dict[str, object] | None = None
    stream: bool | None = None
    tools: Annotated[list[dict[str, object]], Meta(max_length=MAX_TOOLS)] | None = None
    tool_choice: dict[str, object] | None = None
    output_config: dict[str, object] | None = None


_KNOWN: Final = frozenset(_Request.__struct_fields__)


class _Raw(Struct):
    """The turns as they came, with what a `_Turn` passes over."""

    messages: list[dict[str, object]]


class _Metadata(Struct):
    user_id: str | None = None


class _Output(Struct):
    format: dict[str, object] | None = None


class _Format(Struct):
    type: str
    schema: dict[str, object] | None = None


def read_messages(body: Mapping[str, object], headers: Sequence[tuple[str, str]], *, wire: Wire) -> Asked:
    """What a decoded body asks: of `Wire.MESSAGES`, or of `Wire.COUNT_TOKENS`, which needs no `max_tokens`.

    Raises:
        InvalidRequest: naming the field.
    """
    size = size_of(body)
    request = read(_Request, body, "")
    reader = ContentReader()
    reader.untranslated += unread(body, _KNOWN, "")
    messages = _system(request.system, reader)
    for at, (turn, fields) in enumerate(zip(request.messages, read(_Raw, body, "").messages, strict=True)):
        role = _ROLES.get(turn.role)
        if role is None:
            reader.untranslated.append(f"messages[{at}]")
            continue
        if len(fields) > len(_TURN):
            reader.untranslated += unread(fields, _TURN, f"messages[{at}]")
        said = turn.content
        if not isinstance(said, str):
            read_content = reader.texts if role is Role.SYSTEM else reader.parts
            said = read_content(said, f"messages[{at}].content")
        messages.append(Message(role, said))
    tools = read_tools(request.tools or (), reader.untranslated)
    choice, parallel = read_choice(request.tool_choice, reader.untranslated)
    json = _format(request.output_config, reader.untranslated)
    if request.tools:
        reader.abilities.add(Ability.TOOLS)
    if json is not None:
        reader.abilities.add(Ability.JSON_SCHEMA)
    prompt = Prompt(
        tuple(messages),
        Sampling(
            max_tokens=_max_tokens(request.max_tokens, wire),
            temperature=request.temperature,
            top_p=request.top_p,
            stop=tuple(request.stop_sequences or ()),
        ),
        streamed=wire is Wire.MESSAGES and bool(request.stream),
        tools=tools,
        tool_choice=choice,
        parallel_tool_calls=parallel,
        json=json,
        user=_user(request.metadata, reader.untranslated),
        wording=Wording(wire=wire, body=body, headers=_spoken(headers)),
        untranslated=tuple(reader.untranslated),
    )
    return Asked(
        model=request.model,
        prompt=prompt,
        abilities=frozenset(reader.abilities),
        most_tokens=most_tokens(
            size, images=reader.images, image_characters=reader.image_characters, tools=bool(request.tools)
        ),
    )


def _max_tokens(said: float | None, wire: Wire) -> int | None:
    if said is None:
        if wire is Wire.MESSAGES:
            raise invalid("Field required", "max_tokens")
        return None
    if not said.is_integer():
        raise invalid("Expected `int`, got `float`", "max_tokens")
    return int(said)


def _system(said: str | Blocks | None, reader: ContentReader) -> list[Message]:
    if not said:
        return []
    return [Message(Role.SYSTEM, said if isinstance(said, str) else reader.texts(said, "system"))]


def _user(said: dict[str, object] | None, untranslated: list[str]) -> str | None:
    if said is None:
        return None
    untranslated += unread(said, _METADATA, "metadata")
    return read(_Metadata, said, "metadata").user_id


def _format(said: dict[str, object] | None, untranslated: list[str]) -> JsonFormat | None:
    if said is None:
        return None
    untranslated += unread(said, _OUTPUT, "output_config")
    fields = read(_Output, said, "output_config").format
    if fields is None:
        return None
    path = "output_config.format"
    form = read(_Format, fields, path)
    if form.type != "json_schema" or form.schema is None:
        untranslated.append(path)
        return None
    untranslated += unread(fields, _FORMAT, path)
    return JsonFormat(schema=form.schema)


def _spoken(headers: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    spoken = tuple([(name, value) for name, value in headers if name in _HEADERS])
    for name, value in spoken:
        if len(value) > MAX_HEADER or not (value.isascii() and value.isprintable()):
            raise invalid(f"Expected at most {MAX_HEADER} visible ASCII characters", name)
    return spoken
