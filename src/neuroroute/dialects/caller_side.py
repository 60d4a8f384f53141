"""What a wire language must offer to be spoken by callers."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from neuroroute.domain.completion import Completion, CompletionEvent
from neuroroute.domain.errors import PromptRejected
from neuroroute.domain.model import Ability, Dialect, Wire
from neuroroute.domain.prompt import Prompt


class InvalidRequest(PromptRejected):
    """The body says something that its fields do not allow."""

    def __init__(self, message: str, *, param: str | None = None) -> None:
        super().__init__(message)
        self.param = param
        """Path of the field: `messages[0].role`."""


class Asked(Struct, frozen=True, kw_only=True):
    """A request as it was read."""

    model: str
    prompt: Prompt
    abilities: frozenset[Ability] = frozenset()
    """What a model needs to take the prompt."""
    most_tokens: int | None = None
    """An upper bound of its tokens; `None` when nothing is known of it."""
    tells_usage: bool = True
    """Whether a stream is to tell the usage."""


class Told(Struct, frozen=True, kw_only=True):
    """What an answer says besides what the model said. Unused where it is told word for word."""

    id: str
    """32 hex digits."""
    model: str
    created: int
    """Epoch seconds."""
    prompt_tokens: int
    """Our estimate, for languages that begin with it."""
    tells_usage: bool


class ApiError(Struct, frozen=True, kw_only=True):
    """A failure as it is told to a caller."""

    status: int
    message: str
    code: str | None = None
    """Ours: one word of a closed set; or the provider's own."""
    type: str | None = None
    """The provider's own word, where it spoke the caller's language; else the language has one for the status."""
    param: str | None = None
    request_id: str


class AnswerWriter(Protocol):
    """Writes one streamed answer, as server-sent events."""

    @abstractmethod
    def write(self, event: CompletionEvent) -> bytes:
        """What the caller reads of `event`: any number of server-sent events. `Finished` brings the terminal one."""
        ...

    @abstractmethod
    def cut(self, error: ApiError) -> bytes:
        """The end of an answer that was cut: an error event, and nothing that says that it is whole."""
        ...


class CallerDialect(Protocol):
    """A wire language, as pure functions."""

    wire: Wire
    only: Dialect | None
    """The providers' language that alone can carry it, where nothing translates it."""

    @abstractmethod
    def read(self, body: Mapping[str, object], headers: Sequence[tuple[str, str]]) -> Asked:
        """What a decoded body asks, which holds nothing that is said to the router.

        `headers` are all of the request, names in lower case; those of the language go into the `Wording`.

        Raises:
            InvalidRequest: naming the field.
        """
        ...

    @abstractmethod
    def write(self, completion: Completion, told: Told) -> bytes:
        """A whole answer, one that is not told word for word."""
        ...

    @abstractmethod
    def writer(self, told: Told) -> AnswerWriter: ...

    @abstractmethod
    def write_error(self, error: ApiError) -> bytes: ...
