"""`GET /v1/models…`: the models that a caller may ask, in one shape that OpenAI's clients read and Anthropic's do."""

from typing import Final, Literal, final

import msgspec
from litestar.types import Receive, Scope, Send
from msgspec import Struct
from msgspec.structs import replace

from neuroroute.application.ports import ModelCatalog
from neuroroute.dialects.catalog_tables import dollars
from neuroroute.domain.access import Scope as AccessScope
from neuroroute.domain.errors import ModelNotAllowed, UnknownModel
from neuroroute.domain.model import Ability, ModelCard, Price
from neuroroute.domain.routing import named
from neuroroute.interface.anthropic_bodies import AnthropicError
from neuroroute.interface.catalog_views import CatalogPrice
from neuroroute.interface.errors import Tell
from neuroroute.interface.openai_bodies import OPENAI
from neuroroute.interface.respond import Reply
from neuroroute.interface.routes import Content, Operation, Parameter, Route
from neuroroute.interface.visit import Visit

_EPOCH: Final = "1970-01-01T00:00:00Z"
_ANTHROPIC: Final = b"anthropic-version"
"""A header that all of Anthropic's clients send, and no others."""


class ListedModel(Struct, frozen=True, kw_only=True):
    """A model that can be asked."""

    id: str
    object: Literal["model"] = "model"
    type: Literal["model"] = "model"
    owned_by: str
    """Its provider."""
    created: int = 0
    """Not known: the epoch, as both languages want one."""
    created_at: str = _EPOCH
    display_name: str
    lifecycle: Literal["active"] = "active"
    context_window: int | None
    """Tokens that it reads at most; null where that is not known."""
    max_input_tokens: int | None
    """The same in Anthropic's words."""
    max_tokens: int
    """The most tokens that it can read and write, or write: as its maker states it."""
    abilities: list[Ability]
    """What it takes or gives beside text, as far as that is known."""
    embedding_space: str | None
    """Of a model that makes embeddings and nothing else: those of one space can be compared."""
    price: CatalogPrice | None
    """Null where it is not known."""


class ListedModels(Struct, frozen=True, kw_only=True):
    """All of them on one page, in registry order."""

    object: Literal["list"] = "list"
    data: list[ListedModel]
    has_more: Literal[False] = False
    first_id: str | None
    last_id: str | None


_encode = msgspec.json.Encoder().encode


@final
class ModelListEndpoint:
    """Reads the catalogue; a model is found by its id, or by what its provider calls it."""

    def __init__(self, *, catalog: ModelCatalog, openai: Tell, anthropic: Tell) -> None:
        """`openai` and `anthropic` tell failures in these languages."""
        self._catalog = catalog
        self._openai = openai
        self._anthropic = anthropic

    async def list(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`GET /v1/models`."""
        caller = Visit.of(scope).caller
        models = [_view(card) for card in self._catalog.cards() if caller.may_ask(card.id)]
        first, last = (models[0].id, models[-1].id) if models else (None, None)
        body = _encode(ListedModels(data=models, first_id=first, last_id=last))
        await Reply(200, body)(scope, receive, send)

    async def one(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`GET /v1/models/{model}`."""
        caller = Visit.of(scope).caller
        name = str(scope["path_params"]["model"]).removeprefix("/")
        card = named(self._catalog.cards(), name, caller)
        if card is None:
            raise UnknownModel(name)
        if not caller.may_ask(card.id):
            raise ModelNotAllowed(name)
        await Reply(200, _encode(_view(card)))(scope, receive, send)

    def tell(self, visit: Visit, error: Exception) -> Reply:
        """A failure, in the language of the client."""
        return (self._anthropic if _ANTHROPIC in visit.headers else self._openai)(visit, error)


def _view(card: ModelCard) -> ListedModel:
    return ListedModel(
        id=card.id,
        owned_by=card.provider,
        display_name=card.name,
        context_window=card.context_window,
        max_input_tokens=card.context_window,
        max_tokens=card.max_tokens,
        abilities=sorted(card.abilities),
        embedding_space=card.embedding_space,
        price=None if card.price is None else _price(card.price),
    )


def _price(price: Price) -> CatalogPrice:
    return CatalogPrice(
        prompt=dollars(price.prompt),
        completion=dollars(price.completion),
        cached=None if price.cached is None else dollars(price.cached),
        cache_write=None if price.cache_write is None else dollars(price.cache_write),
    )


_ERRORS: Final = replace(OPENAI, or_holds=AnthropicError)
_LANGUAGE: Final = Parameter(
    name="anthropic-version",
    place="header",
    schema={"type": "string"},
    summary="With it errors are told in Anthropic's shape, without it in OpenAI's",
)


def model_list_routes(endpoint: ModelListEndpoint) -> list[Route]:
    """The routes."""
    name = Parameter(
        name="model",
        place="path",
        schema={"type": "string"},
        summary="The model's id, or what its provider calls it; slashes and colons are part of it",
    )
    return [
        Route(
            method="GET",
            path="/v1/models",
            endpoint=endpoint.list,
            tell=endpoint.tell,
            scope=AccessScope.CLIENT,
            operation=Operation(
                id="list_api_models",
                summary="The models that can be asked on `/v1`",
                description="Those that the caller's key may ask, in registry order, all on one page.",
                tag="v1",
                answers={200: [Content(holds=ListedModels)]},
                parameters=[_LANGUAGE],
                told=_ERRORS,
            ),
        ),
        Route(
            method="GET",
            path="/v1/models/{model:path}",
            endpoint=endpoint.one,
            tell=endpoint.tell,
            scope=AccessScope.CLIENT,
            operation=Operation(
                id="get_api_model",
                summary="One model that can be asked on `/v1`",
                description="By its id, or by what its provider calls it.",
                tag="v1",
                answers={200: [Content(holds=ListedModel)]},
                parameters=[name, _LANGUAGE],
                errors=(404,),
                told=_ERRORS,
            ),
        ),
    ]
