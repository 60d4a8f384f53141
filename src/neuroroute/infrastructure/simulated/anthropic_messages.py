"""Anthropic's messages: how an answer is written, whole and as events.

Shapes: the recorded exchanges that the dialects are tested with.
"""

from collections.abc import Sequence
from typing import Final, final

import msgspec
from msgspec import Raw, Struct

from neuroroute.infrastructure.simulated.anthropic_asking import read_messages, signature
from neuroroute.infrastructure.simulated.anthropic_errors import error_body
from neuroroute.infrastructure.simulated.conversation import Asked, tokens
from neuroroute.infrastructure.simulated.language import Surface
from neuroroute.infrastructure.simulated.replies import Choice, Finish, Reply
from neuroroute.infrastructure.simulated.wire import Piece, Request, Stage

_REASONS: Final = {
    Finish.NATURAL: "end_turn",
    Finish.LENGTH: "max_tokens",
    Finish.STOP_SEQUENCE: "stop_sequence",
    Finish.TOOL: "tool_use",
}


class _Block(Struct, frozen=True, kw_only=True):
    begun: dict[str, object]
    whole: dict[str, object]
    deltas: Sequence[str]
    delta: tuple[str, str]
    """The type of its deltas, and the field with their text."""
    signed: str | None = None


@final
class AnthropicMessages(Surface):
    """`POST /v1/messages`, and the counter of its tokens (`to_count`)."""

    def __init__(self, *, to_count: bool) -> None:
        self._to_count: Final = to_count

    def asked(self, request: Request) -> Asked:
        return read_messages(request.body, to_count=self._to_count)

    def whole(self, reply: Reply, asked: Asked, *, usage: bool, choices: bool) -> bytes:
        choice = reply.choices[0]
        body = _message(reply) | {
            "content": [block.whole for block in _blocks(choice)] if choices else [],
            "stop_reason": _REASONS[choice.finish],
            "stop_sequence": choice.stop_sequence,
        }
        if usage:
            body["usage"] = _usage(reply, asked, reply.completion_tokens)
        return msgspec.json.encode(body | asked.restated)

    def events(self, reply: Reply, asked: Asked, *, usage: bool, choices: bool) -> list[Piece]:
        choice = reply.choices[0]
        begun = _message(reply) | asked.restated
        ended: dict[str, object] = {
            "type": "message_delta",
            "delta": {"stop_reason": _REASONS[choice.finish], "stop_sequence": choice.stop_sequence},
        }
        if usage:
            begun["usage"] = _usage(reply, asked, 1)
            ended["usage"] = {"output_tokens": reply.completion_tokens}
        return [
            Piece(_event({"type": "message_start", "message": begun}), Stage.OPENING),
            *(_content(reply, _blocks(choice)) if choices else ()),
            Piece(_event(ended), Stage.FINISHING, reply.duration),
            Piece(_event({"type": "message_stop"}), Stage.TERMINATOR, reply.duration),
        ]

    def error_event(self, request: Request, message: str, code: str | None, *, place: int) -> bytes:
        del place  # Events have no number.
        return b"event: error\ndata: " + error_body(request, 529, message, code) + b"\n\n"


def _message(reply: Reply) -> dict[str, object]:
    return {
        "id": f"msg_sim{reply.id}",
        "type": "message",
        "role": "assistant",
        "model": reply.model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
    }


def _usage(reply: Reply, asked: Asked, output_tokens: int) -> dict[str, object]:
    marked = min(asked.cacheable or 0, reply.prompt_tokens)
    return {
        "input_tokens": reply.prompt_tokens - marked,
        "cache_creation_input_tokens": marked - reply.cached,
        "cache_read_input_tokens": reply.cached,
        "output_tokens": output_tokens,
        "service_tier": "standard",
    }


def _blocks(choice: Choice) -> list[_Block]:
    blocks: list[_Block] = []
    if choice.reasoning:
        thought = "".join(choice.reasoning)
        blocks.append(
            _Block(
                begun={"type": "thinking", "thinking": "", "signature": ""},
                whole={"type": "thinking", "thinking": thought, "signature": signature(thought)},
                deltas=choice.reasoning,
                delta=("thinking_delta", "thinking"),
                signed=signature(thought),
            )
        )
    nothing: dict[str, object] = {}
    for call in choice.calls:
        told: dict[str, object] = {"type": "tool_use", "id": f"toolu_{call.id}", "name": call.name}
        blocks.append(
            _Block(
                begun=told | {"input": nothing},
                whole=told | {"input": Raw(call.arguments.encode())},
                deltas=tokens(call.arguments),
                delta=("input_json_delta", "partial_json"),
            )
        )
    if not choice.calls:
        blocks.append(
            _Block(
                begun={"type": "text", "text": ""},
                whole={"type": "text", "text": choice.text},
                deltas=choice.tokens,
                delta=("text_delta", "text"),
            )
        )
    return blocks


def _content(reply: Reply, blocks: list[_Block]) -> list[Piece]:
    pieces: list[Piece] = []
    told = 0
    for index, block in enumerate(blocks):
        place: dict[str, object] = {"index": index}
        at = reply.at(told - 1) if told else 0.0
        begun = {"type": "content_block_start"} | place | {"content_block": block.begun}
        pieces.append(Piece(_event(begun), Stage.OPENING, at))
        if index == 0:
            pieces.append(Piece(_event({"type": "ping"}), Stage.OPENING))
        kind, name = block.delta
        for part in block.deltas:
            delta = {"type": "content_block_delta"} | place | {"delta": {"type": kind, name: part}}
            pieces.append(Piece(_event(delta), Stage.CONTENT, reply.at(told)))
            told += 1
        at = reply.at(max(0, told - 1))
        ending = Stage.FINISHING if index == len(blocks) - 1 else Stage.OPENING
        if block.signed is not None:
            signed = {"type": "signature_delta", "signature": block.signed}
            pieces.append(Piece(_event({"type": "content_block_delta"} | place | {"delta": signed}), ending, at))
        pieces.append(Piece(_event({"type": "content_block_stop"} | place), ending, at))
    return pieces


def _event(body: dict[str, object]) -> bytes:
    return f"event: {body['type']}\ndata: ".encode() + msgspec.json.encode(body) + b"\n\n"
