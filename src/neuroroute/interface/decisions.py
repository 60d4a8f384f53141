"""`GET /v1/decisions/{decision_id}`: what a decision came from, and what came of it."""

import re
from collections.abc import Awaitable, Callable
from typing import Final, final

import msgspec
from litestar.types import Receive, Scope, Send
from msgspec import Struct

from neuroroute.application.stores import DecisionStore, StoredDecision
from neuroroute.dialects.openai.caller import ChatDialect
from neuroroute.domain.access import Scope as AccessScope
from neuroroute.domain.classification import Reading
from neuroroute.domain.decision import Grounds, Plan
from neuroroute.domain.errors import NotStored
from neuroroute.domain.feedback import Feedback
from neuroroute.domain.lesson import unknown
from neuroroute.domain.record import Outcome
from neuroroute.interface.api_errors import ApiTeller
from neuroroute.interface.openai_bodies import OPENAI
from neuroroute.interface.respond import Reply
from neuroroute.interface.routes import Content, Operation, Parameter, Route
from neuroroute.interface.visit import Visit

_ID: Final = re.compile(r"[0-9a-f]{32}")
_encode: Final = msgspec.json.Encoder(order="deterministic").encode


class GivenFeedback(Struct, frozen=True, kw_only=True):
    """What the caller said of the answer."""

    decision_id: str
    score: float
    """From useless, 0, to good, 1."""
    at: float
    """Epoch seconds."""
    model: str
    """Who had answered."""
    counted: bool
    """Whether it teaches: only what was predicted can be corrected."""


class DecisionView(Struct, frozen=True, kw_only=True):
    """A decision that was acted on. It holds none of the prompt's words."""

    id: str
    at: float
    """Epoch seconds."""
    caller: str
    """The id of its key; `admin`, or `anyone` where access is open."""
    plan: Plan
    grounds: Grounds
    """All that the plan depends on, with the cards of `plan.catalog_version`: `neuroroute replay` makes it again."""
    shadow: Reading | None
    """What the policy that did not choose has read of the prompt, where it was let read."""
    model: str | None
    """Who answered; null when nobody did."""
    cost_usd: float | None
    """Null where the price is not known."""
    outcome: Outcome
    feedback: GivenFeedback | None


@final
class DecisionsEndpoint:
    """Tells callers of their own decisions, and administrators of all."""

    def __init__(self, *, decisions: DecisionStore, flush: Callable[[], Awaitable[None]]) -> None:
        """`flush` returns when what this process has answered is in the ledger."""
        self.tell = ApiTeller(ChatDialect())
        self._decisions = decisions
        self._flush = flush

    async def one(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`GET` of the path."""
        decision_id, caller = str(scope["path_params"]["decision_id"]), Visit.of(scope).caller
        check_id(decision_id)
        await self._flush()
        stored = await self._decisions.find(decision_id)
        if stored is None or (stored.record.caller != caller.id and AccessScope.ADMIN not in caller.opens):
            raise unknown(decision_id)
        await Reply(200, _encode(_view(stored)))(scope, receive, send)


def check_id(decision_id: str) -> None:
    """Raises: NotStored, when no decision is called so."""
    if _ID.fullmatch(decision_id) is None:
        raise NotStored("No decision has such an id: it is the 32 hex digits of the header `x-neuroroute-decision`")


def feedback_view(given: Feedback) -> GivenFeedback:
    """As it is shown."""
    return GivenFeedback(
        decision_id=given.decision, score=given.score, at=given.at, model=given.model, counted=given.counted
    )


def _view(stored: StoredDecision) -> DecisionView:
    record = stored.record
    return DecisionView(
        id=record.id,
        at=record.at,
        caller=record.caller,
        plan=record.plan,
        grounds=record.grounds,
        shadow=record.shadow,
        model=stored.model,
        cost_usd=None if stored.cost_nano_usd is None else stored.cost_nano_usd / 1e9,
        outcome=Outcome(stored.outcome),
        feedback=None if stored.feedback is None else feedback_view(stored.feedback),
    )


def decisions_routes(endpoint: DecisionsEndpoint) -> list[Route]:
    """The route."""
    return [
        Route(
            method="GET",
            path="/v1/decisions/{decision_id:str}",
            endpoint=endpoint.one,
            tell=endpoint.tell,
            scope=AccessScope.CLIENT,
            operation=Operation(
                id="get_decision",
                summary="Say why a model was chosen, and what came of it",
                description="By the id that the answer's header `x-neuroroute-decision` says; the caller's own, and "
                "all for administrators. It is kept as long as the prompt's entry in the ledger. What another process "
                "answered is there within half a second.",
                tag="v1",
                parameters=[
                    Parameter(
                        name="decision_id",
                        place="path",
                        schema={"type": "string"},
                        summary="What `x-neuroroute-decision` says",
                    )
                ],
                answers={200: [Content(holds=DecisionView)]},
                errors=(404,),
                told=OPENAI,
            ),
        )
    ]
