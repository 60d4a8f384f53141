"""What a wire language must offer to be spoken to a provider."""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import Protocol

from neuroroute.domain.completion import Completion, CompletionEvent
from neuroroute.domain.model import ModelCard
from neuroroute.domain.prompt import Prompt


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
    def end(self) -> Iterator[CompletionEvent]:
        """What the end of the bytes completes.

        Raises:
            ProviderUnavailable: they end before the answer does.
        """
        ...


class ProviderDialect(Protocol):
    """A wire language, as pure functions."""

    answer_path: str
    models_path: str

    @abstractmethod
    def headers(self, key: str | None, *, organization: str | None = None) -> Sequence[tuple[str, str]]:
        """What every request carries. A language that knows no organizations leaves it out."""
        ...

    @abstractmethod
    def write_request(self, prompt: Prompt, card: ModelCard) -> bytes: ...

    @abstractmethod
    def read_completion(self, body: bytes) -> Completion:
        """A whole answer.

        Raises:
            ProviderFailed: it is not one.
        """
        ...

    @abstractmethod
    def reader(self) -> EventReader: ...
