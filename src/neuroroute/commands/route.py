"""`neuroroute route`: the decision on a prompt, without calling any model."""

from collections.abc import Iterable, Mapping

import msgspec

from neuroroute.application.ports import Registered
from neuroroute.commands.stored import stored
from neuroroute.domain.access import ANYONE
from neuroroute.domain.prompt import Message, Prompt, Role
from neuroroute.domain.request import RoutingRequest
from neuroroute.domain.routing import Objective, Priority, Requirements, RoutingDecision


async def explain(environ: Mapping[str, str], prompt: str, priority: str | None, *, as_json: bool) -> str:
    """The decision on `prompt`, in words or as JSON; no model is asked, and none has shown its health yet.

    Raises:
        NeuroRouteError: a setting is wrong, or no model is enabled.
    """
    async with stored(environ) as container:
        await container.catalog().load()
        request = RoutingRequest(
            id="",
            surface="prompt",
            caller=ANYONE,
            prompt=Prompt((Message(Role.USER, prompt),)),
            requirements=Requirements(),
            objective=Objective(priority=None if priority is None else Priority(priority)),
            timeout=container.settings().default_timeout,
            cache=None,
        )
        decision = container.route_prompt().decide(request)
        models = container.catalog().registered()
    if as_json:
        return msgspec.json.format(msgspec.json.encode(decision), indent=2).decode()
    return "\n".join(_in_words(decision, models))


def _in_words(decision: RoutingDecision, models: Iterable[Registered]) -> Iterable[str]:
    selection, first = decision.selection, decision.candidates[0]
    yield f"{first.id} ({first.name}) answers."
    if selection.ranking:
        reasoning = selection.ranking.reasoning
        yield f"Policy {decision.policy}, confidence {selection.ranking.confidence:.3f}:"
        for model, score in sorted(reasoning.adjusted_scores.items(), key=lambda item: -item[1]):
            plain, words = reasoning.model_scores[model], reasoning.keyword_matches[model]
            yield f"  {model:<12} {score:8.3f}   before priority and limits {plain:.3f}, {words} keywords"
        seen = [(name, value) for name, value in msgspec.structs.asdict(reasoning.features).items() if value]
        yield "Seen in the prompt: " + ", ".join(f"{name} {value:.2f}" for name, value in seen)
    if others := ", ".join(card.id for card in decision.candidates[1:]):
        yield f"If it fails: {others}."
    for out in decision.excluded:
        yield f"Not in the choice: {out.model}: {out.reason}"
    for model in models:
        if model.error:
            yield f"Not in the choice: {model.card.id}: {model.error}"
