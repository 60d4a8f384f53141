"""OpenAI's chat completions: how a request is read, and how its answer is written.

Shapes: the recorded exchanges that the dialects are tested with.
"""

import time
from collections.abc import Iterator
from operator import itemgetter
from typing import Final, final

import msgspec
from msgspec import Raw

from neuroroute.infrastructure.simulated.conversation import Asked, tokens
from neuroroute.infrastructure.simulated.language import Surface
from neuroroute.infrastructure.simulated.openai_asking import read_chat
from neuroroute.infrastructure.simulated.openai_errors import error_body
from neuroroute.infrastructure.simulated.openai_logprobs import logprobs
from neuroroute.infrastructure.simulated.replies import Choice, Finish, Reply
from neuroroute.infrastructure.simulated.wire import Persona, Piece, Request, Stage

_REASONS: Final = {
    Finish.NATURAL: "stop",
    Finish.LENGTH: "length",
    Finish.STOP_SEQUENCE: "stop",
    Finish.TOOL: "tool_calls",
}


@final
class OpenAIChat(Surface):
    """`POST /v1/chat/completions`. `usual_model` answers who names none."""

    def __init__(self, persona: Persona, *, usual_model: str | None) -> None:
        self._persona: Final = persona
        self._usual_model: Final = usual_model

    def asked(self, request: Request) -> Asked:
        return read_chat(request.body, usual_model=self._usual_model)

    def whole(self, reply: Reply, asked: Asked, *, usage: bool, choices: bool) -> bytes:
        told = [self._choice(place, choice, asked) for place, choice in enumerate(reply.choices)]
        body = _head(reply, asked, "chat.completion") | {"choices": told if choices else []}
        if usage:
            body["usage"] = _usage(reply)
        return msgspec.json.encode(body | asked.restated)

    def events(self, reply: Reply, asked: Asked, *, usage: bool, choices: bool) -> list[Piece]:
        counts = usage and asked.include_usage
        head = _head(reply, asked, "chat.completion.chunk") | ({"usage": None} if counts else {})
        nothing: list[object] = []

        def chunk(index: int, delta: dict[str, object], finish: str | None = None, probable: object = None) -> bytes:
            choice = {"index": index, "delta": delta, "logprobs": probable, "finish_reason": finish}
            return _event(head | {"choices": [choice]})

        told: list[tuple[int, Piece]] = []
        for index, choice in enumerate(reply.choices if choices else ()):
            role = {"index": index, "delta": {"role": "assistant", "content": "", "refusal": None}}
            opening = head | {"choices": [role | {"logprobs": None, "finish_reason": None}]} | asked.restated
            told.append((-1, Piece(_event(opening), Stage.OPENING)))
            for place, (delta, token) in enumerate(self._deltas(choice)):
                probable = None if token is None else logprobs([token], asked.top_logprobs)
                content = Piece(chunk(index, delta, probable=probable), Stage.CONTENT, reply.at(place))
                told.append((place, content))
        # Choices are told side by side, as they are made.
        pieces = [piece for _, piece in sorted(told, key=itemgetter(0))]
        if not choices:
            pieces.append(Piece(_event(head | {"choices": nothing} | asked.restated), Stage.OPENING))
        for index, choice in enumerate(reply.choices if choices else ()):
            pieces.append(Piece(chunk(index, {}, _REASONS[choice.finish]), Stage.FINISHING, reply.duration))
        if counts:
            last = _event(head | {"choices": nothing, "usage": _usage(reply)})
            pieces.append(Piece(last, Stage.FINISHING, reply.duration))
        pieces.append(Piece(b"data: [DONE]\n\n", Stage.TERMINATOR, reply.duration))
        return pieces

    def error_event(self, request: Request, message: str, code: str | None, *, place: int) -> bytes:
        del request, place  # Told like any error.
        return b"data: " + error_body(self._persona, 500, message, code) + b"\n\n"

    def _choice(self, index: int, choice: Choice, asked: Asked) -> dict[str, object]:
        message: dict[str, object] = {"role": "assistant", "content": choice.text, "refusal": None}
        if choice.calls:
            message |= {"content": None, "tool_calls": [_call(choice, place) for place in range(len(choice.calls))]}
        if choice.reasoning and self._persona is Persona.LOCAL:
            message["reasoning_content"] = "".join(choice.reasoning)
        probable = None if choice.calls else logprobs(choice.tokens, asked.top_logprobs)
        return {"index": index, "message": message, "logprobs": probable, "finish_reason": _REASONS[choice.finish]}

    def _deltas(self, choice: Choice) -> Iterator[tuple[dict[str, object], str | None]]:
        """Each delta with content, and the token of text in it."""
        if self._persona is Persona.LOCAL:
            for token in choice.reasoning:
                yield {"reasoning_content": token}, None
        for place, call in enumerate(choice.calls):
            yield {"tool_calls": [{"index": place} | _call(choice, place, arguments="")]}, None
            for part in tokens(call.arguments):
                yield {"tool_calls": [{"index": place, "function": {"arguments": part}}]}, None
        for token in choice.tokens:
            yield {"content": token}, token


def _head(reply: Reply, asked: Asked, kind: str) -> dict[str, object]:
    return {
        "id": f"chatcmpl-sim{reply.id}",
        "object": kind,
        "created": int(time.time()),
        "model": reply.model,
        "service_tier": asked.restated.get("service_tier", Raw(b'"default"')),
        "system_fingerprint": "simulated",
    }


def _call(choice: Choice, place: int, *, arguments: str | None = None) -> dict[str, object]:
    call = choice.calls[place]
    function = {"name": call.name, "arguments": call.arguments if arguments is None else arguments}
    return {"id": f"call_{call.id}", "type": "function", "function": function}


def _usage(reply: Reply) -> dict[str, object]:
    return {
        "prompt_tokens": reply.prompt_tokens,
        "completion_tokens": reply.completion_tokens,
        "total_tokens": reply.prompt_tokens + reply.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": reply.cached, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": reply.reasoning_tokens,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def _event(body: dict[str, object]) -> bytes:
    return b"data: " + msgspec.json.encode(body) + b"\n\n"
