"""What a route is: a method, a path, who may call it, what it says of itself, and plain ASGI behind it."""

from collections.abc import Mapping, Sequence
from typing import Literal

from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp
from msgspec import Struct

from neuroroute.domain.access import Scope


class Parameter(Struct, frozen=True, kw_only=True):
    """A value in the path or the query."""

    name: str
    place: Literal["path", "query", "header"]
    schema: Mapping[str, object]
    summary: str

    @property
    def required(self) -> bool:
        return self.place == "path"


class Content(Struct, frozen=True, kw_only=True):
    """What a body holds: a Struct in JSON, or text of another media type."""

    holds: type[Struct] | None = None
    media_type: str = "application/json"
    example: object = None


class Operation(Struct, frozen=True, kw_only=True):
    """What the OpenAPI document says of a route."""

    id: str
    """Unique and stable: client generators name functions by it."""
    summary: str
    description: str
    tag: str
    answers: Mapping[int, Sequence[Content]]
    """The good ones, by status."""
    body: Content | None = None
    parameters: Sequence[Parameter] = ()
    errors: Sequence[int] = ()
    """Statuses of `ErrorResponse`, beyond those that any route may answer."""


def route(
    method: Literal["GET", "POST"], path: str, endpoint: ASGIApp, *, scope: Scope, operation: Operation
) -> HTTPRouteHandler:
    """A route of the application.

    The framework finds it, guards it and answers for it when it fails; the request goes to `endpoint` untouched.
    Typed parameters and responses would cost each request tens of microseconds, and could not speak the earlier
    service's errors (docs/decisions/0005-plain-asgi-behind-routes.md).
    """

    def handle() -> ASGIApp:
        return endpoint

    return HTTPRouteHandler(
        path,
        http_method=method,
        name=operation.id,
        opt={"scope": scope, "operation": operation},
        status_code=200,
        sync_to_thread=False,
    )(handle)
