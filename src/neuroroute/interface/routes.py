"""What a route is: a method, a path, who may call it, what it says of itself, and plain ASGI behind it."""

from collections.abc import Mapping, Sequence
from typing import Final, Literal

from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp, Method, Receive, Send
from litestar.types import Scope as ASGIScope
from msgspec import Struct

from neuroroute.dialects.native_answers import ErrorResponse
from neuroroute.domain.access import Scope
from neuroroute.interface.access import Guard
from neuroroute.interface.errors import Tell, told
from neuroroute.interface.visit import Visit


class Parameter(Struct, frozen=True, kw_only=True):
    """A value in the path, the query or a header."""

    name: str
    place: Literal["path", "query", "header"]
    schema: Mapping[str, object]
    summary: str
    example: object = None

    @property
    def required(self) -> bool:
        return self.place == "path"


class Content(Struct, frozen=True, kw_only=True):
    """What a body holds: a Struct in JSON, or text of another media type."""

    holds: type[Struct] | None = None
    or_holds: type[Struct] | None = None
    """What it may hold instead."""
    listed: bool = False
    """Whether it is a bare list of them."""
    named_by_path: str | None = None
    """The field that the path says already: a body may leave it out."""
    optional: bool = False
    """Whether a request may do without this body."""
    lax: bool = False
    """Whether numbers and booleans may come as text, as the earlier service read them."""
    open: bool = False
    """Whether it may hold more than is said: in others' languages there are fields that nobody here has heard of."""
    media_type: str = "application/json"
    example: object = None


class ToldErrors(Struct, frozen=True, kw_only=True):
    """How a surface tells what went wrong."""

    holds: type[Struct]
    or_holds: type[Struct] | None = None
    """Another shape, for clients of another language."""
    of_bodies: Sequence[int]
    """Statuses of a body that is not taken."""
    headers: Mapping[str, str] = {}
    """Of every error: each with what it says."""


NATIVE: Final = ToldErrors(
    holds=ErrorResponse,
    of_bodies=(400, 408, 413, 415, 422),
    headers={"x-error-code": "The same as `code` in the body"},
)
"""As the earlier service did."""


class Operation(Struct, frozen=True, kw_only=True):
    """What the OpenAPI document says of a route."""

    id: str
    """Unique and stable: client generators name functions by it."""
    summary: str
    description: str
    tag: str
    answers: Mapping[int, Sequence[Content]]
    """The good ones, by status; without content there is no body."""
    headers: Mapping[str, str] = {}
    """Of the good answers, beyond those of any: each with what it says."""
    body: Content | None = None
    parameters: Sequence[Parameter] = ()
    errors: Sequence[int] = ()
    """Beyond those of any route of its scope, and of any that reads a body."""
    told: ToldErrors = NATIVE


class Route(Struct, frozen=True, kw_only=True):
    """One method of one path."""

    method: Literal["GET", "POST", "PUT", "DELETE"]
    path: str
    endpoint: ASGIApp
    scope: Scope
    """Who may call it. There is no default: a route that does not say cannot be made."""
    operation: Operation
    tell: Tell = told
    """Who tells the caller of failures, those before the endpoint too."""
    direct: bool = False
    """Whether the door calls it past the framework's routing, which is a tenth of a cached answer's cost."""


def guarded(route: Route, guard: Guard) -> ASGIApp:
    """The route's endpoint, for those whom `guard` admits; its failures are told to the caller."""

    async def serve(scope: ASGIScope, receive: Receive, send: Send) -> None:
        visit = Visit.of(scope)
        try:
            visit.caller = caller = guard.admit(route.scope, visit)
            if caller.requests_per_minute is not None and route.scope is Scope.CLIENT:
                await guard.count(caller, caller.requests_per_minute, visit)
            await route.endpoint(scope, receive, send)
        except Exception as error:
            if visit.answering:
                raise
            await route.tell(visit, error)(scope, receive, send)

    return serve


def mount_options(routes: Sequence[Route]) -> list[HTTPRouteHandler]:
    """What `OPTIONS` says of each path. The framework would tell the methods of the route it was given first."""
    methods: dict[str, set[str]] = {}
    for route in routes:
        methods.setdefault(route.path, {"OPTIONS"}).update(_methods(route))

    def allowing(path: str) -> HTTPRouteHandler:
        headers = [(b"allow", ", ".join(sorted(methods[path])).encode())]

        async def tell(scope: ASGIScope, receive: Receive, send: Send) -> None:
            del scope, receive
            await send({"type": "http.response.start", "status": 204, "headers": headers})
            await send({"type": "http.response.body", "body": b"", "more_body": False})

        return _handler(path, ["OPTIONS"], tell)

    return [allowing(path) for path in methods]


def mount(route: Route, endpoint: ASGIApp) -> HTTPRouteHandler:
    """The route as the framework takes it: found by it, the request untouched.

    Typed parameters and responses, and the framework's own guards, would cost each request tens of microseconds, and
    could not speak the earlier service's errors (docs/decisions/0005-plain-asgi-behind-routes.md).
    """
    return _handler(route.path, _methods(route), endpoint, route=route)


def _methods(route: Route) -> list[Method]:
    return ["GET", "HEAD"] if route.method == "GET" else [route.method]


def _handler(path: str, methods: list[Method], endpoint: ASGIApp, *, route: Route | None = None) -> HTTPRouteHandler:
    def handle() -> ASGIApp:
        return endpoint

    return HTTPRouteHandler(
        path,
        http_method=methods,
        name=route and route.operation.id,
        status_code=200,
        sync_to_thread=False,
        opt={"route": route},  # so that whoever holds the application can see what it opens to whom
    )(handle)
