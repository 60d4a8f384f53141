"""What a wire language must offer to be spoken to a provider."""

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

import msgspec
from msgspec import Struct

from neuroroute.domain.completion import CompletionEvent
from neuroroute.domain.errors import ProviderWords
from neuroroute.domain.model import ModelCard
from neuroroute.domain.prompt import Prompt, Wording

_encode = msgspec.json.Encoder().encode


class EventReader(Protocol):
    """Reads one streamed answer. However the bytes are cut, the same events come out."""

    @abstractmethod
    def feed(self, chunk: bytes) -> Iterator[CompletionEvent]:
        """The events that `chunk` completes, to be read to their end. The first of a stream is content, or `Finished`.

        Raises:
            ProviderFailed: after the events before it: the provider talks nonsense, or tells of an error.
        """
        ...

    @abstractmethod
    def end(self, *, framed: bool) -> Iterator[CompletionEvent]:
        """What the end of the bytes completes. `framed`: HTTP itself says that this is their end, not a closed socket.

        Raises:
            ProviderUnavailable: they end before the answer does.
        """
        ...


class Reading(Protocol):
    """How the answers to one call are read."""

    @abstractmethod
    def whole(self, body: bytes) -> Iterable[CompletionEvent]:
        """A whole answer, as the fewest events.

        Raises:
            ProviderFailed: it is not one, or tells of an error.
        """
        ...

    @abstractmethod
    def stream(self) -> EventReader:
        """For one streamed answer."""
        ...


class Call(Struct, frozen=True, kw_only=True):
    """What is sent for one prompt, and how what comes back is read."""

    path: str
    body: bytes
    headers: Sequence[tuple[str, str]] = ()
    """Beyond those of every request."""
    reading: Reading
    mismatched: Reading
    """For a provider that streams though it was not asked to, or does not though it was: never word for word."""


class ProviderDialect(Protocol):
    """A wire language, as pure functions."""

    models_path: str

    @abstractmethod
    def headers(self, key: str | None, *, organization: str | None = None) -> Sequence[tuple[str, str]]:
        """What every request carries. A language that knows no organizations leaves it out."""
        ...

    @abstractmethod
    def call(self, prompt: Prompt, card: ModelCard) -> Call:
        """The prompt, word for word where the caller speaks this language, else translated.

        `Requirements.dialect` keeps away what can be neither.
        """
        ...

    @abstractmethod
    def words(self, body: bytes) -> ProviderWords:
        """What the body of a failed answer says, whatever it is: at most 2,000 characters of message. Never raises."""
        ...

    @abstractmethod
    def drops(self, prompt: Prompt) -> Sequence[str]:
        """What `call` leaves out: paths in the caller's request. Nothing where the caller speaks this language."""
        ...


def relayed(wording: Wording, card: ModelCard) -> bytes:
    """The caller's own body, with the provider's name of the model."""
    if card.upstream is None:
        return _encode({name: value for name, value in wording.body.items() if name != "model"})
    return _encode({**wording.body, "model": card.upstream})


def most_tokens_of(prompt: Prompt, card: ModelCard, asked: int) -> int:
    """The longest answer to ask for: what the caller of a wire language says, who is told if it is too much.

    Callers of the earlier service's language get what the model can write, as ever (CONTRACT.md 2).
    """
    return min(asked, card.max_tokens) if prompt.wording is None else asked
