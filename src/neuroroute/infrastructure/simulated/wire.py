"""What goes in and out of a simulated provider over HTTP, whichever language it speaks."""

import hashlib
from collections.abc import Sequence
from enum import Enum, StrEnum

from msgspec import Struct


class Persona(StrEnum):
    """Whom a port plays; also the scopes of faults."""

    OPENAI = "openai"
    ANTHROPIC = "anthropic"
    LOCAL = "local"
    """An LM-Studio-like server: OpenAI's language, no key, `model` may be left out."""


class Endpoint(StrEnum):
    """What a simulated provider can be asked."""

    COMPLETIONS = "completions"
    RESPONSES = "responses"
    EMBEDDINGS = "embeddings"
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

    @property
    def id(self) -> str:
        """The provider's name for it: the same for the same body."""
        return f"req_{hashlib.sha256(self.body).hexdigest()[:24]}"


class Unanswerable(Exception):
    """The request is wrong by the provider's own rules. The message is told to the caller, in the provider's shape."""

    def __init__(self, message: str, *, status: int = 400, code: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class Stage(Enum):
    """Where in an answer a piece stands."""

    OPENING = "opening"
    """Says that an answer, or a part of one, begins; or that a part ends which is not the last. No content."""
    CONTENT = "content"
    FINISHING = "finishing"
    """Why it ended, and the usage."""
    TERMINATOR = "terminator"
    """`[DONE]`, `message_stop`, `response.completed`."""


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
