"""`POST /v1/messages/count_tokens`: counted by the provider who will read them, or here where nobody else can."""

from typing import Final, final

from litestar.types import Receive, Scope, Send

from neuroroute.application.draft import Draft
from neuroroute.application.ports import ModelCatalog, TokenCounter
from neuroroute.application.route_prompt import RoutePrompt
from neuroroute.dialects.anthropic.counting import CountTokensDialect, TokenCount, write_count
from neuroroute.domain.access import Scope as AccessScope
from neuroroute.domain.errors import ModelNotAllowed, NeuroRouteError, UnknownModel
from neuroroute.domain.model import Dialect, ModelCard
from neuroroute.domain.request import RoutingRequest
from neuroroute.domain.routing import named
from neuroroute.interface.alarm import Alarm
from neuroroute.interface.answer_headers import answer_headers, anthropic_id, attempt_headers
from neuroroute.interface.anthropic_bodies import ANTHROPIC, REQUEST_ID, CountRequest, anthropic_headers
from neuroroute.interface.api_errors import ApiTeller
from neuroroute.interface.caller_watch import GRACE, PATIENCE, CallerWatch
from neuroroute.interface.choosing import RequestReader
from neuroroute.interface.errors import HttpRefusal
from neuroroute.interface.option_headers import option_headers
from neuroroute.interface.prompt import Admission
from neuroroute.interface.respond import Reply
from neuroroute.interface.routes import Content, Operation, Route
from neuroroute.interface.visit import Visit

_ESTIMATED: Final = (b"x-neuroroute-estimated", b"true")
_DIALECT: Final = CountTokensDialect()


@final
class CountTokensEndpoint:
    """Asks the model that is named, if its provider speaks this language; else counts as OpenAI's models would."""

    def __init__(
        self, *, catalog: ModelCatalog, route_prompt: RoutePrompt, counter: TokenCounter, admission: Admission
    ) -> None:
        self.tell = ApiTeller(_DIALECT)
        self._reader = RequestReader(_DIALECT, catalog=catalog, admission=admission)
        self._catalog = catalog
        self._route_prompt = route_prompt
        self._counter = counter
        self._alarm = Alarm(GRACE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`POST` of the path."""
        visit = Visit.of(scope)
        with CallerWatch(receive, self._alarm) as watch:
            _, request = await self._reader.read(visit, receive, watch)
            card = self._named(request)
            if card is not None and card.dialect is Dialect.ANTHROPIC:
                reply = await self._asked(request, visit)
            else:
                tokens = self._counter.count(request.prompt)
                reply = Reply(200, write_count(tokens), headers=[_ESTIMATED, anthropic_id(request.id)])
            await reply(scope, receive, send)
        if watch.overdue:
            raise HttpRefusal(408, "request_timeout", f"The body did not arrive within {PATIENCE:g} s")

    def _named(self, request: RoutingRequest) -> ModelCard | None:
        """The model that is named; `None` where the choice is left to us."""
        name = request.requirements.model
        if name is None:
            return None
        card = named(self._catalog.cards(), name, request.caller)
        if card is None:
            raise UnknownModel(name)
        if not request.caller.may_ask(card.id):
            raise ModelNotAllowed(name)
        return card

    async def _asked(self, request: RoutingRequest, visit: Visit) -> Reply:
        draft = Draft(request)
        try:
            async with await self._route_prompt(request, draft) as answer:
                completion = await answer.whole()
        except NeuroRouteError as error:
            reply = self.tell.reply(visit, error, spoken=Dialect.ANTHROPIC)
            reply.headers = [*reply.headers, *attempt_headers(draft)]
            return reply
        body = b"".join([piece.data for piece in completion.verbatim])
        return Reply(200, body, headers=answer_headers(answer))


def count_tokens_routes(endpoint: CountTokensEndpoint) -> list[Route]:
    """The route."""
    return [
        Route(
            method="POST",
            path="/v1/messages/count_tokens",
            endpoint=endpoint,
            tell=endpoint.tell,
            scope=AccessScope.CLIENT,
            operation=Operation(
                id="count_message_tokens",
                summary="Count what a message would have a model read",
                description="A model whose provider speaks Anthropic's language is asked itself. For any other, and "
                "for `auto`, the count is our estimate, by the vocabulary of OpenAI's models, and "
                "`x-neuroroute-estimated` says so.",
                tag="v1",
                body=Content(
                    holds=CountRequest,
                    open=True,
                    example={"model": "auto", "messages": [{"role": "user", "content": "Hello"}]},
                ),
                answers={200: [Content(holds=TokenCount, open=True)]},
                parameters=[*anthropic_headers(), *option_headers()],
                told=ANTHROPIC,
                headers={"x-neuroroute-estimated": "`true` where no provider was asked", **REQUEST_ID},
                errors=(404, 502, 504),
            ),
        )
    ]
