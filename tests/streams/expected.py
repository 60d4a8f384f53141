"""What a caller is to be told of a stream that was cut: written from the contract, and from nothing in the service.

Before the first content, the model that may take over answers, or a true HTTP status says that nobody did. After it,
what the provider said, one error event, and no end; a stream is whole only where the provider's own end came.
"""

import json
from collections.abc import Mapping
from enum import Enum
from typing import Any, NamedTuple

from interface.v1 import Language, events
from streams.caller import Question, Reply
from streams.told import Stream

ENDS = {"chat": b"[DONE]", "messages": b"message_stop", "responses": b"response.completed"}


class Fate(Enum):
    """What becomes of an answer; the ledger's words."""

    FAILED = "failed"
    CUT = "cut"
    WHOLE = "answered"


class Route(NamedTuple):
    """Who asks whom, and what the provider says."""

    language: Language
    model: str
    stream: Stream
    spare: Stream
    """Of the model that takes over."""

    @property
    def crossed(self) -> bool:
        """Whether it is translated."""
        return (self.model == "anthropic") != (self.language.name == "messages")

    def fate(self, size: int) -> Fate:
        told = self.stream.whole(size)
        if told == len(self.stream.events):  # which one that fails never tells
            return Fate.WHOLE
        return Fate.CUT if told > self.stream.first else Fate.FAILED

    def check(self, question: Question, reply: Reply, size: int) -> None:
        """Raises: AssertionError, if the answer is not what is due to the first `size` bytes of the stream."""
        assert reply.whole, "HTTP does not end"
        assert b"secret words" not in reply.body, "the provider's text of an error is told"
        fate = self.fate(size)
        if fate is not Fate.FAILED:
            assert reply.status == 200, reply
            assert reply.headers["x-neuroroute-model"] == self.model
            told = self.stream.whole(size)
            self.check_told(reply.body, told, whole=fate is Fate.WHOLE)
        elif question.fallback:
            assert reply.status == 200, reply
            assert reply.headers["x-neuroroute-model"] == question.fallback
            assert reply.headers["x-neuroroute-attempts"] == "2"
            spare = self._replace(stream=self.spare, model="local")
            spare.check_told(reply.body, len(self.spare.events), whole=True)
        else:
            assert reply.status == 502, reply
            assert reply.headers["content-type"] == "application/json"
            self.language.error(json.loads(reply.body))

    def check_told(self, body: bytes, told: int, *, whole: bool) -> None:
        """`body` tells so many events of the stream, and ends as it should."""
        if self.crossed:
            said = body.decode()
        else:
            wire = self.stream.wire[: self.stream.ends[told]]
            assert body.startswith(wire), f"not word for word: {body!r}"
            said = body[len(wire) :].decode()
            if whole:
                assert not said
                return
        found = events(said)
        errors = [at for at, event in enumerate(found) if is_error(event.data)]
        ended = ENDS[self.language.name] in body[len(body) - len(said) :]
        assert errors == ([] if whole else [len(found) - 1]), said
        assert ended == whole, said
        if errors:
            self._check_error(found[-1].name, found[-1].data, told)
        if self.crossed:
            assert "".join([self.language._piece(event) for event in found]) == self.stream.text(told)
            assert "".join([arguments_in(event.data) for event in found]) == self.stream.arguments(told)
            if whole:
                assert ends_once(self.language.name, found)
        else:
            assert len(found) == 1, said

    def _check_error(self, name: str, data: Any, told: int) -> None:
        message = self.language.error(data)["message"] if self.language.name != "responses" else data["message"]
        assert f"{self.model} stopped in the middle" in message
        if self.language.name == "responses":
            assert (name, data["type"]) == ("error", "error")
            assert data["sequence_number"] == told
        elif self.language.name == "messages":
            assert name == "error"


def is_error(data: Any) -> bool:
    return data is not None and (data.get("type") == "error" or "error" in data)


def ends_once(language: str, found: list[Any]) -> bool:
    if language == "chat":
        return [event.data for event in found].count(None) == 1 and found[-1].data is None
    return [event.name for event in found].count("message_stop") == 1 and found[-1].name == "message_stop"


def arguments_in(data: Any) -> str:
    """Of tools' calls, in an event of either language."""
    match data:
        case {"choices": [{"delta": {"tool_calls": [*calls]}}]}:
            return "".join([call["function"]["arguments"] for call in calls])
        case {"delta": {"partial_json": piece}}:
            return piece
        case _:
            return ""


def check_row(route: Route, question: Question, row: Mapping[str, Any], size: int) -> None:
    """What the ledger is to say of it.

    Raises:
        AssertionError: it says something else.
    """
    fate, stream = route.fate(size), route.stream
    if fate is Fate.FAILED and question.fallback:
        fate, stream = Fate.WHOLE, route.spare
    assert row["outcome"] == fate.value, row
    used = (row["prompt_tokens"], row["completion_tokens"])
    match fate:
        case Fate.WHOLE:
            assert (used, row["estimated"]) == (stream.usage, 0), row
        case Fate.CUT:
            told = stream.whole(size)
            least = len(stream.text(told) + stream.arguments(told)) // 4
            assert row["estimated"] == 1, row
            assert used[0] > 0, row
            assert least <= used[1] <= least + 4, (row, least)
            assert row["cost_nano_usd"] > 0, row
        case Fate.FAILED:
            assert used == (0, 0), row
