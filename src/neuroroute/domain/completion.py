"""What a model answers: a sequence of events, or the whole they add up to."""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import TypeAlias

from msgspec import Struct


class FinishReason(StrEnum):
    """Why a model stopped, in nobody's dialect."""

    STOP = "stop"
    LENGTH = "length"
    TOOL_CALL = "tool_call"
    FILTERED = "filtered"
    OTHER = "other"


class Usage(Struct, frozen=True, kw_only=True):
    """Tokens of one answer."""

    prompt_tokens: int = 0
    """All that were read, with those that the provider's cache spared or kept."""
    completion_tokens: int = 0
    """All that were written, with those of reasoning that nobody was shown."""
    cached_tokens: int = 0
    """Of `prompt_tokens`, read from the provider's cache."""
    cache_write_tokens: int = 0
    """Of `prompt_tokens`, written to the provider's cache."""
    reasoning_tokens: int = 0
    """Of `completion_tokens`."""
    estimated: bool = False
    """True when the provider did not say and the figures are our estimate."""

    @property
    def total_tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens

    @classmethod
    def estimate(cls, *, prompt_characters: int, completion_characters: int) -> "Usage":
        """Four characters a token, as the earlier service counted when a provider was silent (CONTRACT.md 2)."""
        return cls(prompt_tokens=prompt_characters // 4, completion_tokens=completion_characters // 4, estimated=True)


class TextDelta(Struct, frozen=True, tag="text"):
    """A piece of the answer's text."""

    text: str


class ReasoningDelta(Struct, frozen=True, tag="reasoning"):
    """A piece of what the model thinks before it answers."""

    text: str


class ToolCallDelta(Struct, frozen=True, tag="tool_call_delta"):
    """A piece of a call. The first of an `index` has its `id` and `name`, and may have all of it."""

    index: int
    """Counts the calls of the answer, from 0."""
    id: str = ""
    name: str = ""
    arguments: str = ""


class ToolCall(Struct, frozen=True, tag="tool_call"):
    """The model wants a tool to be run."""

    id: str
    name: str
    arguments: str
    """JSON, as the model wrote it; it may be broken."""


class Verbatim(Struct, frozen=True, tag="verbatim"):
    """A piece of the answer word for word, for a caller who speaks the provider's language.

    Of a stream it is whole server-sent events, ready to be sent; of a whole answer its body. An answer is told in these
    alone or not in these at all.
    """

    data: bytes
    characters: int
    """Of the text in it."""


class Finished(Struct, frozen=True, tag="finished"):
    """The provider said that the answer is complete. Always the last event; its absence means a cut."""

    reason: FinishReason
    native_reason: str
    """The provider's own word for `reason`."""
    usage: Usage | None
    """`None` when the provider does not say."""
    model: str | None = None
    """What the provider calls the model that answered."""
    stop_sequence: str | None = None
    """The text of `Sampling.stop` before which it stopped, when the provider says."""
    verbatim: bytes = b""
    """The event by which the stream says its end, when it is told word for word."""


CompletionEvent: TypeAlias = TextDelta | ReasoningDelta | ToolCallDelta | Verbatim | Finished


class Completion(Struct, frozen=True):
    """A whole answer. `fold` and `replay` are inverse: folding what `replay` yields gives an equal completion."""

    text: str
    finished: Finished
    reasoning: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    verbatim: tuple[Verbatim, ...] = ()
    """All of it, when it is told word for word; the others are empty then."""

    @classmethod
    def fold(cls, events: Iterable[CompletionEvent]) -> "Completion | None":
        """The events added up; `None` when they end without `Finished`."""
        folding = Folding()
        for event in events:
            if (completion := folding.add(event)) is not None:
                return completion
        return None

    def replay(self) -> Iterator[CompletionEvent]:
        """The fewest events that fold to this completion."""
        yield from self.verbatim
        if self.reasoning:
            yield ReasoningDelta(self.reasoning)
        if self.text:
            yield TextDelta(self.text)
        for index, call in enumerate(self.tool_calls):
            yield ToolCallDelta(index, call.id, call.name, call.arguments)
        yield self.finished

    @property
    def is_clean(self) -> bool:
        """Whole, said by the model's own will, and not empty: what may be told again to the next who asks."""
        return self.finished.reason is FinishReason.STOP and bool(self.text or self.verbatim)


class Folding:
    """Events being added up."""

    def __init__(self) -> None:
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._calls: dict[int, list[ToolCallDelta]] = {}
        self._verbatim: list[Verbatim] = []

    def add(self, event: CompletionEvent) -> Completion | None:
        """The completion, once `event` is its end."""
        match event:
            case TextDelta():
                self._text.append(event.text)
            case Verbatim():
                self._verbatim.append(event)
            case ReasoningDelta():
                self._reasoning.append(event.text)
            case ToolCallDelta():
                self._calls.setdefault(event.index, []).append(event)
            case Finished():
                return Completion(
                    "".join(self._text),
                    event,
                    "".join(self._reasoning),
                    tuple([_call(self._calls[index]) for index in sorted(self._calls)]),
                    tuple(self._verbatim),
                )
        return None


def _call(pieces: list[ToolCallDelta]) -> ToolCall:
    return ToolCall(
        "".join([piece.id for piece in pieces]),
        "".join([piece.name for piece in pieces]),
        "".join([piece.arguments for piece in pieces]),
    )


def characters_of(event: CompletionEvent) -> int:
    """Characters that the model wrote in it."""
    match event:
        case TextDelta() | ReasoningDelta():
            return len(event.text)
        case ToolCallDelta():
            return len(event.name) + len(event.arguments)
        case Verbatim():
            return event.characters
        case Finished():
            return 0
