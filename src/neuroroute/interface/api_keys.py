"""`/api-keys/…`: providers' keys, as the earlier service's callers know them, and never told again (CONTRACT.md 7)."""

from typing import Final, final

import msgspec
from litestar.types import Receive, Scope, Send

from neuroroute.application.keep_credentials import KeepCredentials, KeptCredential
from neuroroute.dialects.api_keys import ApiKey, ApiKeyIn, read_key, read_provider, show_key
from neuroroute.dialects.lax import Unreadable
from neuroroute.domain.access import Scope as AccessScope
from neuroroute.domain.access import Secret
from neuroroute.domain.errors import NotStored
from neuroroute.interface.paging import page_parameters, read_page
from neuroroute.interface.respond import Reply, send_nothing
from neuroroute.interface.routes import Content, Operation, Parameter, Route
from neuroroute.interface.visit import Visit
from neuroroute.interface.whole_body import WholeBodies

_encode = msgspec.json.Encoder().encode


@final
class ApiKeysEndpoint:
    """Lists, enters, replaces and deletes providers' keys."""

    def __init__(self, *, keep: KeepCredentials, bodies: WholeBodies) -> None:
        self._keep = keep
        self._bodies = bodies

    async def list(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`GET /api-keys/`."""
        page = read_page(scope)
        shown = [_show(kept) for kept in page.of(await self._keep.all())]
        await Reply(200, _encode(shown))(scope, receive, send)

    async def create(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`POST /api-keys/`."""
        visit = Visit.of(scope)
        said = read_key(await self._bodies.read(visit, receive))
        kept = await self._keep.put(
            said.provider, key=Secret(said.api_key), is_active=said.is_active, by=visit.caller.id
        )
        await Reply(201, _encode(_show(kept)))(scope, receive, send)

    async def one(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`GET /api-keys/{provider}`."""
        kept = await self._keep.one(provider_named(scope, missing="API key not found"))
        await Reply(200, _encode(_show(kept)))(scope, receive, send)

    async def replace(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`PUT /api-keys/{provider}`."""
        visit = Visit.of(scope)
        said = read_key(await self._bodies.read(visit, receive))
        kept = await self._keep.replace(
            provider_named(scope, missing="API key not found"),
            provider=said.provider,
            key=Secret(said.api_key),
            is_active=said.is_active,
            by=visit.caller.id,
        )
        await Reply(200, _encode(_show(kept)))(scope, receive, send)

    async def delete(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`DELETE /api-keys/{provider}`."""
        provider = provider_named(scope, missing="API key not found")
        await self._keep.delete(provider, by=Visit.of(scope).caller.id)
        await send_nothing(scope, receive, send)


def _show(kept: KeptCredential) -> ApiKey:
    return show_key(kept.credential, kept.status)


def provider_named(scope: Scope, *, missing: str) -> str:
    """The path's provider.

    Raises:
        NotStored: no provider can have that name, so there is nothing of it; with `missing` as its text.
    """
    try:
        return read_provider(scope["path_params"]["provider"])
    except Unreadable:
        raise NotStored(missing) from None


def provider_parameter() -> Parameter:
    """The path's provider, as a route says it."""
    return Parameter(name="provider", place="path", schema={"type": "string"}, summary="Name of the provider")


_TAG: Final = "api keys"
_BODY: Final = Content(
    holds=ApiKeyIn,
    lax=True,
    example={"provider": "openai", "api_key": "sk-an-example-of-a-key-1234", "is_active": True},
)
_ONE: Final = Content(holds=ApiKey)


def api_keys_routes(endpoint: ApiKeysEndpoint) -> list[Route]:
    """The routes."""
    return [
        Route(
            method="GET",
            path="/api-keys",
            endpoint=endpoint.list,
            scope=AccessScope.ADMIN,
            operation=Operation(
                id="list_api_keys",
                summary="Providers' keys",
                description="Masked, in the order of their ids; `status` says whether each is used.",
                tag=_TAG,
                parameters=page_parameters(),
                answers={200: [Content(holds=ApiKey, listed=True)]},
                errors=(422,),
            ),
        ),
        Route(
            method="POST",
            path="/api-keys",
            endpoint=endpoint.create,
            scope=AccessScope.ADMIN,
            operation=Operation(
                id="create_api_key",
                summary="Enter a provider's key",
                description="In place of what was stored of that provider. From the next request on it is used here, "
                "and within a second by every other process. It is bound to the provider's address of now.",
                tag=_TAG,
                body=_BODY,
                answers={201: [_ONE]},
            ),
        ),
        Route(
            method="GET",
            path="/api-keys/{provider:str}",
            endpoint=endpoint.one,
            scope=AccessScope.ADMIN,
            operation=Operation(
                id="get_api_key",
                summary="One provider's key",
                description="Masked.",
                tag=_TAG,
                parameters=[provider_parameter()],
                answers={200: [_ONE]},
                errors=(404,),
            ),
        ),
        Route(
            method="PUT",
            path="/api-keys/{provider:str}",
            endpoint=endpoint.replace,
            scope=AccessScope.ADMIN,
            operation=Operation(
                id="update_api_key",
                summary="Replace a provider's key",
                description="Whole: `is_active` is true unless it says otherwise. Another `provider` renames it.",
                tag=_TAG,
                parameters=[provider_parameter()],
                body=_BODY,
                answers={200: [_ONE]},
                errors=(404, 409),
            ),
        ),
        Route(
            method="DELETE",
            path="/api-keys/{provider:str}",
            endpoint=endpoint.delete,
            scope=AccessScope.ADMIN,
            operation=Operation(
                id="delete_api_key",
                summary="Forget a provider's key",
                description="From then on the environment's key is used, if there is one.",
                tag=_TAG,
                parameters=[provider_parameter()],
                answers={204: []},
                errors=(404,),
            ),
        ),
    ]
