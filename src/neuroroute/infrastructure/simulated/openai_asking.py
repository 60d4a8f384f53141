"""How a chat completions request is read."""

from typing import Annotated, Final, TypeAlias

import msgspec
from msgspec import Meta, Raw, Struct, field

from neuroroute.infrastructure.simulated.conversation import (
    Asked,
    Called,
    Result,
    Turn,
    WantedTool,
    check_results,
    restatable,
)
from neuroroute.infrastructure.simulated.examples import ANYTHING
from neuroroute.infrastructure.simulated.tool_choice import ToolChoice, to_call
from neuroroute.infrastructure.simulated.wire import Unanswerable

MOST_CHOICES: Final = 8
_RESTATED: Final = ("service_tier", "x_simulated")
"""`x_simulated` is known to nobody: it shows that such fields pass, there and back."""
_Limit: TypeAlias = Annotated[int, Meta(ge=1)]


class _Function(Struct):
    name: str
    parameters: Raw = field(default_factory=lambda: Raw(b"{}"))


class _Part(Struct):
    type: str = "text"
    text: str | None = None


class _CalledFunction(Struct):
    name: str = ""
    arguments: str = ""


class _Call(Struct):
    id: str = ""
    function: _CalledFunction | None = None


class _Message(Struct):
    role: str
    content: str | list[_Part] | None = None
    tool_calls: list[_Call] | None = None
    tool_call_id: str | None = None


class _Tool(Struct):
    function: _Function | None = None


class _Named(Struct):
    name: str


class _Choice(Struct):
    function: _Named | None = None


class _StreamOptions(Struct):
    include_usage: bool = False


class _JsonSchema(Struct):
    schema: Raw = ANYTHING


class _ResponseFormat(Struct):
    type: str
    json_schema: _JsonSchema | None = None


class _Body(Struct):
    messages: Annotated[list[_Message], Meta(min_length=1)]
    model: str | None = None
    max_tokens: _Limit | None = None
    max_completion_tokens: _Limit | None = None
    stop: str | list[str] | None = None
    stream: bool | None = None
    stream_options: _StreamOptions | None = None
    tools: list[_Tool] | None = None
    tool_choice: str | _Choice | None = None
    parallel_tool_calls: bool | None = None
    response_format: _ResponseFormat | None = None
    reasoning_effort: str | None = None
    n: Annotated[int, Meta(ge=1)] | None = None
    logprobs: bool | None = None
    top_logprobs: Annotated[int, Meta(ge=0, le=20)] | None = None


def read_chat(body: bytes, *, usual_model: str | None) -> Asked:
    """`usual_model` is asked by who names none.

    Raises:
        Unanswerable: it is malformed.
    """
    try:
        asked = msgspec.json.decode(body, type=_Body)
        restated = restatable(body, _RESTATED)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as exc:
        raise Unanswerable(f"We could not read the request: {type(exc).__name__}: {exc}") from exc
    model = asked.model or usual_model
    if model is None:
        raise Unanswerable("you must provide a model parameter")
    if asked.n is not None and asked.n > MOST_CHOICES:
        raise Unanswerable(f"the simulated providers give at most {MOST_CHOICES} choices: n is {asked.n}")
    stops = (asked.stop,) if isinstance(asked.stop, str) else tuple(asked.stop or ())
    turns = tuple(map(_turn, asked.messages))
    check_results(turns)
    return Asked(
        model=model,
        turns=turns,
        max_tokens=asked.max_completion_tokens or asked.max_tokens,
        stops=tuple(filter(None, stops)),
        stream=bool(asked.stream),
        include_usage=asked.stream_options is not None and asked.stream_options.include_usage,
        tools=to_call(_tool_choice(asked), turns),
        schema=_schema(asked.response_format),
        reasoning=asked.reasoning_effort not in {None, "none"},
        choices=asked.n or 1,
        top_logprobs=(asked.top_logprobs or 0) if asked.logprobs else None,
        restated=restated,
    )


def _turn(message: _Message) -> Turn:
    parts = message.content if isinstance(message.content, list) else []
    text = message.content if isinstance(message.content, str) else "".join(part.text or "" for part in parts)
    if message.role == "tool":
        return Turn(role=message.role, results=(Result(message.tool_call_id or "", text),))
    called = [(call.id, call.function) for call in message.tool_calls or ()]
    return Turn(
        role=message.role,
        text=text,
        calls=tuple(Called(own, made.name, made.arguments) if made else Called(own, "", "") for own, made in called),
        attachments=sum(part.type not in {"text", "refusal"} for part in parts),
    )


def _tool_choice(body: _Body) -> ToolChoice:
    functions = [tool.function for tool in body.tools or () if tool.function is not None]
    named = body.tool_choice.function if isinstance(body.tool_choice, _Choice) else None
    return ToolChoice(
        tools=tuple(WantedTool(function.name, function.parameters) for function in functions),
        forbidden=body.tool_choice == "none",
        required=body.tool_choice == "required",
        named=named.name if named is not None else None,
        parallel=body.parallel_tool_calls is not False,
    )


def _schema(wanted: _ResponseFormat | None) -> Raw | None:
    match wanted:
        case _ResponseFormat(type="json_schema", json_schema=_JsonSchema(schema=schema)):
            return schema
        case _ResponseFormat(type="json_schema" | "json_object"):
            return ANYTHING
        case _:
            return None
