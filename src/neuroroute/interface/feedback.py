"""`POST /v1/feedback`: how good an answer was, by the id of the decision that it followed."""

from collections.abc import Awaitable, Callable
from time import time
from typing import Annotated, Final, Literal, final

import msgspec
from litestar.types import Receive, Scope, Send
from msgspec import Meta, Struct

from neuroroute.application.stores import FeedbackStore
from neuroroute.dialects.caller_side import InvalidRequest
from neuroroute.dialects.openai.caller import ChatDialect
from neuroroute.domain.access import Scope as AccessScope
from neuroroute.domain.errors import MAX_TOLD
from neuroroute.interface.api_errors import ApiTeller
from neuroroute.interface.decisions import GivenFeedback, check_id, feedback_view
from neuroroute.interface.openai_bodies import OPENAI
from neuroroute.interface.respond import Reply
from neuroroute.interface.routes import Content, Operation, Route
from neuroroute.interface.visit import Visit
from neuroroute.interface.whole_body import WholeBodies

_THUMBS: Final = {"up": 1.0, "down": 0.0}
_FIELDS: Final = '`decision_id`, and `score` from 0 to 1 or `thumbs`, "up" or "down"'

_encode: Final = msgspec.json.Encoder().encode


class FeedbackRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One of `score` and `thumbs`."""

    decision_id: Annotated[str, Meta(min_length=1, max_length=100)]
    """What the answer's header `x-neuroroute-decision` says."""
    score: Annotated[float, Meta(ge=0, le=1)] | None = None
    """From useless, 0, to good, 1."""
    thumbs: Literal["up", "down"] | None = None
    """A score of 1, or of 0."""


@final
class FeedbackEndpoint:
    """Takes a caller's first word on each of its own decisions."""

    def __init__(self, *, feedback: FeedbackStore, flush: Callable[[], Awaitable[None]], bodies: WholeBodies) -> None:
        """`flush` returns when what this process has answered is in the ledger."""
        self.tell = ApiTeller(ChatDialect())
        self._feedback = feedback
        self._flush = flush
        self._bodies = bodies

    async def give(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`POST` of the path."""
        visit = Visit.of(scope)
        decision_id, score = _read(await self._bodies.read(visit, receive))
        check_id(decision_id)
        await self._flush()
        kept = await self._feedback.give(decision_id, caller=visit.caller.id, score=score, at=time())
        await Reply(200, _encode(feedback_view(kept)))(scope, receive, send)


def _read(body: object) -> tuple[str, float]:
    """The decision's id, and the score."""
    try:
        said = msgspec.convert(body, FeedbackRequest)
    except msgspec.ValidationError as error:
        what, _, path = str(error).partition(" - at `$.")
        if what.startswith("Invalid enum value"):  # it would go on with the value, which may be anything
            what = "This is none of the values that it may have"
        raise InvalidRequest(f"{what[:MAX_TOLD]}. Allowed: {_FIELDS}", param=path.removesuffix("`") or None) from None
    match said:
        case FeedbackRequest(score=float(score), thumbs=None):
            return said.decision_id, score
        case FeedbackRequest(score=None, thumbs=str(thumbs)):
            return said.decision_id, _THUMBS[thumbs]
        case _:
            raise InvalidRequest(
                f"Feedback is a `score` or `thumbs`: say one of them. Allowed: {_FIELDS}", param="score"
            )


def feedback_routes(endpoint: FeedbackEndpoint) -> list[Route]:
    """The route."""
    return [
        Route(
            method="POST",
            path="/v1/feedback",
            endpoint=endpoint.give,
            tell=endpoint.tell,
            scope=AccessScope.CLIENT,
            operation=Operation(
                id="give_feedback",
                summary="Say how good an answer was",
                description="On a decision of the caller's own, by the id that the answer's header "
                "`x-neuroroute-decision` says. The first word counts; whoever says more gets that one again. It "
                "teaches where a quality was predicted.",
                tag="v1",
                body=Content(
                    holds=FeedbackRequest,
                    example={"decision_id": "0193a6f0c1d27a3b8c4d5e6f7a8b9c0d", "thumbs": "up"},
                ),
                answers={200: [Content(holds=GivenFeedback)]},
                errors=(404,),
                told=OPENAI,
            ),
        )
    ]
