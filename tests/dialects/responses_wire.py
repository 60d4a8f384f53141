"""OpenAI's responses, as its reference has them."""

import msgspec

from neuroroute.dialects.sse import SseReader
from neuroroute.domain.completion import Usage, Verbatim

USAGE = {
    "input_tokens": 14,
    "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 2},
    "output_tokens": 9,
    "output_tokens_details": {"reasoning_tokens": 3},
    "total_tokens": 23,
}
TOLD_USAGE = Usage(prompt_tokens=14, completion_tokens=9, cached_tokens=4, cache_write_tokens=2, reasoning_tokens=3)
PIECES = ["The capital", " of France — ", "東京? no: ", "Paris 🗼."]
TEXT = "".join(PIECES)
MODEL = "gpt-5-2025-08-07"


def message(text=TEXT):
    content = [{"type": "output_text", "text": text, "annotations": []}]
    return {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed", "content": content}


def response(status="completed", output=None, **more):
    answered = status in {"completed", "incomplete"}
    return {
        "id": "resp_1",
        "object": "response",
        "status": status,
        "error": None,
        "incomplete_details": None,
        "model": MODEL,
        "output": [message()] if output is None and answered else output or [],
        "usage": USAGE if answered else None,
        "x_nobody_heard_of": {"a": [1, 2.50]},
    } | more


def events(*told):
    """Each as its event, numbered."""
    numbered = [{"sequence_number": number} | event for number, event in enumerate(told)]
    return b"".join(
        b"event: " + event["type"].encode() + b"\ndata: " + msgspec.json.encode(event) + b"\n\n" for event in numbered
    )


def item_event(kind, item, **more):
    return {"type": f"response.{kind}", "output_index": 0, "item": item} | more


def delta(text, kind="output_text"):
    return {"type": f"response.{kind}.delta", "item_id": "msg_1", "output_index": 0, "content_index": 0, "delta": text}


def ended(status="completed", **more):
    return {"type": f"response.{status}", "response": response(status, **more)}


OPENING = [
    {"type": "response.created", "response": response("in_progress")},
    {"type": "response.in_progress", "response": response("in_progress")},
    item_event("output_item.added", message("")),
    {"type": "response.content_part.added", "part": {"type": "output_text", "text": ""}},
]
CONTENT = [*(delta(piece) for piece in PIECES), item_event("output_item.done", message())]
STREAM = events(*OPENING, *CONTENT, ended())
COMMITTED = len(events(*OPENING, CONTENT[0]))
"""From this byte on there is content."""


def told_by(heard):
    """All bytes that a caller reads of them."""
    return b"".join(one.data if isinstance(one, Verbatim) else one.verbatim for one in heard)


def data_of(stream):
    """The data of its events, decoded."""
    return [msgspec.json.decode(event.data) for event in SseReader().feed(stream)]
