"""What every simulated wire language is asked for: the provider's own ways, and one surface for each way to ask."""

from abc import abstractmethod
from typing import Protocol

from neuroroute.infrastructure.simulated.conversation import Asked
from neuroroute.infrastructure.simulated.replies import Reply
from neuroroute.infrastructure.simulated.wire import Endpoint, Piece, Request


class Surface(Protocol):
    """One way to ask for an answer: chat completions, responses, messages."""

    @abstractmethod
    def asked(self, request: Request) -> Asked:
        """Read a request.

        Raises:
            Unanswerable: it is malformed.
        """
        ...

    @abstractmethod
    def whole(self, reply: Reply, asked: Asked, *, usage: bool, choices: bool) -> bytes:
        """The body of an unstreamed answer; without the usage, or without any choice, when told so."""
        ...

    @abstractmethod
    def events(self, reply: Reply, asked: Asked, *, usage: bool, choices: bool) -> list[Piece]:
        """The server-sent events of a streamed answer, one piece each."""
        ...

    @abstractmethod
    def error_event(self, request: Request, message: str, code: str | None, *, place: int) -> bytes:
        """An error told inside a stream, after `place` events."""
        ...


class Language(Protocol):
    """A provider's language, as the provider speaks it."""

    @abstractmethod
    def endpoint(self, request: Request) -> Endpoint: ...

    @abstractmethod
    def surface(self, endpoint: Endpoint) -> Surface | None:
        """Who reads and answers requests there; none where no model is asked."""
        ...

    @abstractmethod
    def key(self, request: Request) -> str:
        """The caller's key, or nothing."""
        ...

    @abstractmethod
    def error(self, request: Request, status: int, message: str, code: str | None) -> bytes:
        """An error's body. `code` replaces the provider's word for the status."""
        ...

    @abstractmethod
    def models(self, path: str, padding: str) -> bytes:
        """The list of models, or the one that the path names.

        Raises:
            Unanswerable: there is none of that name.
        """
        ...

    @abstractmethod
    def unknown(self, request: Request) -> tuple[int, bytes]:
        """Status and body of the answer at a path that the provider does not serve."""
        ...

    @abstractmethod
    def request_id(self, request: Request) -> tuple[str, str]:
        """The header by which the provider names a request."""
        ...
