"""`POST /prompt` and `POST /test-model/{model_key}`: the earlier service's surface."""

from collections.abc import AsyncIterator
from time import perf_counter
from typing import final

from litestar.types import Receive, Scope, Send
from msgspec import Struct

from neuroroute.application.answer import Answer
from neuroroute.application.route_prompt import RoutePrompt
from neuroroute.dialects.native import NativePrompt, as_request, read_prompt
from neuroroute.dialects.native_answers import (
    PromptResponse,
    Told,
    write_completion,
    write_cut,
    write_end,
    write_start,
    write_text,
)
from neuroroute.domain.access import Scope as AccessScope
from neuroroute.domain.completion import Finished, ReasoningDelta, TextDelta, ToolCallDelta, Verbatim
from neuroroute.domain.errors import ProviderFailed
from neuroroute.domain.request import RoutingRequest
from neuroroute.interface.alarm import Alarm
from neuroroute.interface.answer_headers import decision_headers
from neuroroute.interface.body import read_json_body
from neuroroute.interface.caller_watch import GRACE, PATIENCE, CallerWatch
from neuroroute.interface.errors import HttpRefusal, failure_of
from neuroroute.interface.models import model_key_parameter
from neuroroute.interface.respond import Reply, send_events
from neuroroute.interface.routes import Content, Operation, Route
from neuroroute.interface.visit import Visit


class Admission(Struct, frozen=True, kw_only=True):
    """What a prompt may be, and how long it is worked on where it does not say."""

    max_body: int
    """Bytes."""
    max_characters: int
    default_timeout: float
    """Seconds."""
    cached: bool
    """Whether there is a response cache."""


@final
class PromptEndpoint:
    """Reads a request in the earlier service's language, has it routed, and writes the answer."""

    def __init__(self, *, route_prompt: RoutePrompt, admission: Admission) -> None:
        self._route_prompt = route_prompt
        self._admission = admission
        self._alarm = Alarm(GRACE)

    async def prompt(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`POST /prompt`."""
        await self._serve(None, scope, receive, send)

    async def trial(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`POST /test-model/{model_key}`."""
        await self._serve(scope["path_params"]["model_key"], scope, receive, send)

    async def _serve(self, only: str | None, scope: Scope, receive: Receive, send: Send) -> None:
        with CallerWatch(receive, self._alarm) as watch:
            request = await self._read(only, Visit.of(scope), receive, watch)
            began = perf_counter()
            async with await self._route_prompt(request) as answer:
                if request.prompt.streamed:
                    await send_events(send, _events(answer, began), watch, headers=decision_headers(answer))
                else:
                    completion = await answer.whole()
                    body = write_completion(_told(answer, began), completion.text, completion.finished)
                    await Reply(200, body, headers=decision_headers(answer))(scope, receive, send)
        if watch.overdue:
            raise HttpRefusal(408, "request_timeout", f"The body did not arrive within {PATIENCE:g} s")

    async def _read(self, only: str | None, visit: Visit, receive: Receive, watch: CallerWatch) -> RoutingRequest:
        admission = self._admission
        body = await read_json_body(visit, receive, watch, limit=admission.max_body)
        native = read_prompt(body, max_characters=admission.max_characters)
        request_id = visit.adopt(native.metadata.request_id)
        return as_request(
            native,
            only=only,
            request_id=request_id,
            caller=visit.caller,
            default_timeout=admission.default_timeout,
            cached=admission.cached,
        )


async def _events(answer: Answer, began: float) -> AsyncIterator[bytes]:
    """The stream that the caller reads: one `start`, the text, and one `done` or one `error`."""
    yield write_start(_told(answer, began))
    try:
        async for event in answer:
            match event:
                case TextDelta():
                    yield write_text(event)
                case Finished():
                    yield write_end(_told(answer, began), event)
                case ReasoningDelta() | ToolCallDelta() | Verbatim():
                    pass  # the earlier service's language has no word for them
    except ProviderFailed as failure:
        told = failure_of(failure)
        detail = f"Error: {answer.card.id} stopped in the middle of its answer. {failure}"
        yield write_cut(detail, code=told.code, request_id=answer.draft.request.id)


def _told(answer: Answer, began: float) -> Told:
    request = answer.draft.request
    failed = next(iter(answer.failures), None)
    return Told(
        card=answer.card,
        selection=answer.selection,
        switched=answer.switched,
        failed=(failed.model, failed.error or failed.outcome) if failed else None,
        request_id=request.id,
        latency_ms=answer.latency_ms,
        cache_latency_ms=round(1000 * (perf_counter() - began)) if answer.cached else None,
        test=request.surface == "test_model",
    )


_ERRORS = (502, 504)
_HEADERS = {"x-neuroroute-decision": "The id of the decision; left out where the answer comes from the cache"}
_ANSWERS = {
    200: [
        Content(holds=PromptResponse),
        Content(
            media_type="text/event-stream",
            example=(
                'event: start\ndata: {"model_used":"local","request_id":"req_1","classification":'
                '{"selection_method":"user_specified","selected_model":"local"}}\n\n'
                'data: {"text":"Hello"}\n\n'
                'event: done\ndata: {"model_used":"local","latency_ms":12,"request_id":"req_1","token_usage":'
                '{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2},"timestamp":1764000000.0}\n\n'
            ),
        ),
    ]
}
_BODY = Content(holds=NativePrompt, lax=True, example={"prompt": "Hello", "metadata": {"priority": "cost"}})


def prompt_routes(endpoint: PromptEndpoint) -> list[Route]:
    """The routes."""
    return [
        Route(
            method="POST",
            path="/prompt",
            direct=True,
            endpoint=endpoint.prompt,
            scope=AccessScope.CLIENT,
            operation=Operation(
                id="process_prompt",
                summary="Answer a prompt with the model that fits it",
                description="Chooses a model, asks it, and the next when it fails before its first word. With "
                "`metadata.stream` true the answer comes as server-sent events: one `start`, unnamed events with "
                "`text`, and at last one `done` or one `error`.",
                tag="core",
                body=_BODY,
                answers=_ANSWERS,
                headers=_HEADERS,
                errors=_ERRORS,
            ),
        ),
        Route(
            method="POST",
            path="/test-model/{model_key:str}",
            endpoint=endpoint.trial,
            scope=AccessScope.CLIENT,
            operation=Operation(
                id="test_model",
                summary="Try one model",
                description="Asks this model and no other, past the cache. The answer says `test_mode`.",
                tag="core",
                body=_BODY,
                answers=_ANSWERS,
                headers=_HEADERS,
                parameters=[model_key_parameter()],
                errors=(404, *_ERRORS),
            ),
        ),
    ]
