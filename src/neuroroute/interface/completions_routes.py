"""The paths of `/v1` on which models are asked, and what the document says of them."""

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct

from neuroroute.domain.access import Scope
from neuroroute.domain.model import Wire
from neuroroute.interface.anthropic_bodies import (
    ANTHROPIC,
    REQUEST_ID,
    AnthropicMessage,
    MessageRequest,
    anthropic_headers,
)
from neuroroute.interface.completions import CompletionsEndpoint
from neuroroute.interface.errors import Tell
from neuroroute.interface.openai_bodies import (
    OPENAI,
    ChatCompletion,
    ChatRequest,
    EmbeddingRequest,
    Embeddings,
    Response,
    ResponseRequest,
)
from neuroroute.interface.option_headers import option_headers
from neuroroute.interface.routes import Content, Operation, Parameter, Route, ToldErrors

_CHOOSING: Final = (
    "`model` is a model's id, what its provider calls it, or `auto`, `auto:speed`, `auto:quality`, `auto:cost`, or "
    "`auto:0`, the cheapest, to `auto:10`, the best. A model that is named is never replaced by another, unless "
    "`neuroroute.fallbacks` names that. What is said to the router is in the object `neuroroute` or in headers "
    "`X-NeuroRoute-…`, and no provider is shown it."
)
_HEADERS: Final = {
    "x-neuroroute-model": "The id of the model that answered",
    "x-neuroroute-provider": "Its provider",
    "x-neuroroute-decision": "The id under which the request is recorded: for `/v1/decisions/{id}` and `/v1/feedback`",
    "x-neuroroute-attempts": "How many models were asked; 0 when the answer comes from the cache",
    "x-neuroroute-cost-usd": "What a whole answer cost; left out of a stream, and where the price is not known",
    "x-neuroroute-cache": "`hit`, `miss`, or `off` when the request did not ask for the cache",
    "x-neuroroute-dropped": "Fields of the request that the model's provider has no words for, and was not told",
}
_ERRORS: Final = (404, 502, 504)
_CHAT: Final = {"model": "auto", "messages": [{"role": "user", "content": "Hello"}]}
_MESSAGES: Final = {**_CHAT, "max_tokens": 256}
_INPUT: Final = {"model": "auto", "input": "Hello"}
_TEXTS: Final = {"model": "openai", "input": "Hello"}
_CHAT_EVENTS: Final = (
    'data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1764000000,"model":"gpt-4o","choices":'
    '[{"index":0,"delta":{"role":"assistant","content":"Hello"},"finish_reason":null}]}\n\n'
    'data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1764000000,"model":"gpt-4o","choices":'
    '[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
    "data: [DONE]\n\n"
)
_MESSAGE_EVENTS: Final = (
    'event: message_start\ndata: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant",'
    '"model":"claude-3-sonnet","content":[],"stop_reason":null,"usage":{"input_tokens":1,"output_tokens":0}}}\n\n'
    'event: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"text",'
    '"text":""}}\n\n'
    'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta",'
    '"text":"Hello"}}\n\n'
    'event: content_block_stop\ndata: {"type":"content_block_stop","index":0}\n\n'
    'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn"},'
    '"usage":{"output_tokens":1}}\n\n'
    'event: message_stop\ndata: {"type":"message_stop"}\n\n'
)
_RESPONSE_EVENTS: Final = (
    'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","sequence_number":4,'
    '"item_id":"msg_1","output_index":0,"content_index":0,"delta":"Hello"}\n\n'
    'event: response.completed\ndata: {"type":"response.completed","sequence_number":9,"response":{"id":"resp_1",'
    '"object":"response","status":"completed","output":[]}}\n\n'
)


def completions_routes(endpoints: Mapping[Wire, CompletionsEndpoint]) -> list[Route]:
    """The routes of the languages that are spoken."""
    chat, messages = endpoints[Wire.CHAT], endpoints[Wire.MESSAGES]
    responses, embeddings = endpoints[Wire.RESPONSES], endpoints[Wire.EMBEDDINGS]
    return [
        _route("/v1/chat/completions", chat, "create_chat_completion", "Answer in OpenAI's chat language",
               body=ChatRequest, answer=ChatCompletion, example=_CHAT, events=_CHAT_EVENTS),
        _route("/chat/completions", chat, "create_chat_completion_unversioned", "The same without `/v1`",
               body=ChatRequest, answer=ChatCompletion, example=_CHAT, events=_CHAT_EVENTS),
        _route("/v1/messages", messages, "create_message", "Answer in Anthropic's language",
               body=MessageRequest, answer=AnthropicMessage, example=_MESSAGES, events=_MESSAGE_EVENTS,
               told=ANTHROPIC, parameters=anthropic_headers(), errors=(529,)),
        _route("/v1/responses", responses, "create_response", "Answer in OpenAI's newer language",
               body=ResponseRequest, answer=Response, example=_INPUT, events=_RESPONSE_EVENTS),
        _route("/v1/embeddings", embeddings, "create_embeddings", "Make embeddings",
               body=EmbeddingRequest, answer=Embeddings, example=_TEXTS, events=None),
    ]  # fmt: skip


def _route(
    path: str,
    endpoint: CompletionsEndpoint,
    name: str,
    summary: str,
    *,
    body: type[Struct],
    answer: type[Struct],
    example: Mapping[str, object],
    events: str | None,
    told: ToldErrors = OPENAI,
    parameters: Sequence[Parameter] = (),
    errors: tuple[int, ...] = (),
) -> Route:
    whole = Content(holds=answer, open=True)
    stream = Content(media_type="text/event-stream", example=events)
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
            body=Content(holds=body, open=True, example=example),
            answers={200: [whole, stream] if events else [whole]},
            headers={**_HEADERS, **REQUEST_ID} if told is ANTHROPIC else _HEADERS,
            parameters=[*parameters, *option_headers()],
            errors=(*_ERRORS, *errors),
            told=told,
        ),
    )


def tellers(endpoints: Mapping[Wire, CompletionsEndpoint]) -> Mapping[str, Tell]:
    """Who tells that there is no such path or method, by how the path begins."""
    chat, messages = endpoints[Wire.CHAT].tell, endpoints[Wire.MESSAGES].tell
    return {"/v1/messages": messages, "/v1/": chat, "/chat/completions": chat}
