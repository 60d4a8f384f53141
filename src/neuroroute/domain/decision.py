"""A decision as it is told, kept and made again: everything that it came from, and none of the prompt's words."""

from collections.abc import Mapping, Sequence
from typing import Final, TypeVar, final

from msgspec import Struct
from msgspec.structs import replace

from neuroroute.domain.access import Caller
from neuroroute.domain.classification import Reading
from neuroroute.domain.deciding import decide
from neuroroute.domain.errors import NeuroRouteError
from neuroroute.domain.forecast import Circumstances, Forecast, foretell
from neuroroute.domain.learned_policy import LearnedRouting
from neuroroute.domain.model import ModelCard, ModelId
from neuroroute.domain.policies import EarlierRules
from neuroroute.domain.quality import Estimate, PromptReading, QualityPredictor
from neuroroute.domain.routing import (
    Exclusion,
    Foresight,
    Objective,
    Reasoning,
    Requirements,
    RoutingDecision,
    RoutingPolicy,
    SelectionMethod,
)

T = TypeVar("T")

_LONGEST: Final = 256
"""Characters: one more than a model's id may have, and capabilities have fewer."""


class Candidate(Struct, frozen=True, kw_only=True):
    """A model that is asked, or could be."""

    model: ModelId
    quality: float | None
    """The predicted probability that its answer is good enough; `None` where the policy predicts none."""
    low: float | None
    high: float | None
    """The interval that `quality` lies in four times out of five."""
    cost_usd: float | None
    """Of a usual answer; `None` is unpriced."""
    latency_ms: int


class Plan(Struct, frozen=True, kw_only=True):
    """Who is asked, in which order, and why."""

    policy: str
    predictor: str | None
    """The version of the weights; `None` where nothing was predicted."""
    catalog_version: str
    method: SelectionMethod
    model: ModelId
    """Who was chosen before its health was looked at."""
    confidence: float | None = None
    """0..1, as the policy reckons it; `None` where it was not asked."""
    order: tuple[ModelId, ...]
    """Who is asked: the first, and who takes over when it fails."""
    candidates: tuple[Candidate, ...]
    """All that could be asked, the best choice first."""
    excluded: tuple[Exclusion, ...]
    reasoning: Reasoning | None = None
    """Of rules."""
    foresight: Foresight | None = None
    """Of predictions."""


class Grounds(Struct, frozen=True, kw_only=True):
    """All that a decision depends on; the cards are those of its catalogue's version."""

    caller_models: frozenset[ModelId] | None
    """The only models that the caller may ask; `None` is any."""
    unfit: Mapping[ModelId, str]
    requirements: Requirements
    objective: Objective
    circumstances: Circumstances
    reading: Reading | None
    """`None` where the choice did not depend on the prompt."""
    tokens: int | None
    """Of the prompt, where they were counted."""
    told_all: tuple[ModelId, ...] | None = None
    """The only models that could be told everything, where the caller wanted nothing left out."""


class DecisionRecord(Struct, frozen=True, kw_only=True):
    """One decision; it expires with its prompt's entry in the ledger."""

    id: str
    at: float
    """Epoch seconds."""
    caller: str
    plan: Plan
    grounds: Grounds
    shadow: Reading | None = None
    """What the policy that did not choose has read of the prompt, where it was let read."""


class NotRemade(NeuroRouteError):
    """A decision cannot be made again from what was kept of it."""


def bounded(requirements: Requirements) -> Requirements:
    """As they are kept. Callers may name a model or a capability by a text of any length, a prompt's even.

    What is longer than any name in a catalogue names nothing, however much of it is left: the choice stays the same.
    """
    model = None if requirements.model is None else requirements.model[:_LONGEST]
    capabilities = tuple([word[:_LONGEST] for word in requirements.capabilities])
    if model == requirements.model and capabilities == requirements.capabilities:
        return requirements
    return replace(requirements, model=model, capabilities=capabilities)


def plan_of(decision: RoutingDecision, grounds: Grounds, catalog_version: str) -> Plan:
    """What `decision` comes to in words and numbers."""
    selection = decision.selection
    ranking = selection.ranking
    foresight = None if ranking is None else ranking.foresight
    return Plan(
        policy=decision.policy,
        predictor=None if foresight is None else foresight.predictor,
        catalog_version=catalog_version,
        method=selection.method,
        model=selection.model,
        confidence=None if ranking is None else ranking.confidence,
        order=tuple([card.id for card in decision.candidates]),
        candidates=tuple(_candidates(decision, grounds, foresight)),
        excluded=decision.excluded,
        reasoning=None if ranking is None else ranking.reasoning,
        foresight=foresight,
    )


def _candidates(decision: RoutingDecision, grounds: Grounds, foresight: Foresight | None) -> Sequence[Candidate]:
    if foresight is not None:
        return [_candidate(forecast) for forecast in foresight.forecasts]
    asked = decision.candidates
    forecasts = foretell(asked, [None] * len(asked), grounds.circumstances, longest=grounds.requirements.max_tokens)
    return [_candidate(forecast) for forecast in forecasts]


def _candidate(forecast: Forecast) -> Candidate:
    quality = forecast.quality
    return Candidate(
        model=forecast.model,
        quality=None if quality is None else quality.quality,
        low=None if quality is None else quality.low,
        high=None if quality is None else quality.high,
        cost_usd=None if forecast.cost is None else forecast.cost / 1e9,
        latency_ms=forecast.latency_ms,
    )


@final
class _Kept(QualityPredictor):
    """Foretells what was foretold then, and of no other model."""

    def __init__(self, foresight: Foresight | None) -> None:
        self.version = "" if foresight is None else foresight.predictor
        self._predicted: Mapping[ModelId, Estimate] = {} if foresight is None else foresight.predicted
        self._typical: Mapping[ModelId, float] = {} if foresight is None else foresight.typical

    def estimate(self, reading: PromptReading, cards: Sequence[ModelCard]) -> Sequence[Estimate]:
        del reading
        return [_kept(self._predicted.get(card.id), f"what was foretold of {card.id}") for card in cards]

    def typical(self, cards: Sequence[ModelCard]) -> Sequence[float]:
        return [_kept(self._typical.get(card.id), f"what was foretold of {card.id}") for card in cards]


def policy_of(plan: Plan) -> RoutingPolicy:
    """The policy of a plan; one that predicts foretells what it foretold then."""
    return LearnedRouting(_Kept(plan.foresight)) if plan.policy == LearnedRouting.name else EarlierRules()


def remade(record: DecisionRecord, cards: Sequence[ModelCard]) -> Plan:
    """The plan once more, from what it came from; `cards` are those of its catalogue's version.

    Raises:
        NotRemade: the choice depended on something that was not kept.
    """
    return planned(record, cards, policy_of(record.plan), record.grounds)


def planned(record: DecisionRecord, cards: Sequence[ModelCard], policy: RoutingPolicy, grounds: Grounds) -> Plan:
    """The plan that `policy` would have made of these `grounds` when `record` was written.

    Raises:
        NotRemade: the choice depends on something that was not kept.
        NeuroRouteError: as `domain.deciding.decide`.
    """
    decision = decide(
        [card for card in cards if grounds.told_all is None or card.id in grounds.told_all],
        caller=Caller(record.caller, models=grounds.caller_models),
        unfit=grounds.unfit,
        requirements=grounds.requirements,
        objective=grounds.objective,
        policy=policy,
        classify=lambda: _kept(grounds.reading, "what was read of the prompt"),
        count=lambda: _kept(grounds.tokens, "the prompt's number of tokens"),
        circumstances=grounds.circumstances,
    )
    return plan_of(decision, grounds, record.plan.catalog_version)


def _kept(what: T | None, name: str) -> T:
    if what is None:
        raise NotRemade(f"{name} was not kept")
    return what
