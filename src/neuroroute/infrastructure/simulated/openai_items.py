"""The output items of a response: how each looks at its beginning, and when it is done."""

import base64

from msgspec import Struct

from neuroroute.infrastructure.simulated.conversation import tokens
from neuroroute.infrastructure.simulated.replies import Choice, Finish, Reply


class Item(Struct, frozen=True, kw_only=True):
    """One item of `output`."""

    id: str
    begun: dict[str, object]
    done: dict[str, object]
    deltas: tuple[str, ...]
    """The pieces in which its text or its arguments are streamed."""


def items(reply: Reply) -> list[Item]:
    """Of the reply's first choice: reasoning, then the calls or the message."""
    choice = reply.choices[0]
    thought = [_reasoning(reply, choice)] if choice.reasoning else []
    if choice.calls:
        return [*thought, *(_call(choice, place) for place in range(len(choice.calls)))]
    return [*thought, _message(reply, choice)]


def text_part(text: str) -> dict[str, object]:
    """The content part that holds a message's text."""
    nothing: list[object] = []
    return {"type": "output_text", "annotations": nothing, "logprobs": nothing, "text": text}


def summary_part(text: str) -> dict[str, object]:
    """The part that holds what a reasoning item tells of its thoughts."""
    return {"type": "summary_text", "text": text}


def _reasoning(reply: Reply, choice: Choice) -> Item:
    thought = "".join(choice.reasoning)
    told: dict[str, object] = {"id": f"rs_sim{reply.id}", "type": "reasoning"}
    nothing: list[object] = []
    done = {"summary": [summary_part(thought)], "encrypted_content": base64.b64encode(thought.encode()).decode()}
    return Item(
        id=f"rs_sim{reply.id}",
        begun=told | {"summary": nothing, "encrypted_content": None},
        done=told | done,
        deltas=choice.reasoning,
    )


def _call(choice: Choice, place: int) -> Item:
    call = choice.calls[place]
    told: dict[str, object] = {"id": f"fc_{call.id}", "type": "function_call"}
    told |= {"call_id": f"call_{call.id}", "name": call.name}
    return Item(
        id=f"fc_{call.id}",
        begun=told | {"status": "in_progress", "arguments": ""},
        done=told | {"status": "completed", "arguments": call.arguments},
        deltas=tuple(tokens(call.arguments)),
    )


def _message(reply: Reply, choice: Choice) -> Item:
    told: dict[str, object] = {"id": f"msg_sim{reply.id}", "type": "message", "role": "assistant"}
    status = "incomplete" if choice.finish is Finish.LENGTH else "completed"
    nothing: list[object] = []
    return Item(
        id=f"msg_sim{reply.id}",
        begun=told | {"status": "in_progress", "content": nothing},
        done=told | {"status": status, "content": [text_part(choice.text)]},
        deltas=choice.tokens,
    )
