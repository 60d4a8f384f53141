"""The models we can route to, as declared facts."""

from enum import StrEnum
from typing import NewType

from msgspec import Struct

from neuroroute.domain.completion import Usage

ModelId = NewType("ModelId", str)
ProviderName = NewType("ProviderName", str)
NanoUsd = NewType("NanoUsd", int)
"""Money: whole nano-dollars, never a float."""

_MILLION = 1_000_000


class Dialect(StrEnum):
    """The wire language a provider speaks."""

    OPENAI = "openai"
    ANTHROPIC = "anthropic"


class Wire(StrEnum):
    """A language in which a caller asks, and an endpoint of the provider that speaks the same."""

    CHAT = "chat"
    """OpenAI's chat completions."""
    RESPONSES = "responses"
    """OpenAI's responses."""
    EMBEDDINGS = "embeddings"
    """OpenAI's embeddings."""
    MESSAGES = "messages"
    """Anthropic's messages."""
    COUNT_TOKENS = "count_tokens"
    """Anthropic's count of a message's tokens."""


class Ability(StrEnum):
    """What a model can take or give. A prompt goes to no model that lacks what it needs, unless the model is pinned."""

    TOOLS = "tools"
    IMAGES = "images"
    FILES = "files"
    AUDIO = "audio"
    JSON_SCHEMA = "json_schema"
    """Answers that match a schema."""


class Price(Struct, frozen=True, kw_only=True):
    """Nano-dollars per million tokens: $2.50 per million is 2_500_000_000."""

    prompt: int
    completion: int
    cached: int | None = None
    """For tokens read from the provider's cache; `None` is the price of any prompt token."""
    cache_write: int | None = None
    """For tokens written to the provider's cache, likewise."""

    def of(self, usage: Usage) -> NanoUsd:
        """What `usage` costs, rounded half up to a nano-dollar: the only arithmetic of cost."""
        exact = self.prompt * usage.prompt_tokens + self.completion * usage.completion_tokens
        if usage.cached_tokens or usage.cache_write_tokens:
            cached = min(usage.cached_tokens, usage.prompt_tokens)
            kept = min(usage.cache_write_tokens, usage.prompt_tokens - cached)
            exact -= 0 if self.cached is None else (self.prompt - self.cached) * cached
            exact -= 0 if self.cache_write is None else (self.prompt - self.cache_write) * kept
        return NanoUsd((exact + _MILLION // 2) // _MILLION)


class Ranks(Struct, frozen=True, kw_only=True):
    """The model's place under each priority, 1 is best. The numbers are the earlier registry's (CONTRACT.md 3)."""

    speed: int = 2
    cost: int = 2
    quality: int = 2


class ModelCard(Struct, frozen=True, kw_only=True):
    """Declared facts about one model."""

    id: ModelId
    name: str
    provider: ProviderName
    dialect: Dialect
    upstream: str | None
    """The provider's own name of the model; `None` asks for whichever it has loaded."""
    capabilities: tuple[str, ...]
    max_tokens: int
    """The most tokens that it can read and write, or write: as its maker states it."""
    avg_latency_ms: int
    price: Price | None
    """`None` is unpriced: shown as such and never counted as free."""
    ranks: Ranks = Ranks()
    context_window: int | None = None
    """The most tokens that it can read, where that is known."""
    abilities: frozenset[Ability] = frozenset()
    embedding_space: str | None = None
    """Of a model that makes embeddings and nothing else: models of one space stand in for each other."""

    def lacks(self, required: tuple[str, ...]) -> int:
        """How many of the required capabilities the model does not have."""
        return sum([capability not in self.capabilities for capability in required]) if required else 0
