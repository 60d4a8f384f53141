"""What an answer is expected to take of a model: money by its price, time by what it really showed lately."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec import Struct

from neuroroute.domain.completion import Usage
from neuroroute.domain.feedback import Correction
from neuroroute.domain.model import ModelCard, ModelId, NanoUsd
from neuroroute.domain.quality import Estimate

ANSWER_TOKENS: Final = 200
"""The length of an answer that nobody knows yet: what the price lists of the data that we learn from reckon with."""
_FRESH: Final = 0.2
"""The share that the latest answer has in a model's pace."""


class Pace(Struct, frozen=True, kw_only=True):
    """How fast a model answered lately: each answer counts a fifth, those before it the rest."""

    first_seconds: float
    """Until its first token."""
    token_seconds: float
    """For each token after that."""

    def seconds(self, tokens: int) -> float:
        """Until an answer of so many tokens is whole."""
        return self.first_seconds + tokens * self.token_seconds

    def after(self, latest: "Pace") -> "Pace":
        return Pace(
            first_seconds=self.first_seconds + _FRESH * (latest.first_seconds - self.first_seconds),
            token_seconds=self.token_seconds + _FRESH * (latest.token_seconds - self.token_seconds),
        )


class Warm(Struct, frozen=True, kw_only=True):
    """Who answered a conversation a moment ago, and has it in its prompt cache."""

    model: ModelId
    tokens: int
    """Of the prompt that it has."""


class Exploration(Struct, frozen=True, kw_only=True):
    """Some prompts are answered by another model than the best, to learn of it."""

    share: float
    """Of the prompts, 0..1."""
    budget: NanoUsd
    """What the other model may cost more than the best one, at most."""
    draw: float
    """The chance of this prompt, 0 <= draw < 1."""


class Circumstances(Struct, frozen=True, kw_only=True):
    """What a choice depends on besides the prompt, the cards and the caller's word."""

    prompt_tokens: int = 0
    """Reckoned from its characters, and no more than `Requirements.most_tokens`; counted where it depends on them which
    model a limit of cost lets in first (`domain.learned_policy.lets_in_by_length`)."""
    latency_ms: Mapping[ModelId, int] = {}
    """Of a usual answer, of the models that have answered lately."""
    corrections: Mapping[ModelId, Correction] = {}
    """What feedback taught."""
    warm: Warm | None = None
    exploration: Exploration | None = None

    def latency_of(self, card: ModelCard) -> int:
        """Milliseconds until the whole of a usual answer is there."""
        return self.latency_ms.get(card.id, card.avg_latency_ms)


class Forecast(Struct, frozen=True, kw_only=True):
    """What is expected of a model's answer to a prompt."""

    model: ModelId
    quality: Estimate | None = None
    """`None` where the policy does not predict any."""
    cost: NanoUsd | None
    """`None` is unpriced."""
    latency_ms: int


def expected_usage(prompt_tokens: int, *, longest: int | None, cached: int = 0) -> Usage:
    """Of an answer that may have `longest` tokens; `cached` of the prompt's are in the provider's cache."""
    tokens = ANSWER_TOKENS if longest is None else min(ANSWER_TOKENS, longest)
    return Usage(
        prompt_tokens=prompt_tokens, completion_tokens=tokens, cached_tokens=min(cached, prompt_tokens), estimated=True
    )


def foretell(
    cards: Sequence[ModelCard],
    qualities: Iterable[Estimate | None],
    circumstances: Circumstances,
    *,
    longest: int | None,
) -> list[Forecast]:
    """Of each of `cards`; a prompt that a model has in its cache costs it less."""
    warm, tokens = circumstances.warm, circumstances.prompt_tokens
    usage = expected_usage(tokens, longest=longest)
    usages = {} if warm is None else {warm.model: expected_usage(tokens, longest=longest, cached=warm.tokens)}
    return [
        Forecast(
            model=card.id,
            quality=quality,
            cost=None if card.price is None else card.price.of(usages.get(card.id, usage)),
            latency_ms=circumstances.latency_of(card),
        )
        for card, quality in zip(cards, qualities, strict=True)
    ]
