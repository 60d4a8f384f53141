"""What every simulated wire language shares: who is played, what was asked, what is replied, what goes out."""

from abc import abstractmethod
from collections.abc import Sequence
from enum import Enum, StrEnum
from typing import Protocol

from msgspec import Raw, Struct


class Persona(StrEnum):
    """Whom a port plays; also the scopes of faults."""

    OPENAI = "openai"
    ANTHROPIC = "anthropic"
    LOCAL = "local"
    """An LM-Studio-like server: OpenAI's language, no key, `model` may be left out."""


class Endpoint(StrEnum):
    """What a simulated provider can be asked."""

    COMPLETIONS = "completions"
    MODELS = "models"
    COUNT_TOKENS = "count_tokens"
    UNKNOWN = "unknown"


class Request(Struct, frozen=True):
    """One HTTP request, whole."""

    method: str
    path: str
    """Without its query."""
    headers: tuple[tuple[str, str], ...]
    """Lower-case names, as they came."""
    body: bytes

    def header(self, name: str) -> str:
        """The first of that lower-case name, or nothing."""
        return next((value for known, value in self.headers if known == name), "")


class Unanswerable(Exception):
    """The request is wrong by the provider's own rules. The message is told to the caller, in the provider's shape."""

    def __init__(self, message: str, *, status: int = 400, code: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class WantedTool(Struct, frozen=True):
    """A tool that the caller insists on."""

    name: str
    schema: Raw
    """Of its arguments, as it came."""


class Asked(Struct, frozen=True, kw_only=True):
    """A completion request, in nobody's dialect."""

    model: str
    transcript: tuple[tuple[str, str], ...]
    """(role, text) in order; the system's word first."""
    prompt: str
    """The text of the last message of the user: where markers are looked for."""
    max_tokens: int | None
    stops: tuple[str, ...]
    stream: bool
    include_usage: bool
    tool: WantedTool | None


class Finish(Enum):
    """Why the reply ends."""

    NATURAL = "natural"
    LENGTH = "length"
    STOP_SEQUENCE = "stop sequence"
    TOOL = "tool"


class ToolCall(Struct, frozen=True):
    """A call of the tool that was insisted on."""

    id: str
    name: str
    arguments: str
    """JSON, made from the tool's schema."""


class Reply(Struct, frozen=True, kw_only=True):
    """What is answered, in nobody's dialect."""

    id: str
    """Hexadecimal; the same for the same request and seed."""
    model: str
    tokens: tuple[str, ...]
    """The text, cut where a stream is cut: one event each."""
    prompt_tokens: int
    completion_tokens: int
    finish: Finish
    stop_sequence: str | None = None
    tool_call: ToolCall | None = None
    first_token: float
    """Seconds from the request to the first token."""
    per_token: float
    """Seconds between tokens."""

    @property
    def text(self) -> str:
        return "".join(self.tokens)

    @property
    def duration(self) -> float:
        """Seconds from the request to the last token."""
        return self.first_token + self.per_token * max(0, self.completion_tokens - 1)


class Stage(Enum):
    """Where in an answer a piece stands."""

    OPENING = "opening"
    """Says that an answer begins; no content yet."""
    CONTENT = "content"
    FINISHING = "finishing"
    """Why it ended, and the usage."""
    TERMINATOR = "terminator"
    """`[DONE]`, `message_stop`."""


class Piece(Struct, frozen=True):
    """Bytes of a body that go out together."""

    data: bytes
    stage: Stage
    at: float = 0.0
    """Seconds after the headers."""
    times: int = 1
    """How often the bytes are sent: how a huge body stays small in memory."""


class Response(Struct, frozen=True, kw_only=True):
    """One HTTP response."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    content_type: str = "application/json"
    pieces: Sequence[Piece]
    chunked: bool = False
    """Chunked transfer coding instead of a content length."""


class Wire(Protocol):
    """A provider's language, as the provider speaks it."""

    @abstractmethod
    def endpoint(self, request: Request) -> Endpoint: ...

    @abstractmethod
    def key(self, request: Request) -> str:
        """The caller's key, or nothing."""
        ...

    @abstractmethod
    def asked(self, request: Request) -> Asked:
        """Read a completion request, or one to count its tokens.

        Raises:
            Unanswerable: it is malformed.
        """
        ...

    @abstractmethod
    def whole(self, reply: Reply, *, usage: bool, choices: bool) -> bytes:
        """The body of an unstreamed answer; without the usage, or without any choice, when told so."""
        ...

    @abstractmethod
    def events(self, reply: Reply, asked: Asked, *, usage: bool, choices: bool) -> list[Piece]:
        """The server-sent events of a streamed answer, one piece each."""
        ...

    @abstractmethod
    def error(self, status: int, message: str, code: str | None) -> bytes:
        """An error's body. `code` replaces the provider's word for the status."""
        ...

    @abstractmethod
    def error_event(self, message: str, code: str | None) -> bytes:
        """An error told inside a stream."""
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
    def counted(self, tokens: int) -> bytes:
        """The body that says how many tokens a prompt has."""
        ...

    @abstractmethod
    def request_id(self, unique: str) -> tuple[str, str]:
        """The header by which the provider names a request."""
        ...
