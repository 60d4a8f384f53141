"""Who may call what: every route of the application x every kind of caller, on running services."""

import re
import time
from collections.abc import Generator

import httpx
import msgspec
import pytest
from contract.refusals import assert_refused
from dependency_injector import providers
from interface.keys import KINDS, keys_of_every_kind
from running import ADMIN_KEY

from neuroroute.asgi import create_app
from neuroroute.container import Container
from neuroroute.domain.access import Scope
from neuroroute.interface.errors import told
from neuroroute.interface.routes import Operation, Route
from neuroroute.settings import Settings

MASTER_KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="


def container(**environ) -> Container:
    keys = {"NEUROROUTE_ADMIN_KEY": ADMIN_KEY, "NEUROROUTE_MASTER_KEY": MASTER_KEY}
    settings = Settings.from_env({**keys, "LMSTUDIO_PORT": "9", **environ})
    return Container(settings=providers.Object(settings), environ=providers.Object(environ))


def routes() -> list[Route]:
    """Those of the application, as the framework holds them; in one order, that of the framework is none."""
    held = (handler.opt.get("route") for one in create_app(container())._app.routes for handler in one.route_handlers)
    found = {route.operation.id: route for route in held if route}
    return [route for _, route in sorted(found.items())]


ROUTES = routes()
UNKNOWN = {"no key", "an empty key", "a wrong key", "a mistyped key", "an unknown key", "a key in the wrong scheme",
           "two keys"}  # fmt: skip
ENDED = {"an expired key", "a revoked key"}
OPENS = {
    "a client key": {Scope.CLIENT},
    "a client key in the other header": {Scope.CLIENT},
    "a metrics key": {Scope.METRICS},
    "an administrator's client key": set(Scope),
    "the admin key": set(Scope),
    "the admin key as a bearer": set(Scope),
}
PUBLIC = {"/health", "/health/live", "/health/ready", "/openapi.json", "/docs", "/redoc"}
CLIENT = {
    "/prompt", "/test-model/{model_key:str}", "/models", "/models/capabilities", "/models/{model_key:str}/health",
    "/v1/chat/completions", "/chat/completions", "/v1/messages", "/v1/messages/count_tokens", "/v1/responses",
    "/v1/embeddings", "/v1/models", "/v1/models/{model:path}", "/v1/route", "/v1/decisions/{decision_id:str}",
    "/v1/feedback",
}  # fmt: skip


@pytest.fixture(scope="module", params=["open", "keys"])
def place(request) -> Generator[tuple]:
    """A service of each mode, keys of every kind on it, and a connection."""
    running = request.getfixturevalue("service" if request.param == "open" else "keyed")
    with httpx.Client(base_url=running.url, timeout=20, trust_env=False) as client:
        yield request.param, keys_of_every_kind(running), client


def asked(client, route, headers):
    """The answer; asked again while nobody can say whether a key is known, as the answer asks for."""
    path = re.sub(r"\{\w+:\w+\}", "nobody", route.path)  # nothing of this name is there to be changed
    for _ in range(5):
        answer = client.request(route.method, path, headers=headers)
        if answer.headers.get("x-error-code") != "state_unavailable":
            break
        time.sleep(int(answer.headers["retry-after"]))
    return answer


def refused(route, answer, status, code):
    """Looks at a refusal: that of another language than the earlier service's has its own tests."""
    if route.tell is told:
        assert_refused(answer, status, code)
    else:
        assert (answer.status_code, answer.headers["x-error-code"]) == (status, code)
        assert answer.json()["error"]["message"]


def expected(mode, scope, kind) -> int | None:
    """The status of a refusal; `None` when there is none."""
    if scope is Scope.PUBLIC:
        return None
    closed = scope is Scope.ADMIN or (scope is Scope.CLIENT and mode == "keys")
    if kind in UNKNOWN:
        return 401 if closed else None
    if kind in ENDED:
        return 401
    return None if scope in OPENS[kind] else 403


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_each_route_opens_to_whom_it_says(place, route, kind):
    mode, keys, client = place
    answer = asked(client, route, keys[kind])
    match expected(mode, route.scope, kind):
        case 401:
            refused(route, answer, 401, "unauthorized")
            assert answer.headers["www-authenticate"].startswith("Bearer")
        case 403:
            refused(route, answer, 403, "forbidden")
        case _:
            assert answer.status_code not in {401, 403, 429, 500, 503}


def test_every_kind_of_caller_is_tried(place):
    assert place[1].keys() == set(KINDS) == UNKNOWN | ENDED | OPENS.keys()


def test_a_key_in_the_query_opens_nothing(place):
    _, keys, client = place
    key = dict(keys["an administrator's client key"])["authorization"].removeprefix("Bearer ")
    for name in ("key", "api_key", "x-api-key", "access_token", "authorization"):
        assert_refused(client.get("/admin/keys", params={name: key}), 401, "unauthorized")


def test_what_is_refused_is_refused_before_the_body_is_looked_at(keyed):
    for body in (b"{", b"\xff", b" " * (17 << 20)):
        answer = httpx.post(f"{keyed.url}/prompt", content=body, timeout=10, trust_env=False)
        assert_refused(answer, 401, "unauthorized")


def test_only_these_routes_are_for_anybody_and_only_these_for_clients():
    kinds = {scope: {route.path for route in ROUTES if route.scope is scope} for scope in Scope}
    assert kinds[Scope.PUBLIC] == PUBLIC
    assert kinds[Scope.CLIENT] == CLIENT
    assert kinds[Scope.METRICS] == {"/metrics"}
    assert all(path.startswith(("/admin/", "/api-keys")) for path in kinds[Scope.ADMIN])


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


def assert_open(answer):
    """It is let in, and only finds that this application, which was never started, has read nothing yet."""
    assert_refused(answer, 503, "state_unavailable")


KEYS = {"no key": {}, "a wrong key": {"x-api-key": "wrong"}, "the admin key": {"x-api-key": ADMIN_KEY}}


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
        assert_open(await client.get("/models"))


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("environ", "opened"), [({}, True), ({"HOST": "10.1.2.3"}, False), ({"NEUROROUTE_AUTH": "keys"}, False)]
)
async def test_clients_need_keys_unless_only_this_machine_can_reach_us(environ, opened):
    transport = httpx.ASGITransport(create_app(container(**environ)))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        answer = await client.get("/models")
        if opened:
            assert_open(answer)
        else:
            assert_refused(answer, 401, "unauthorized")
        assert_open(await client.get("/models", headers=KEYS["the admin key"]))
