"""OpenAI's responses in their stateless form: how a request is read, and how its answer is written whole.

Shapes: the recorded exchanges that the dialects are tested with.
"""

import time
from typing import Annotated, Final, TypeAlias, final

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
from neuroroute.infrastructure.simulated.language import Surface
from neuroroute.infrastructure.simulated.openai_items import Item, items
from neuroroute.infrastructure.simulated.openai_response_events import response_events
from neuroroute.infrastructure.simulated.replies import Finish, Reply
from neuroroute.infrastructure.simulated.tool_choice import ToolChoice, to_call
from neuroroute.infrastructure.simulated.wire import Piece, Request, Unanswerable

_RESTATED: Final[dict[str, bytes]] = {
    "background": b"false",
    "instructions": b"null",
    "max_output_tokens": b"null",
    "metadata": b"{}",
    "parallel_tool_calls": b"true",
    "previous_response_id": b"null",
    "reasoning": b'{"effort":null,"summary":null}',
    "service_tier": b'"default"',
    "store": b"false",
    "temperature": b"1.0",
    "text": b'{"format":{"type":"text"}}',
    "tool_choice": b'"auto"',
    "tools": b"[]",
    "top_p": b"1.0",
    "truncation": b'"disabled"',
    "user": b"null",
    "x_simulated": b"true",
}
"""What a response says back of its request, and what of one that does not say it."""
_TEXTS: Final = frozenset({"text", "input_text", "output_text", "refusal"})
_Limit: TypeAlias = Annotated[int, Meta(ge=1)]


class _Part(Struct):
    type: str = "text"
    text: str | None = None


class _Input(Struct):
    type: str = "message"
    role: str = "user"
    content: str | list[_Part] | None = None
    call_id: str = ""
    name: str = ""
    arguments: str = ""
    output: str | list[_Part] | None = None


class _Tool(Struct):
    type: str
    name: str | None = None
    parameters: Raw = field(default_factory=lambda: Raw(b"{}"))


class _Choice(Struct):
    type: str
    name: str | None = None


class _Format(Struct):
    type: str
    schema: Raw = ANYTHING


class _Text(Struct):
    format: _Format | None = None


class _Reasoning(Struct):
    effort: str | None = None


class _Body(Struct):
    input: str | Annotated[list[_Input], Meta(min_length=1)]
    model: str | None = None
    instructions: str | None = None
    max_output_tokens: _Limit | None = None
    stream: bool | None = None
    tools: list[_Tool] | None = None
    tool_choice: str | _Choice | None = None
    parallel_tool_calls: bool | None = None
    text: _Text | None = None
    reasoning: _Reasoning | None = None
    previous_response_id: str | None = None


@final
class OpenAIResponses(Surface):
    """`POST /v1/responses`. `usual_model` answers who names none."""

    def __init__(self, *, usual_model: str | None) -> None:
        self._usual_model: Final = usual_model

    def asked(self, request: Request) -> Asked:
        try:
            body = msgspec.json.decode(request.body, type=_Body)
            restated = restatable(request.body, tuple(_RESTATED))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as exc:
            raise Unanswerable(f"We could not read the request: {type(exc).__name__}: {exc}") from exc
        model = body.model or self._usual_model
        if model is None:
            raise Unanswerable("you must provide a model parameter")
        if body.previous_response_id is not None:
            unknown = f"Previous response with id '{body.previous_response_id[:40]}' not found."
            raise Unanswerable(unknown, code="previous_response_not_found")
        system = (Turn(role="system", text=body.instructions),) if body.instructions else ()
        said = (_Input(content=body.input),) if isinstance(body.input, str) else body.input
        turns = (*system, *map(_turn, said))
        check_results(turns)
        return Asked(
            model=model,
            turns=turns,
            max_tokens=body.max_output_tokens,
            stream=bool(body.stream),
            tools=to_call(_tool_choice(body), turns),
            schema=_schema(body.text),
            reasoning=body.reasoning is not None and body.reasoning.effort not in {None, "none"},
            restated=restated,
        )

    def whole(self, reply: Reply, asked: Asked, *, usage: bool, choices: bool) -> bytes:
        made = items(reply) if choices else []
        return msgspec.json.encode(_response(reply, asked, made, usage=usage))

    def events(self, reply: Reply, asked: Asked, *, usage: bool, choices: bool) -> list[Piece]:
        made = items(reply) if choices else []
        begun = _response(reply, asked, [], usage=False) | {"status": "in_progress", "incomplete_details": None}
        return response_events(reply, made, begun, _response(reply, asked, made, usage=usage))

    def error_event(self, request: Request, message: str, code: str | None, *, place: int) -> bytes:
        del request  # OpenAI names the request in a header alone.
        told = {"type": "error", "code": code or "server_error", "message": message, "param": None}
        return b"event: error\ndata: " + msgspec.json.encode(told | {"sequence_number": place}) + b"\n\n"


def _turn(item: _Input) -> Turn:
    match item.type:
        case "function_call":
            return Turn(role="assistant", calls=(Called(item.call_id, item.name, item.arguments),))
        case "function_call_output":
            return Turn(role="tool", results=(Result(item.call_id, _said(item.output)),))
        case "message":
            parts = item.content if isinstance(item.content, list) else []
            attachments = sum(part.type not in _TEXTS for part in parts)
            return Turn(role=item.role, text=_said(item.content), attachments=attachments)
        case _:
            # Reasoning, and what tools of OpenAI's own did: no words.
            return Turn(role="assistant")


def _said(content: str | list[_Part] | None) -> str:
    if isinstance(content, list):
        return "".join(part.text or "" for part in content)
    return content or ""


def _tool_choice(body: _Body) -> ToolChoice:
    functions = [(tool.name, tool.parameters) for tool in body.tools or () if tool.type == "function"]
    named = body.tool_choice if isinstance(body.tool_choice, _Choice) and body.tool_choice.type == "function" else None
    return ToolChoice(
        tools=tuple(WantedTool(name, parameters) for name, parameters in functions if name is not None),
        forbidden=body.tool_choice == "none",
        required=body.tool_choice == "required",
        named=named.name if named is not None else None,
        parallel=body.parallel_tool_calls is not False,
    )


def _schema(text: _Text | None) -> Raw | None:
    match text:
        case _Text(format=_Format(type="json_schema" | "json_object", schema=schema)):
            return schema
        case _:
            return None


def _response(reply: Reply, asked: Asked, made: list[Item], *, usage: bool) -> dict[str, object]:
    cut = reply.choices[0].finish is Finish.LENGTH
    told: dict[str, object] = {
        "id": f"resp_sim{reply.id}",
        "object": "response",
        "created_at": int(time.time()),
        "status": "incomplete" if cut else "completed",
        "error": None,
        "incomplete_details": {"reason": "max_output_tokens"} if cut else None,
        "model": reply.model,
        "output": [item.done for item in made],
        "usage": None,
    }
    if usage:
        told["usage"] = {
            "input_tokens": reply.prompt_tokens,
            "input_tokens_details": {"cached_tokens": reply.cached, "cache_write_tokens": 0},
            "output_tokens": reply.completion_tokens,
            "output_tokens_details": {"reasoning_tokens": reply.reasoning_tokens},
            "total_tokens": reply.prompt_tokens + reply.completion_tokens,
        }
    return told | {name: Raw(usual) for name, usual in _RESTATED.items()} | asked.restated
