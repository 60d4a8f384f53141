"""What is asked of a simulated model, in nobody's dialect."""

import re
from collections.abc import Sequence
from typing import Final

import msgspec
from msgspec import Raw, Struct

from neuroroute.infrastructure.simulated.wire import Unanswerable

ATTACHMENT: Final = 85
"""Tokens of an image, a file or a sound: those of OpenAI's image in low detail."""
_TOKEN: Final = re.compile(r"\s*\S{1,6}|\s+")


def tokens(text: str) -> list[str]:
    """Cut as the simulated models count: up to six characters of a word, with the white space before it."""
    return _TOKEN.findall(text)


class Called(Struct, frozen=True):
    """A tool call that the conversation tells of."""

    id: str
    name: str
    arguments: str


class Result(Struct, frozen=True):
    """What a tool answered."""

    id: str
    """Of the call."""
    text: str


class Turn(Struct, frozen=True, kw_only=True):
    """One message of the conversation."""

    role: str
    text: str = ""
    """Its own words, without those of tools."""
    calls: tuple[Called, ...] = ()
    results: tuple[Result, ...] = ()
    attachments: int = 0
    """Images, files, sounds, and whatever else is no text."""

    @property
    def whole(self) -> str:
        """All of its text that counts as tokens."""
        called = "".join(call.name + call.arguments for call in self.calls)
        return self.text + called + "".join(result.text for result in self.results)

    @property
    def tokens(self) -> int:
        """Of its text and attachments."""
        return len(tokens(self.whole)) + ATTACHMENT * self.attachments


class WantedTool(Struct, frozen=True):
    """A tool that is to be called."""

    name: str
    schema: Raw
    """Of its arguments, as it came."""


class Asked(Struct, frozen=True, kw_only=True):
    """A request for an answer."""

    model: str
    turns: tuple[Turn, ...]
    """In order; the system's word first."""
    max_tokens: int | None = None
    stops: tuple[str, ...] = ()
    stream: bool = False
    include_usage: bool = True
    """Of a stream."""
    tools: tuple[WantedTool, ...] = ()
    """Those to call, instead of a text."""
    schema: Raw | None = None
    """Of the JSON that the text must be, as it came."""
    reasoning: bool = False
    choices: int = 1
    top_logprobs: int | None = None
    """How many alternatives are told of each token; none: no log-probabilities."""
    cacheable: int | None = None
    """Tokens of the prompt that were marked for the provider's cache; none where it needs no mark."""
    restated: dict[str, Raw] = {}
    """Fields of the request that the answer says back, as they came."""

    @property
    def prompt(self) -> str:
        """The text of the last message in which the user says something: where markers are looked for."""
        return next((turn.text for turn in reversed(self.turns) if turn.role == "user" and turn.text), "")

    @property
    def prompt_tokens(self) -> int:
        """Of the whole conversation, and at least one."""
        return max(1, sum(turn.tokens for turn in self.turns))

    @property
    def results(self) -> tuple[Result, ...]:
        """What the tools answered to the last calls, while no model has spoken since."""
        return tuple(result for turn in self.turns[last_answer(self.turns) + 1 :] for result in turn.results)


def last_answer(turns: Sequence[Turn]) -> int:
    """The place of the model's last turn; -1: it has not spoken."""
    return max((place for place, turn in enumerate(turns) if turn.role == "assistant"), default=-1)


def check_results(turns: Sequence[Turn]) -> None:
    """A result belongs to a call before it, as both providers insist.

    Raises:
        Unanswerable: it answers a call that nobody made.
    """
    made: set[str] = set()
    for place, turn in enumerate(turns):
        for result in turn.results:
            if result.id not in made:
                raise Unanswerable(
                    f"messages.{place}: a tool's result answers the call `{result.id}`, which is unknown"
                )
        made |= {call.id for call in turn.calls}


def restatable(body: bytes, names: tuple[str, ...]) -> dict[str, Raw]:
    """The fields of those names that say something, as they came; `x_simulated` is at least true.

    Raises:
        MsgspecError: it is no JSON object.
    """
    fields = msgspec.json.decode(body, type=dict[str, Raw])
    found = {name: fields[name] for name in names if name in fields and bytes(fields[name]) != b"null"}
    return {"x_simulated": Raw(b"true")} | found
