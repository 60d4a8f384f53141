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


class Finished(Struct, frozen=True, tag="finished"):
    """The provider said that the answer is complete. Always the last event; its absence means a cut."""

    reason: FinishReason
    native_reason: str
    """The provider's own word for `reason`."""
    usage: Usage | None
    """`None` when the provider does not say."""
    model: str | None = None
    """What the provider calls the model that answered."""


CompletionEvent: TypeAlias = TextDelta | Finished


class Completion(Struct, frozen=True):
    """A whole answer. `fold` and `replay` are inverse: folding what `replay` yields gives an equal completion."""

    text: str
    finished: Finished

    @classmethod
    def fold(cls, events: Iterable[CompletionEvent]) -> "Completion | None":
        """The events added up; `None` when they end without `Finished`."""
        text: list[str] = []
        for event in events:
            match event:
                case TextDelta():
                    text.append(event.text)
                case Finished():
                    return cls("".join(text), event)
        return None

    def replay(self) -> Iterator[CompletionEvent]:
        """The fewest events that fold to this completion."""
        if self.text:
            yield TextDelta(self.text)
        yield self.finished

    @property
    def is_clean(self) -> bool:
        """Whole, said by the model's own will, and not empty: what may be told again to the next who asks."""
        return self.finished.reason is FinishReason.STOP and bool(self.text)
