"""How a model is chosen: hard limits, a wish, what is known, and the decision with its reasons."""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from neuroroute.domain.access import Caller
from neuroroute.domain.classification import Classification, Features
from neuroroute.domain.errors import ModelNotAllowed, NoEligibleModel, UnknownModel
from neuroroute.domain.model import Ability, Dialect, ModelCard, ModelId, NanoUsd

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
    """No other is asked."""


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
    dialect: Dialect | None = None
    """The only language that can say what is asked; asked of a pinned model too."""
    embeds: bool = False
    """Whether embeddings are asked for, which other models do not make."""


class Objective(Struct, frozen=True, kw_only=True):
    """The soft wish."""

    priority: Priority | None = None


class SelectionMethod(StrEnum):
    """On what ground the model was chosen (CONTRACT.md 5)."""

    CAPABILITIES = "capability_based"
    CALLER = "user_specified"
    CLASSIFIER = "classifier"
    CLASSIFIER_INSTEAD = "fallback_classification"
    """The caller named a model that is not there."""


class Reasoning(Struct, frozen=True, kw_only=True):
    """The numbers behind a ranking, by model id where they differ by model."""

    keyword_matches: Mapping[str, int]
    features: Features
    model_scores: Mapping[str, float]
    adjusted_scores: Mapping[str, float]


class Ranking(Struct, frozen=True, kw_only=True):
    """What a policy says: which model, how sure, and why."""

    best: ModelId
    confidence: float
    """0..1, three decimals."""
    source: str
    reasoning: Reasoning


class RoutingPolicy(Protocol):
    """Ranks models for a classified prompt. Pure: no clock, no I/O, no randomness."""

    name: str

    @abstractmethod
    def rank(
        self,
        cards: Sequence[ModelCard],
        classification: Classification,
        *,
        requirements: Requirements,
        objective: Objective,
    ) -> Ranking:
        """The ranking of at least one card."""
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
    """At least one. The first is the chosen model unless its health took it out."""
    excluded: tuple[Exclusion, ...] = ()
    policy: str

    @property
    def switched(self) -> Exclusion | None:
        """Why the chosen model is not the first to be asked, when it is not."""
        if self.candidates[0].id == self.selection.model:
            return None
        return next((out for out in self.excluded if out.model == self.selection.model), None)


def decide(
    cards: Sequence[ModelCard],
    *,
    caller: Caller,
    unfit: Mapping[ModelId, str],
    requirements: Requirements,
    objective: Objective,
    policy: RoutingPolicy,
    classify: Callable[[], Classification],
) -> RoutingDecision:
    """Choose among those of `cards`, in registry order, that `caller` may ask, and say why.

    `unfit` are the models that their health takes out, with the reason; when nobody is left the chosen one is asked
    all the same. `classify` is called only when the choice depends on it.

    Raises:
        NoEligibleModel: there is none.
        UnknownModel: the caller allows one model only and it is not among `cards`.
        ModelNotAllowed: the caller names one of `cards` that it may not ask.
    """
    if not cards:
        raise NoEligibleModel("No model can be asked: add a provider key or a catalogue (see `neuroroute doctor`)")
    cards = _allowed(cards, caller, requirements.model)
    if requirements.pin is Pin.ONLY:
        card = _find(cards, requirements.model)
        if card is None:
            raise UnknownModel(str(requirements.model))
        only = Selection(method=SelectionMethod.CALLER, model=card.id)
        return RoutingDecision(selection=only, candidates=(card,), policy=policy.name)
    selection = _select(cards, requirements, objective, policy, classify)
    order = _order(cards, selection.model, requirements.capabilities)
    excluded: tuple[Exclusion, ...] = ()
    if unfit:
        order = [card for card in order if card.id not in unfit] or order[:1]
        asked = order[0].id  # also when it is unfit
        excluded = tuple(
            [Exclusion(card.id, unfit[card.id]) for card in cards if card.id in unfit and card.id != asked]
        )
    return RoutingDecision(
        selection=selection,
        candidates=tuple(order[: MAX_FALLBACKS + 1]),
        excluded=excluded,
        policy=policy.name,
    )


def _allowed(cards: Sequence[ModelCard], caller: Caller, named: str | None) -> Sequence[ModelCard]:
    if caller.models is None:
        return cards
    if named is not None and not caller.may_ask(named) and _find(cards, named):
        raise ModelNotAllowed(named)
    allowed = [card for card in cards if caller.may_ask(card.id)]
    if not allowed:
        raise NoEligibleModel("None of the models that this key may use is enabled")
    return allowed


def _select(
    cards: Sequence[ModelCard],
    requirements: Requirements,
    objective: Objective,
    policy: RoutingPolicy,
    classify: Callable[[], Classification],
) -> Selection:
    required = requirements.capabilities
    if required and (able := _most_able(cards, required)):
        rank = objective.priority or Priority.QUALITY
        best = min(able, key=lambda card: rank_of(card, rank))
        return Selection(method=SelectionMethod.CAPABILITIES, model=best.id, required=required)
    if not required and (named := _find(cards, requirements.model)):
        return Selection(method=SelectionMethod.CALLER, model=named.id)
    ranking = policy.rank(cards, classify(), requirements=requirements, objective=objective)
    if required:
        method = SelectionMethod.CAPABILITIES
    else:
        method = SelectionMethod.CLASSIFIER_INSTEAD if requirements.model else SelectionMethod.CLASSIFIER
    return Selection(method=method, model=ranking.best, required=required, ranking=ranking)


def _most_able(cards: Sequence[ModelCard], required: tuple[str, ...]) -> list[ModelCard]:
    """Those that have all, else those that have any (CONTRACT.md 5, capability choice)."""
    lacking = [(card.lacks(required), card) for card in cards]
    able = [card for lacks, card in lacking if lacks == 0]
    return able or [card for lacks, card in lacking if lacks < len(required)]


def _order(cards: Sequence[ModelCard], chosen: ModelId, required: tuple[str, ...]) -> list[ModelCard]:
    """The chosen model, then those with what is required, the better ones first; ties in registry order.

    For the three default models this is the order of CONTRACT.md 6.
    """
    return sorted(cards, key=lambda card: (card.id != chosen, card.lacks(required), card.ranks.quality))


def rank_of(card: ModelCard, priority: Priority) -> int:
    """The model's place under `priority`, 1 is best."""
    match priority:
        case Priority.SPEED:
            return card.ranks.speed
        case Priority.COST:
            return card.ranks.cost
        case Priority.QUALITY:
            return card.ranks.quality


def _find(cards: Sequence[ModelCard], model: str | None) -> ModelCard | None:
    return next((card for card in cards if card.id == model), None)


def named(cards: Sequence[ModelCard], name: str, caller: Caller) -> ModelCard | None:
    """Whom a caller means by `name`: a catalogue's id, else what a provider calls a model (`ModelCard.upstream`).

    Of several models that providers call the same it is the first, in the order of `cards`, that the caller may ask;
    when it may ask none of them, the first.
    """
    if (card := _find(cards, name)) is not None:
        return card
    called = [card for card in cards if card.upstream == name]
    return next((card for card in called if caller.may_ask(card.id)), called[0] if called else None)
