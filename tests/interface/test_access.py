"""Who may call what: every route of the application x every kind of caller, on running services."""

import re

import httpx
import msgspec
import pytest
from contract.refusals import assert_refused
from dependency_injector import providers
from running import ADMIN_KEY

from neuroroute.asgi import create_app
from neuroroute.container import Container
from neuroroute.domain.access import Scope
from neuroroute.interface.admin import admin_routes
from neuroroute.interface.documents import documents_routes
from neuroroute.interface.health import health_routes
from neuroroute.interface.models import models_routes
from neuroroute.interface.prompt import prompt_routes
from neuroroute.interface.routes import Operation, Route
from neuroroute.settings import Settings

BODIES = {"/prompt": {"prompt": "hello"}, "/test-model/local": {"prompt": "hello"}}


def container(**environ) -> Container:
    settings = Settings.from_env({"NEUROROUTE_ADMIN_KEY": ADMIN_KEY, "LMSTUDIO_PORT": "9", **environ})
    return Container(settings=providers.Object(settings), environ=providers.Object(environ))


def routes() -> list[Route]:
    """Those of the application, as `create_app` mounts them."""
    wired = container()
    return [
        *prompt_routes(wired.prompt_endpoint()),
        *models_routes(wired.models_endpoint()),
        *health_routes(wired.health_endpoint()),
        *admin_routes(wired.admin_endpoint()),
        *documents_routes(wired.documents_endpoint()),
    ]


ROUTES = routes()
KEYS = {"no key": {}, "a wrong key": {"x-api-key": "wrong"}, "the admin key": {"x-api-key": ADMIN_KEY}}


def path_of(route: Route) -> str:
    return re.sub(r"\{\w+:\w+\}", "local", route.path)


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("mode", ["open", "keys"])
@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_each_route_opens_to_whom_it_says(route, mode, key, service, keyed):
    running = service if mode == "open" else keyed
    path = path_of(route)
    answer = httpx.request(
        route.method, f"{running.url}{path}", headers=KEYS[key], json=BODIES.get(path), timeout=10, trust_env=False
    )
    needs_key = route.scope is Scope.ADMIN or (route.scope is Scope.CLIENT and mode == "keys")
    if needs_key and key != "the admin key":
        assert_refused(answer, 401, "unauthorized")
        assert answer.headers["www-authenticate"].startswith("Bearer")
    else:
        assert answer.status_code == 200


def test_what_is_refused_is_refused_before_the_body_is_looked_at(keyed):
    for body in (b"{", b"\xff", b" " * (17 << 20)):
        answer = httpx.post(f"{keyed.url}/prompt", content=body, timeout=10, trust_env=False)
        assert_refused(answer, 401, "unauthorized")


def test_the_kinds_of_routes_are_these():
    assert {route.path: route.scope for route in ROUTES} == {
        "/prompt": Scope.CLIENT, "/test-model/{model_key:str}": Scope.CLIENT, "/models": Scope.CLIENT,
        "/models/capabilities": Scope.CLIENT, "/models/{model_key:str}/health": Scope.CLIENT,
        "/health": Scope.PUBLIC, "/health/live": Scope.PUBLIC, "/health/ready": Scope.PUBLIC, "/metrics": Scope.METRICS,
        "/admin/cache/clear": Scope.ADMIN, "/openapi.json": Scope.PUBLIC, "/docs": Scope.PUBLIC, "/redoc": Scope.PUBLIC,
    }  # fmt: skip


def test_the_application_has_these_routes_and_no_other(service):
    document = msgspec.json.decode(httpx.get(f"{service.url}/openapi.json", trust_env=False).content)
    ours = {(re.sub(r":\w+\}", "}", route.path), route.method.lower()) for route in ROUTES}
    assert {(path, method) for path, item in document["paths"].items() for method in item} == ours
    assert mounted(create_app(container())) == ours


def mounted(door) -> set[tuple[str, str]]:
    """What the framework itself would answer, beside HEAD and OPTIONS."""
    return {
        (re.sub(r":\w+\}", "}", route.path_format), method.lower())
        for route in door._app.routes
        for method in route.methods - {"HEAD", "OPTIONS"}
    }


def test_a_route_that_does_not_say_who_may_call_it_cannot_be_made():
    operation = Operation(id="x", summary="", description="", tag="x", answers={})
    with pytest.raises(TypeError, match="scope"):
        Route(method="GET", path="/x", endpoint=None, operation=operation)


@pytest.mark.anyio
@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize(
    ("host", "guarded"), [("127.0.0.1", False), ("::1", False), ("0.0.0.0", True), ("10.1.2.3", True)]
)
async def test_metrics_need_a_key_where_others_can_reach_them(host, guarded, key):
    transport = httpx.ASGITransport(create_app(container(HOST=host, NEUROROUTE_AUTH="open")))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        answer = await client.get("/metrics", headers=KEYS[key])
        if guarded and key != "the admin key":
            assert_refused(answer, 401, "unauthorized")
        else:
            assert answer.status_code == 200
        assert (await client.get("/models")).status_code == 200


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("environ", "opened"), [({}, True), ({"HOST": "10.1.2.3"}, False), ({"NEUROROUTE_AUTH": "keys"}, False)]
)
async def test_clients_need_keys_unless_only_this_machine_can_reach_us(environ, opened):
    transport = httpx.ASGITransport(create_app(container(**environ)))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        assert (await client.get("/models")).status_code == (200 if opened else 401)
        assert (await client.get("/models", headers=KEYS["the admin key"])).status_code == 200
