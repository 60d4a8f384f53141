"""The events of a streamed response, in their order and numbered."""

from typing import Final, final

import msgspec

from neuroroute.infrastructure.simulated.openai_items import Item, summary_part, text_part
from neuroroute.infrastructure.simulated.replies import Reply
from neuroroute.infrastructure.simulated.wire import Piece, Stage


def response_events(reply: Reply, made: list[Item], begun: dict[str, object], done: dict[str, object]) -> list[Piece]:
    """`begun` and `done`: the response as the first events and as the last one show it."""
    events = _Events(reply)
    for kind in ("response.created", "response.in_progress"):
        events.add(kind, Stage.OPENING, {"response": begun})
    for index, item in enumerate(made):
        events.item(index, item, Stage.FINISHING if index == len(made) - 1 else Stage.OPENING)
    kind = "response.incomplete" if done["status"] == "incomplete" else "response.completed"
    events.add(kind, Stage.TERMINATOR, {"response": done})
    return events.pieces


@final
class _Events:
    """Events in the making; it counts them, and the tokens in them."""

    def __init__(self, reply: Reply) -> None:
        self.pieces: Final[list[Piece]] = []
        self._reply: Final = reply
        self._tokens = 0

    def add(self, kind: str, stage: Stage, fields: dict[str, object]) -> None:
        told = {"type": kind, "sequence_number": len(self.pieces)} | fields
        data = f"event: {kind}\ndata: ".encode() + msgspec.json.encode(told) + b"\n\n"
        at = 0.0 if self._tokens == 0 and stage is Stage.OPENING else self._reply.at(max(0, self._tokens - 1))
        self.pieces.append(Piece(data, stage, at))

    def item(self, index: int, item: Item, ending: Stage) -> None:
        """All events of one item; `ending` is the stage of those that end it."""
        place: dict[str, object] = {"output_index": index}
        self.add("response.output_item.added", Stage.OPENING, place | {"item": item.begun})
        within = place | {"item_id": item.id}
        match item.done["type"]:
            case "function_call":
                self._deltas("response.function_call_arguments", item, within)
                told = {"arguments": item.done["arguments"], "name": item.done["name"]}
                self.add("response.function_call_arguments.done", ending, within | told)
            case "reasoning":
                within |= {"summary_index": 0}
                text = "".join(item.deltas)
                self.add("response.reasoning_summary_part.added", Stage.OPENING, within | {"part": summary_part("")})
                self._deltas("response.reasoning_summary_text", item, within)
                self.add("response.reasoning_summary_text.done", ending, within | {"text": text})
                self.add("response.reasoning_summary_part.done", ending, within | {"part": summary_part(text)})
            case _:
                within |= {"content_index": 0}
                text = "".join(item.deltas)
                nothing: list[object] = []
                self.add("response.content_part.added", Stage.OPENING, within | {"part": text_part("")})
                self._deltas("response.output_text", item, within | {"logprobs": nothing})
                self.add("response.output_text.done", ending, within | {"text": text, "logprobs": nothing})
                self.add("response.content_part.done", ending, within | {"part": text_part(text)})
        self.add("response.output_item.done", ending, place | {"item": item.done})

    def _deltas(self, kind: str, item: Item, within: dict[str, object]) -> None:
        for delta in item.deltas:
            self._tokens += 1
            self.add(f"{kind}.delta", Stage.CONTENT, within | {"delta": delta})
