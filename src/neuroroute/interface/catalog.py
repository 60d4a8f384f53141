"""`/admin/providers` and `/admin/models`: the catalogue, kept one entry at a time."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Literal, TypeVar, final

import msgspec
from litestar.types import ASGIApp, Receive, Scope, Send

from neuroroute.application.keep_catalog import KeepCatalog
from neuroroute.application.ports import ModelCatalog
from neuroroute.dialects.catalog_tables import ID, Fault, ModelTable, ProviderTable, read_table
from neuroroute.dialects.lax import Problem
from neuroroute.domain.access import Scope as AccessScope
from neuroroute.domain.catalog_plan import AddressRefused, CatalogMisfit
from neuroroute.domain.errors import MAX_TOLD
from neuroroute.interface.catalog_views import (
    CatalogModel,
    CatalogModels,
    CatalogProvider,
    CatalogProviders,
    model_view,
    provider_view,
)
from neuroroute.interface.errors import HttpRefusal
from neuroroute.interface.query import flag_parameter, read_flag, read_text, text_parameter
from neuroroute.interface.respond import Reply, send_nothing
from neuroroute.interface.routes import Content, Operation, Parameter, Route
from neuroroute.interface.strict_body import invalid, plain
from neuroroute.interface.visit import Visit
from neuroroute.interface.whole_body import WholeBodies

S = TypeVar("S", ProviderTable, ModelTable)

_STEP: Final = re.compile(r"(\w+)|\[(\d+)\]")
_encode: Final = msgspec.json.Encoder().encode


@final
class CatalogEndpoint:
    """Lists, puts and deletes providers and models."""

    def __init__(
        self, *, keep: KeepCatalog, served: ModelCatalog, bodies: WholeBodies, base_url: Callable[[str], str]
    ) -> None:
        """`base_url` is what an address may look like: see `dialects.catalog_tables.ReadBaseUrl`."""
        self._keep = keep
        self._served = served
        self._bodies = bodies
        self._base_url = base_url

    async def providers(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`GET /admin/providers`."""
        shown = [provider_view(provider) for provider in (await self._keep.known()).providers]
        told = CatalogProviders(catalog_version=self._served.version, providers=shown, count=len(shown))
        await Reply(200, _encode(told))(scope, receive, send)

    async def models(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`GET /admin/models`."""
        only_enabled, provider = read_flag(scope, "enabled"), read_text(scope, "provider")
        shown = [
            model_view(model)
            for model in (await self._keep.known()).models
            if (model.enabled or not only_enabled) and provider in {None, model.provider}
        ]
        told = CatalogModels(catalog_version=self._served.version, models=shown, count=len(shown))
        await Reply(200, _encode(told))(scope, receive, send)

    async def put_provider(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`PUT /admin/providers/{name}`."""
        visit = Visit.of(scope)
        table = self._table(await self._bodies.read(visit, receive), "name", scope, ProviderTable)
        try:
            put = await self._keep.put_provider(table.known(trusted=False), by=visit.caller.id)
        except AddressRefused as refused:
            raise invalid(Problem("value_error", ("body", "api_key_env"), str(refused))) from None
        except CatalogMisfit as misfit:
            raise _misfits(misfit) from None
        await Reply(200, _encode(provider_view(put)))(scope, receive, send)

    async def put_model(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`PUT /admin/models/{id}`."""
        visit = Visit.of(scope)
        table = self._table(await self._bodies.read(visit, receive), "id", scope, ModelTable)
        try:
            put = await self._keep.put_model(table.known(), by=visit.caller.id)
        except CatalogMisfit as misfit:
            raise _misfits(misfit) from None
        await Reply(200, _encode(model_view(put)))(scope, receive, send)

    async def delete_provider(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`DELETE /admin/providers/{name}`."""
        await self._keep.delete_provider(scope["path_params"]["name"], by=Visit.of(scope).caller.id)
        await send_nothing(scope, receive, send)

    async def delete_model(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`DELETE /admin/models/{id}`."""
        await self._keep.delete_model(scope["path_params"]["id"], by=Visit.of(scope).caller.id)
        await send_nothing(scope, receive, send)

    def _table(self, body: object, key: str, scope: Scope, kind: type[S]) -> S:
        """The body, with its name from the path. Raises: HttpRefusal, 422."""
        try:
            said = msgspec.convert(plain(body), dict[str, object])
        except msgspec.ValidationError:
            raise invalid(Problem("model_attributes_type", ("body",), "Input should be an object")) from None
        name = scope["path_params"][key]
        if said.get(key, name) != name:
            raise invalid(Problem("value_error", ("body", key), "Input should be the one of the path, or left out"))
        table = read_table({**said, key: name}, kind, self._base_url)
        if isinstance(table, tuple):
            raise invalid(*map(_problem, table))
        return table


def _problem(fault: Fault) -> Problem:
    steps = [word or int(index) for word, index in _STEP.findall(fault.field[:MAX_TOLD])]
    return Problem("value_error", ("body", *steps), fault.problem)


def _misfits(misfit: CatalogMisfit) -> HttpRefusal:
    return invalid(
        *(
            Problem("value_error", ("body", one.field), f"{one.kind} {one.name}: {one.problem}")
            for one in misfit.misfits
        )
    )


_TAG: Final = "catalogue"
_KNOWN: Final = {"type": "string"}
_NEW: Final = {**_KNOWN, "pattern": ID}
_MODEL: Final = Content(
    holds=ModelTable,
    named_by_path="id",
    example={
        "provider": "openai",
        "upstream": "gpt-4o-mini",
        "max_tokens": 16384,
        "price": {"prompt": "0.15", "completion": "0.6"},
    },
)
_PROVIDER: Final = Content(
    holds=ProviderTable, named_by_path="name", example={"dialect": "openai", "base_url": "https://llm.example/v1"}
)


def catalog_routes(endpoint: CatalogEndpoint) -> list[Route]:
    """The routes."""
    return [
        _route("GET", "providers", endpoint.providers, "list_catalog_providers", "The providers that are known",
               "In registry order, with the version of the catalogue that this instance serves.",
               answers={200: [Content(holds=CatalogProviders)]}),
        _route("PUT", "providers/{name:str}", endpoint.put_provider, "put_catalog_provider", "Put a provider",
               "In place of the one of that name, whole. Its address has to be public unless it is `local`, and "
               "`api_key_env` can only be what it was: enter a key by POST /api-keys/.",
               answers={200: [Content(holds=CatalogProvider)]}, body=_PROVIDER),
        _route("DELETE", "providers/{name:str}", endpoint.delete_provider, "delete_catalog_provider",
               "Delete a provider", "Refused while it has models.", answers={204: []}, errors=(404, 409)),
        _route("GET", "models", endpoint.models, "list_catalog_models", "The models that are known",
               "In registry order, also those that are not enabled, with the version of the catalogue that this "
               "instance serves. Prices are US dollars per million tokens; null is unpriced.",
               answers={200: [Content(holds=CatalogModels)]}, errors=(422,), parameters=[
                   flag_parameter("enabled", "Only those that are routed to"),
                   text_parameter("provider", "Only this provider's"),
               ]),
        _route("PUT", "models/{id:str}", endpoint.put_model, "put_catalog_model", "Put a model",
               "In place of the one of that id, whole. Holds for the next request here, elsewhere within a second.",
               answers={200: [Content(holds=CatalogModel)]}, body=_MODEL),
        _route("DELETE", "models/{id:str}", endpoint.delete_model, "delete_catalog_model", "Delete a model",
               "To stop routing to it and still know its price, put it with `enabled` false.",
               answers={204: []}, errors=(404,)),
    ]  # fmt: skip


def _route(
    method: Literal["GET", "PUT", "DELETE"],
    path: str,
    endpoint: ASGIApp,
    name: str,
    summary: str,
    description: str,
    *,
    answers: Mapping[int, Sequence[Content]],
    body: Content | None = None,
    errors: Sequence[int] = (),
    parameters: Sequence[Parameter] = (),
) -> Route:
    named = [
        Parameter(name=part, place="path", schema=_NEW if body else _KNOWN, summary="As the catalogue calls it")
        for part in re.findall(r"{(\w+):str}", path)
    ]
    return Route(
        method=method,
        path=f"/admin/{path}",
        endpoint=endpoint,
        scope=AccessScope.ADMIN,
        operation=Operation(
            id=name, summary=summary, description=description, tag=_TAG, answers=answers, body=body, errors=errors,
            parameters=[*named, *parameters],
        ),
    )  # fmt: skip
