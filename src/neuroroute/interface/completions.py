"""`/v1`: one endpoint for each wire language that callers speak."""

from time import time
from typing import final

from litestar.types import Receive, Scope, Send

from neuroroute.application.answer import Answer
from neuroroute.application.draft import Draft
from neuroroute.application.ports import ModelCatalog
from neuroroute.application.route_prompt import RoutePrompt
from neuroroute.dialects.caller_side import Asked, CallerDialect, Told
from neuroroute.domain.completion import Completion, Usage
from neuroroute.domain.errors import NeuroRouteError
from neuroroute.domain.model import Dialect, ModelCard
from neuroroute.interface.alarm import Alarm
from neuroroute.interface.answer_headers import answer_headers, attempt_headers, cost_headers
from neuroroute.interface.api_errors import ApiTeller
from neuroroute.interface.caller_watch import GRACE, PATIENCE, CallerWatch
from neuroroute.interface.choosing import RequestReader
from neuroroute.interface.errors import HttpRefusal
from neuroroute.interface.keep_alive import EventStream
from neuroroute.interface.prompt import Admission
from neuroroute.interface.respond import Reply
from neuroroute.interface.visit import Visit


@final
class CompletionsEndpoint:
    """Reads a request in one language, has it routed, and writes the answer, or what went wrong, in the same."""

    def __init__(
        self,
        dialect: CallerDialect,
        *,
        catalog: ModelCatalog,
        route_prompt: RoutePrompt,
        admission: Admission,
        keep_alive: float,
    ) -> None:
        """`keep_alive`: seconds of silence in a stream after which a comment is sent; 0 is never."""
        self.dialect = dialect
        self.tell = ApiTeller(dialect)
        self._requests = RequestReader(dialect, catalog=catalog, admission=admission)
        self._route_prompt = route_prompt
        self._keep_alive = keep_alive
        self._alarm = Alarm(GRACE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`POST` of the language's path."""
        visit = Visit.of(scope)
        with CallerWatch(receive, self._alarm) as watch:
            asked, request = await self._requests.read(visit, receive, watch)
            draft = Draft(request)
            try:
                if request.prompt.streamed:
                    await self._stream(asked, draft, send, watch)
                else:
                    reply = await self._whole(asked, draft)
                    await reply(scope, receive, send)
            except NeuroRouteError as error:
                reply = self.tell.reply(visit, error, spoken=_spoken(draft))
                reply.headers = [*reply.headers, *attempt_headers(draft)]
                await reply(scope, receive, send)
        if watch.overdue:
            raise HttpRefusal(408, "request_timeout", f"The body did not arrive within {PATIENCE:g} s")

    async def _whole(self, asked: Asked, draft: Draft) -> Reply:
        async with await self._route_prompt(draft.request, draft) as answer:
            completion = await answer.whole()
            body = _word_for_word(completion) or self.dialect.write(completion, _told(asked, draft, answer))
        return Reply(200, body, headers=[*answer_headers(answer), *cost_headers(answer)])

    async def _stream(self, asked: Asked, draft: Draft, send: Send, watch: CallerWatch) -> None:
        card: ModelCard | None = None
        async with EventStream(send, watch, silence=self._keep_alive) as stream:
            writer = self.dialect.writer(_told(asked, draft, None))
            try:
                async with await self._route_prompt(draft.request, draft) as answer:
                    card = answer.card
                    writer = self.dialect.writer(_told(asked, draft, answer))
                    headers = answer_headers(answer)
                    async for event in answer:
                        if data := writer.write(event):
                            await stream.write(data, headers)
            except NeuroRouteError as error:
                if not stream.begun:
                    raise
                told = self.tell.event(error, draft.request.id, spoken=_spoken(draft), cut=card)
                await stream.write(writer.cut(told))
            await stream.end()


def _word_for_word(completion: Completion) -> bytes:
    verbatim = completion.verbatim
    return verbatim[0].data if len(verbatim) == 1 else b"".join([piece.data for piece in verbatim])


def _told(asked: Asked, draft: Draft, answer: Answer | None) -> Told:
    """What an answer says of itself; without an `answer` it is one that failed before it began."""
    characters = asked.prompt.characters
    return Told(
        id=draft.id,
        model=asked.model if answer is None else answer.card.upstream or answer.card.id,
        created=int(time()),
        prompt_tokens=Usage.estimate(prompt_characters=characters, completion_characters=0).prompt_tokens,
        tells_usage=asked.tells_usage,
    )


def _spoken(draft: Draft) -> Dialect | None:
    """The language of the first model that was asked, which is whose failure is told."""
    if draft.chosen is None or not draft.attempts:
        return None
    first = draft.attempts[0].model
    return next((card.dialect for card in draft.chosen.decision.candidates if card.id == first), None)
