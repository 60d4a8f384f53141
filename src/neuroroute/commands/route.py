"""`neuroroute route`: the plan for a prompt, without calling any model."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec
from msgspec import Struct

from neuroroute.application.draft import new_id
from neuroroute.application.ports import Registered
from neuroroute.commands.no_key import no_key
from neuroroute.commands.stored import stored
from neuroroute.domain.access import ANYONE
from neuroroute.domain.decision import Candidate, DecisionRecord, Plan
from neuroroute.domain.prompt import Message, Prompt, Role
from neuroroute.domain.request import RoutingRequest
from neuroroute.domain.routing import Foresight, Objective, Priority, Reasoning, Requirements
from neuroroute.interface.router_options import RouterOptions


class Wish(Struct, frozen=True, kw_only=True):
    """What is asked of the choice."""

    policy: str | None = None
    priority: str | None = None
    objective: float | None = None
    """0..10."""
    min_quality: float | None = None
    """0..1."""
    max_cost_usd: float | None = None
    max_latency_ms: int | None = None


async def explain(environ: Mapping[str, str], prompt: str, wish: Wish, *, as_json: bool) -> str:
    """The plan for `prompt`, in words or as JSON; no model is asked, and none has shown its health yet.

    Raises:
        NeuroRouteError: a setting is wrong, no model is enabled, or none is within the limits.
    """
    async with stored(environ) as container:
        await container.catalog().load()
        request = _request(prompt, wish, timeout=container.settings().default_timeout)
        record = container.choose_model().decide(request, id=new_id()).record
        models = container.catalog().registered()
    if as_json:
        return msgspec.json.format(msgspec.json.encode(record), indent=2).decode()
    return "\n".join(_in_words(record, models))


def _request(prompt: str, wish: Wish, *, timeout: float) -> RoutingRequest:
    return RoutingRequest(
        id="",
        surface="prompt",
        caller=ANYONE,
        prompt=Prompt((Message(Role.USER, prompt),)),
        requirements=Requirements(
            min_quality=wish.min_quality,
            max_cost=RouterOptions(max_cost_usd=wish.max_cost_usd).max_cost,
            max_latency_ms=wish.max_latency_ms,
        ),
        objective=Objective(priority=None if wish.priority is None else Priority(wish.priority), level=wish.objective),
        timeout=timeout,
        policy=wish.policy,
        cache=None,
    )


def _in_words(record: DecisionRecord, models: Sequence[Registered]) -> Iterable[str]:
    plan = record.plan
    names = {model.card.id: model.card.upstream or model.card.name for model in models}
    first, *others = plan.order
    yield f"{first} ({names[first]}) answers."
    if plan.reasoning is not None:
        yield f"Policy {plan.policy}, confidence {plan.confidence:.3f}:"
        yield from _rules(plan.reasoning)
    if plan.foresight is not None:
        yield from _predictions(plan, plan.foresight)
    if others:
        yield f"If it fails: {', '.join(others)}."
    for out in plan.excluded:
        yield f"Not in the choice: {out.model}: {out.reason}"
    for model in models:
        if model.error:
            yield f"Not in the choice: {model.card.id}: {no_key(model.card, model.error)}"


def _rules(reasoning: Reasoning) -> Iterable[str]:
    for model, score in sorted(reasoning.adjusted_scores.items(), key=lambda item: -item[1]):
        plain, words = reasoning.model_scores[model], reasoning.keyword_matches[model]
        yield f"  {model:<12} {score:8.3f}   before priority and limits {plain:.3f}, {words} keywords"
    seen = [(name, value) for name, value in msgspec.structs.asdict(reasoning.features).items() if value]
    yield "Seen in the prompt: " + ", ".join(f"{name} {value:.2f}" for name, value in seen)


def _predictions(plan: Plan, foresight: Foresight) -> Iterable[str]:
    wish = f"objective {foresight.level:g} of 10, spending {foresight.spends}"
    yield f"Policy {plan.policy}, {wish}, predictor {foresight.predictor}:"
    width = max(len(candidate.model) for candidate in plan.candidates)
    yield f"  {'':<{width}}   good with   (80 % interval)        costs      takes"
    for candidate in plan.candidates:
        yield _prediction(candidate, width)


def _prediction(candidate: Candidate, width: int) -> str:
    cost = "unpriced" if candidate.cost_usd is None else f"${candidate.cost_usd:.6f}"
    quality, low, high = candidate.quality or 0.0, candidate.low or 0.0, candidate.high or 0.0
    predicted = f"{quality:9.3f}   ({low:.3f} to {high:.3f})"
    return f"  {candidate.model:<{width}}   {predicted}   {cost:>10} {candidate.latency_ms:>7} ms"
