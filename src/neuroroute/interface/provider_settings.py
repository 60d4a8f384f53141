"""`/api-keys/settings/…`: what is stored of providers beside their keys (CONTRACT.md 7)."""

from collections.abc import Callable
from typing import Final, final

import msgspec
from litestar.types import Receive, Scope, Send

from neuroroute.application.keep_credentials import KeepProviderSettings
from neuroroute.dialects.api_keys import ApiKeySettings, ApiKeySettingsIn, read_settings, show_settings
from neuroroute.domain.access import Scope as AccessScope
from neuroroute.interface.api_keys import provider_named, provider_parameter
from neuroroute.interface.paging import page_parameters, read_page
from neuroroute.interface.respond import Reply, send_nothing
from neuroroute.interface.routes import Content, Operation, Route
from neuroroute.interface.visit import Visit
from neuroroute.interface.whole_body import WholeBodies

_MISSING: Final = "API key settings not found"
_encode = msgspec.json.Encoder().encode


@final
class ProviderSettingsEndpoint:
    """Lists, enters, replaces and deletes providers' settings."""

    def __init__(self, *, keep: KeepProviderSettings, bodies: WholeBodies, base_url: Callable[[str], str]) -> None:
        """`base_url` reads an address: see `read_settings`."""
        self._keep = keep
        self._bodies = bodies
        self._base_url = base_url

    async def list(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`GET /api-keys/settings/`."""
        page = read_page(scope)
        shown = [show_settings(kept) for kept in page.of(await self._keep.all())]
        await Reply(200, _encode(shown))(scope, receive, send)

    async def create(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`POST /api-keys/settings/`."""
        visit = Visit.of(scope)
        said = read_settings(await self._bodies.read(visit, receive), base_url=self._base_url)
        kept = await self._keep.put(said, by=visit.caller.id)
        await Reply(201, _encode(show_settings(kept)))(scope, receive, send)

    async def one(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`GET /api-keys/settings/{provider}`."""
        kept = await self._keep.one(provider_named(scope, missing=_MISSING))
        await Reply(200, _encode(show_settings(kept)))(scope, receive, send)

    async def replace(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`PUT /api-keys/settings/{provider}`."""
        visit = Visit.of(scope)
        said = read_settings(await self._bodies.read(visit, receive), base_url=self._base_url)
        kept = await self._keep.replace(provider_named(scope, missing=_MISSING), said, by=visit.caller.id)
        await Reply(200, _encode(show_settings(kept)))(scope, receive, send)

    async def delete(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`DELETE /api-keys/settings/{provider}`."""
        await self._keep.delete(provider_named(scope, missing=_MISSING), by=Visit.of(scope).caller.id)
        await send_nothing(scope, receive, send)


_TAG: Final = "api keys"
_BODY: Final = Content(
    holds=ApiKeySettingsIn, example={"provider": "openai", "model": "gpt-4o", "api_base": "https://api.openai.com/v1"}
)
_ONE: Final = Content(holds=ApiKeySettings)


def provider_settings_routes(endpoint: ProviderSettingsEndpoint) -> list[Route]:
    """The routes."""
    return [
        Route(
            method="GET",
            path="/api-keys/settings",
            endpoint=endpoint.list,
            scope=AccessScope.ADMIN,
            operation=Operation(
                id="list_api_key_settings",
                summary="Providers' settings",
                description="In the order of their ids.",
                tag=_TAG,
                parameters=page_parameters(),
                answers={200: [Content(holds=ApiKeySettings, listed=True)]},
                errors=(422,),
            ),
        ),
        Route(
            method="POST",
            path="/api-keys/settings",
            endpoint=endpoint.create,
            scope=AccessScope.ADMIN,
            operation=Operation(
                id="create_api_key_settings",
                summary="Enter a provider's settings",
                description="In place of what was stored of that provider: what is left out is null, and then the "
                "environment or the catalogue says it. Over another `api_base` no key travels that was entered before.",
                tag=_TAG,
                body=_BODY,
                answers={201: [_ONE]},
            ),
        ),
        Route(
            method="GET",
            path="/api-keys/settings/{provider:str}",
            endpoint=endpoint.one,
            scope=AccessScope.ADMIN,
            operation=Operation(
                id="get_api_key_settings",
                summary="One provider's settings",
                description="As they are stored.",
                tag=_TAG,
                parameters=[provider_parameter()],
                answers={200: [_ONE]},
                errors=(404,),
            ),
        ),
        Route(
            method="PUT",
            path="/api-keys/settings/{provider:str}",
            endpoint=endpoint.replace,
            scope=AccessScope.ADMIN,
            operation=Operation(
                id="update_api_key_settings",
                summary="Replace a provider's settings",
                description="Whole: what is left out is null. Another `provider` renames them.",
                tag=_TAG,
                parameters=[provider_parameter()],
                body=_BODY,
                answers={200: [_ONE]},
                errors=(404, 409),
            ),
        ),
        Route(
            method="DELETE",
            path="/api-keys/settings/{provider:str}",
            endpoint=endpoint.delete,
            scope=AccessScope.ADMIN,
            operation=Operation(
                id="delete_api_key_settings",
                summary="Forget a provider's settings",
                description="From then on the environment or the catalogue says them.",
                tag=_TAG,
                parameters=[provider_parameter()],
                answers={204: []},
                errors=(404,),
            ),
        ),
    ]
