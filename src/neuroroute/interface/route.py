"""`POST /v1/route`: whom a chat would be sent to, and why; nobody is asked."""

from typing import Final, final

import msgspec
from litestar.types import Receive, Scope, Send
from msgspec import Struct

from neuroroute.application.choose_model import ChooseModel
from neuroroute.application.draft import new_id
from neuroroute.application.ports import ModelCatalog
from neuroroute.dialects.caller_side import InvalidRequest
from neuroroute.dialects.openai.caller import ChatDialect
from neuroroute.domain.access import Scope as AccessScope
from neuroroute.domain.decision import Plan
from neuroroute.interface.alarm import Alarm
from neuroroute.interface.api_errors import ApiTeller
from neuroroute.interface.caller_watch import GRACE, PATIENCE, CallerWatch
from neuroroute.interface.choosing import RequestReader
from neuroroute.interface.errors import HttpRefusal
from neuroroute.interface.openai_bodies import OPENAI, ChatToPlan, PromptToPlan
from neuroroute.interface.option_headers import option_headers
from neuroroute.interface.prompt import Admission
from neuroroute.interface.respond import Reply
from neuroroute.interface.routes import Content, Operation, Route
from neuroroute.interface.visit import Visit

_DIALECT: Final = ChatDialect()
_encode: Final = msgspec.json.Encoder(order="deterministic").encode


class MadePlan(Struct, frozen=True, kw_only=True):
    """A plan that nothing was done by."""

    id: str
    """Of this plan alone: as nobody was asked, nothing is kept under it."""
    at: float
    """Epoch seconds."""
    plan: Plan


@final
class RouteEndpoint:
    """Reads a chat, or a bare prompt, and tells the plan by which `/v1/chat/completions` would answer it."""

    def __init__(self, *, catalog: ModelCatalog, choose: ChooseModel, admission: Admission) -> None:
        self.tell = ApiTeller(_DIALECT)
        self._reader = RequestReader(_DIALECT, catalog=catalog, admission=admission)
        self._choose = choose
        self._alarm = Alarm(GRACE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`POST` of the path."""
        visit = Visit.of(scope)
        with CallerWatch(receive, self._alarm) as watch:
            body = await self._reader.body(visit, receive, watch)
            _, request = self._reader.understand(_chat(body), visit)
            record = (await self._choose(request, id=new_id())).record
            made = MadePlan(id=record.id, at=record.at, plan=record.plan)
            await Reply(200, _encode(made))(scope, receive, send)
        if watch.overdue:
            raise HttpRefusal(408, "request_timeout", f"The body did not arrive within {PATIENCE:g} s")


def _chat(body: dict[str, object]) -> dict[str, object]:
    """`body` as a chat: one that names no model leaves the choice to us, and `prompt` is what a user says."""
    chat: dict[str, object] = {"model": "auto", **body}
    if ("prompt" in body) is ("messages" in body):
        raise InvalidRequest("A plan is made for `messages` or for a `prompt`: say one of them", param="messages")
    if "messages" in body:
        return chat
    prompt = chat.pop("prompt")
    if not isinstance(prompt, str):
        raise InvalidRequest("`prompt` must be a text", param="prompt")
    return {**chat, "messages": [{"role": "user", "content": prompt}]}


def route_routes(endpoint: RouteEndpoint) -> list[Route]:
    """The route."""
    return [
        Route(
            method="POST",
            path="/v1/route",
            endpoint=endpoint,
            tell=endpoint.tell,
            scope=AccessScope.CLIENT,
            operation=Operation(
                id="plan_route",
                summary="Say whom a chat would be sent to, and why",
                description="The body is that of `/v1/chat/completions`, or has a `prompt` in place of `messages`; "
                "without `model` it is `auto`. No model is asked, and it counts as no use of one.",
                tag="v1",
                body=Content(holds=ChatToPlan, or_holds=PromptToPlan, open=True, example={"prompt": "Hello"}),
                answers={200: [Content(holds=MadePlan)]},
                parameters=option_headers(),
                errors=(404,),
                told=OPENAI,
            ),
        )
    ]
