"""The paths of `/v1` on which models are asked, and what the document says of them."""

from collections.abc import Mapping
from typing import Final

from neuroroute.domain.access import Scope
from neuroroute.domain.model import Wire
from neuroroute.interface.completions import CompletionsEndpoint
from neuroroute.interface.errors import Tell
from neuroroute.interface.routes import Content, Operation, Route

_CHOOSING: Final = (
    "`model` is a model's id, what its provider calls it, or `auto`, `auto:speed`, `auto:quality`, `auto:cost`. A "
    "model that is named is never replaced by another, unless `neuroroute.fallbacks` names that. What is said to the "
    "router is in the object `neuroroute` or in headers `X-NeuroRoute-…`, and no provider is shown it."
)
_HEADERS: Final = {
    "x-neuroroute-model": "The id of the model that answered",
    "x-neuroroute-provider": "Its provider",
    "x-neuroroute-decision": "The id under which the request is recorded",
    "x-neuroroute-attempts": "How many models were asked; 0 when the answer comes from the cache",
    "x-neuroroute-cost-usd": "What a whole answer cost; left out of a stream, and where the price is not known",
    "x-neuroroute-cache": "`hit`, `miss`, or `off` when the request did not ask for the cache",
    "x-neuroroute-dropped": "Fields of the request that the model's provider has no words for, and was not told",
}
_ERRORS: Final = (404, 502, 504)
_CHAT: Final = {"model": "auto", "messages": [{"role": "user", "content": "Hello"}]}
_MESSAGES: Final = {**_CHAT, "max_tokens": 256}
_INPUT: Final = {"model": "auto", "input": "Hello"}


def completions_routes(endpoints: Mapping[Wire, CompletionsEndpoint]) -> list[Route]:
    """The routes of the languages that are spoken."""
    chat, messages = endpoints[Wire.CHAT], endpoints[Wire.MESSAGES]
    responses, embeddings = endpoints[Wire.RESPONSES], endpoints[Wire.EMBEDDINGS]
    return [
        _route("/v1/chat/completions", chat, "create_chat_completion", "Answer in OpenAI's chat language", _CHAT),
        _route("/chat/completions", chat, "create_chat_completion_unversioned", "The same without `/v1`", _CHAT),
        _route("/v1/messages", messages, "create_message", "Answer in Anthropic's language", _MESSAGES, errors=(529,)),
        _route("/v1/responses", responses, "create_response", "Answer in OpenAI's newer language", _INPUT),
        _route("/v1/embeddings", embeddings, "create_embeddings", "Make embeddings", _INPUT, streams=False),
    ]


def _route(
    path: str,
    endpoint: CompletionsEndpoint,
    name: str,
    summary: str,
    example: Mapping[str, object],
    *,
    errors: tuple[int, ...] = (),
    streams: bool = True,
) -> Route:
    whole = Content()
    stream = Content(media_type="text/event-stream")
    return Route(
        method="POST",
        path=path,
        direct=True,
        endpoint=endpoint,
        tell=endpoint.tell,
        scope=Scope.CLIENT,
        operation=Operation(
            id=name,
            summary=summary,
            description=_CHOOSING,
            tag="v1",
            body=Content(example=example),
            answers={200: [whole, stream] if streams else [whole]},
            headers=_HEADERS,
            errors=(*_ERRORS, *errors),
        ),
    )


def tellers(endpoints: Mapping[Wire, CompletionsEndpoint]) -> Mapping[str, Tell]:
    """Who tells that there is no such path or method, by how the path begins."""
    chat, messages = endpoints[Wire.CHAT].tell, endpoints[Wire.MESSAGES].tell
    return {"/v1/messages": messages, "/v1/": chat, "/chat/completions": chat}
