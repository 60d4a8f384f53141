"""What a choice of a model is told in: hard limits, a wish, the policy's word, and the decision with its reasons."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from neuroroute.domain.access import Caller
from neuroroute.domain.classification import Features, Reading
from neuroroute.domain.forecast import Circumstances, Forecast
from neuroroute.domain.model import Ability, Dialect, ModelCard, ModelId, NanoUsd
from neuroroute.domain.quality import Estimate

MAX_FALLBACKS = 2
"""How many other models are tried after the chosen one (CONTRACT.md 6)."""


class Priority(StrEnum):
    """What the caller wishes most."""

    SPEED = "speed"
    QUALITY = "quality"
    COST = "cost"


class Pin(StrEnum):
    """How strongly the caller means the model it names."""

    PREFER = "prefer"
    """Others may take its place when it is not there or fails."""
    ONLY = "only"
    """No other is asked, but those that the caller names for it."""


class Requirements(Struct, frozen=True, kw_only=True):
    """Hard limits."""

    model: str | None = None
    pin: Pin = Pin.PREFER
    capabilities: tuple[str, ...] = ()
    fallbacks: tuple[str, ...] = ()
    """With `Pin.ONLY`, the models that may take its place after all, in this order."""
    max_tokens: int | None = None
    """The longest answer that the caller asked for."""
    abilities: frozenset[Ability] = frozenset()
    """What the prompt takes. Like all that follow, asked of no model that the caller pins."""
    most_tokens: int | None = None
    """An upper bound of the prompt's tokens, at hand before anybody counts them; `None` asks for no room."""
    max_cost: NanoUsd | None = None
    """For the whole answer, at the longest."""
    max_latency_ms: int | None = None
    """Until the whole answer is there, as predicted."""
    min_quality: float | None = None
    """0..1, as predicted; only a policy that predicts can hold to it."""
    dialect: Dialect | None = None
    """The only language that can say what is asked; asked of a pinned model too."""
    embeds: bool = False
    """Whether embeddings are asked for, which other models do not make."""


class Objective(Struct, frozen=True, kw_only=True):
    """The soft wish."""

    priority: Priority | None = None
    level: float | None = None
    """From the cheapest, 0, to the best, 10; `None` is what `priority` comes to."""


class SelectionMethod(StrEnum):
    """On what ground the model was chosen (CONTRACT.md 5)."""

    CAPABILITIES = "capability_based"
    CALLER = "user_specified"
    CLASSIFIER = "classifier"
    CLASSIFIER_INSTEAD = "fallback_classification"
    """The caller named a model that is not there."""


class Reasoning(Struct, frozen=True, kw_only=True):
    """The numbers behind a ranking by rules, by model id where they differ by model."""

    keyword_matches: Mapping[str, int]
    features: Features
    model_scores: Mapping[str, float]
    adjusted_scores: Mapping[str, float]


class Stay(Struct, frozen=True, kw_only=True):
    """Whether a conversation stays with its model while that has its prompt in its cache."""

    model: ModelId
    stays: bool
    gain: float
    """What the answer of the model that else were chosen is predicted to be better by, 0..1; negative: worse. It is
    chosen for what it is worth with this model's cache in view."""
    margin: float
    """What it must be better by, or a worse one be worth more by, for leaving."""
    saves_usd: float
    """What the cache spares of this prompt's price: the cost of leaving."""


class Foresight(Struct, frozen=True, kw_only=True):
    """The numbers behind a ranking by predictions."""

    predictor: str
    """The version of its weights."""
    level: float
    """0..10."""
    spends: str
    """`dollars`, or `seconds` where speed is wished for."""
    exchange: float
    """What a unit spent is worth of quality; at level 0 it is infinite, told as -1."""
    forecasts: tuple[Forecast, ...]
    """Of the models in the choice, the best choice first, then those that are worth more first."""
    predicted: Mapping[ModelId, Estimate]
    """As the predictor said, before what feedback taught."""
    typical: Mapping[ModelId, float]
    """Of prompts of which nothing is known, likewise; of all models that the caller may ask."""
    stay: Stay | None = None
    propensity: float = 1.0
    """How probable this very choice was; less than 1 only where models are explored."""
    explored: bool = False


class Ranking(Struct, frozen=True, kw_only=True):
    """What a policy says: which model, how sure, and why."""

    best: ModelId
    confidence: float
    """0..1, three decimals."""
    source: str
    reasoning: Reasoning | None = None
    foresight: Foresight | None = None
    excluded: tuple["Exclusion", ...] = ()
    """By limits that only the policy can judge."""


class RoutingPolicy(Protocol):
    """Ranks models for a classified prompt. Pure: no clock, no I/O, no randomness."""

    name: str

    @abstractmethod
    def rank(
        self,
        cards: Sequence[ModelCard],
        reading: Reading,
        *,
        allowed: Sequence[ModelCard],
        requirements: Requirements,
        objective: Objective,
        circumstances: Circumstances,
    ) -> Ranking:
        """The ranking of at least one of `cards`, out of all that the caller is `allowed` to ask.

        Raises:
            TypeError: `reading` is another classifier's.
            NothingFits: none of `cards` is within the limits that only the policy can judge.
        """
        ...


class Selection(Struct, frozen=True, kw_only=True):
    """Which model was chosen before its health was looked at, and why."""

    method: SelectionMethod
    model: ModelId
    required: tuple[str, ...] = ()
    ranking: Ranking | None = None


class Exclusion(Struct, frozen=True):
    """A model that is not asked, and why."""

    model: ModelId
    reason: str


class RoutingDecision(Struct, frozen=True, kw_only=True):
    """The models to ask, in order, and why."""

    selection: Selection
    candidates: tuple[ModelCard, ...]
    """At least one. The first is the chosen model unless its health took it out, which it does to no pinned one."""
    excluded: tuple[Exclusion, ...] = ()
    policy: str

    @property
    def switched(self) -> Exclusion | None:
        """Why the chosen model is not the first to be asked, when it is not."""
        if self.candidates[0].id == self.selection.model:
            return None
        return next((out for out in self.excluded if out.model == self.selection.model), None)


def rank_of(card: ModelCard, priority: Priority) -> int:
    """The model's place under `priority`, 1 is best."""
    match priority:
        case Priority.SPEED:
            return card.ranks.speed
        case Priority.COST:
            return card.ranks.cost
        case Priority.QUALITY:
            return card.ranks.quality


def find(cards: Sequence[ModelCard], model: str | None) -> ModelCard | None:
    """The one of that id."""
    return next((card for card in cards if card.id == model), None)


def named(cards: Sequence[ModelCard], name: str, caller: Caller) -> ModelCard | None:
    """Whom a caller means by `name`: a catalogue's id, else what a provider calls a model (`ModelCard.upstream`).

    Of several models that providers call the same it is the first, in the order of `cards`, that the caller may ask;
    when it may ask none of them, the first.
    """
    if (card := find(cards, name)) is not None:
        return card
    called = [card for card in cards if card.upstream == name]
    return next((card for card in called if caller.may_ask(card.id)), called[0] if called else None)
