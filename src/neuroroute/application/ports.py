"""What the application needs from the world. Adapters live in `infrastructure`."""

from abc import abstractmethod
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from neuroroute.domain.classification import Reading
from neuroroute.domain.completion import Completion, CompletionEvent
from neuroroute.domain.forecast import Warm
from neuroroute.domain.health import ModelHealth
from neuroroute.domain.model import ModelCard, ModelId, ProviderName
from neuroroute.domain.prompt import Prompt
from neuroroute.domain.rate_limit import Allowance
from neuroroute.domain.record import RoutedPrompt
from neuroroute.domain.routing import Selection


class Provider(Protocol):
    """Something that answers prompts."""

    @abstractmethod
    def answer(
        self, prompt: Prompt, card: ModelCard, *, timeout: float, stall: float | None = None
    ) -> AsyncGenerator[CompletionEvent, None]:
        """The answer, piece by piece, ending with `Finished`. The first event is content, or the end.

        `timeout` bounds, in seconds, the whole call of an unstreamed prompt; of a streamed one the time to the first
        event. `stall` bounds each silence after that; `None` is `timeout`. Closing the generator closes the connection.

        Raises:
            ProviderFailed: before or between events; nothing else escapes an adapter.
        """
        ...

    @abstractmethod
    def drops(self, prompt: Prompt) -> Sequence[str]:
        """What it would leave out of `prompt` for not speaking the caller's language: paths in the caller's request."""
        ...

    @abstractmethod
    async def probe(self) -> None:
        """Ask whether the provider is there, at no cost.

        Raises:
            ProviderFailed: it is not, or does not accept our key.
        """
        ...


class Classifier(Protocol):
    """Says what kind of prompt it is, in microseconds and without waiting for anything."""

    @abstractmethod
    def classify(self, prompt: Prompt) -> Reading: ...


class TokenCounter(Protocol):
    """Says how many tokens a prompt has, without waiting for anything."""

    @abstractmethod
    def count(self, prompt: Prompt) -> int:
        """Tokens of all of it: words, pictures, files, tools, and what holds the messages together.

        An estimate, as the models' makers count differently; rather too many than too few. Takes 20 ms at most,
        however long the prompt. Never raises.
        """
        ...


class Registered(Struct, frozen=True):
    """A model of the catalogue, and whether it can be asked."""

    card: ModelCard
    error: str | None = None
    """Why it cannot: no key."""


class ModelCatalog(Protocol):
    """The enabled models, in registry order."""

    version: str
    """Changes whenever a card or the place it is served from does."""

    @abstractmethod
    def cards(self) -> Sequence[ModelCard]:
        """Those that can be asked."""
        ...

    @abstractmethod
    def registered(self) -> Sequence[Registered]:
        """All, also those without a key."""
        ...

    @abstractmethod
    def providers(self) -> Mapping[ProviderName, Provider]:
        """Who serves the cards."""
        ...


class CachedAnswer(Struct, frozen=True, kw_only=True):
    """A whole, clean answer, and why that model gave it."""

    model: ModelId
    selection: Selection
    completion: Completion
    latency_ms: int
    """Of the call that filled the cache."""


class ResponseCache(Protocol):
    """Remembers answers. Best effort: a broken cache reads as empty, takes one short time-out at most, never raises."""

    @abstractmethod
    async def get(self, key: str) -> CachedAnswer | None: ...

    @abstractmethod
    async def put(self, key: str, answer: CachedAnswer, *, ttl: float | None) -> None:
        """Keep for `ttl` seconds; `None` is the cache's own default. Known to `get` when this returns."""
        ...

    @abstractmethod
    async def clear(self, model: ModelId | None) -> int:
        """Forget one model's answers, or all; says how many were forgotten. Other instances follow within a second."""
        ...


class HealthBoard(Protocol):
    """What is known of every model's health, in this process."""

    @abstractmethod
    def of(self, model: ModelId) -> ModelHealth:
        """Unknown until something was shown."""
        ...

    @abstractmethod
    def show(self, model: ModelId, health: ModelHealth) -> None: ...

    @abstractmethod
    def unfit(self, now: float) -> Mapping[ModelId, str]:
        """The models that their health takes out of the choice, with the reason."""
        ...

    @abstractmethod
    def latency_ms(self) -> Mapping[ModelId, int]:
        """What a usual answer lately took to be whole, of the models that have answered. A copy."""
        ...


class Conversations(Protocol):
    """Remembers for some minutes who answered a conversation last: as long as providers keep its prompt in a cache.

    Best effort: a broken store knows nothing, takes one short time-out at most, and never raises.
    """

    @abstractmethod
    async def last(self, key: str) -> Warm | None: ...

    @abstractmethod
    def keep(self, key: str, warm: Warm) -> None:
        """Known to `last` soon after this returns, to other instances too as far as they share a store."""
        ...


class RateLimiter(Protocol):
    """Counts the requests of callers that have a limit; of these exactly as many are admitted as it says."""

    @abstractmethod
    async def take(self, caller: str, *, limit: int) -> Allowance:
        """Ask for one request of `limit` a minute. A refused one does not count. Waits a moment at most; never raises.

        Every instance counts together, as far as they share a store that can be reached.
        """
        ...


class Observer(Protocol):
    """Told of every prompt, soon after it has ended. Must not wait and must not raise."""

    @abstractmethod
    def observe(self, records: Sequence[RoutedPrompt]) -> None:
        """At least one record, in the order in which the prompts ended; each is told once."""
        ...


class LedgerRoom(Protocol):
    """Whether what happens can still be recorded."""

    @property
    @abstractmethod
    def full(self) -> bool:
        """The database has been away for so long that no new prompt should be taken."""
        ...


class ResourceMeter(Protocol):
    """How this process does. Whoever serves requests counts them in `in_flight`."""

    in_flight: int

    @abstractmethod
    def snapshot(self) -> Struct:
        """Processor, memory, event-loop lag, requests in flight: short."""
        ...

    @abstractmethod
    def detail(self) -> Struct:
        """The same and more."""
        ...


class MetricsPage(Protocol):
    """The metrics of all workers, as their collector reads them."""

    @abstractmethod
    def render(self) -> tuple[bytes, str]:
        """The page and its media type."""
        ...
