"""`/admin/providers` and `/admin/models`: strict, in the words of the catalogue's file, and guarded."""

import httpx
import pytest
from catalogs import a_catalog, a_model, a_provider
from litestar import Litestar
from msgspec.structs import replace

from neuroroute.application.follow_state import FollowState
from neuroroute.application.keep_catalog import KeepCatalog
from neuroroute.application.stores import Topic
from neuroroute.domain.access import Caller
from neuroroute.domain.model import Price
from neuroroute.infrastructure.catalog import CatalogEntries, StaticCatalog
from neuroroute.infrastructure.formats import BASE_URL
from neuroroute.infrastructure.memory.catalog import MemoryCatalog
from neuroroute.infrastructure.memory.revisions import MemoryRevisions
from neuroroute.interface.catalog import CatalogEndpoint, catalog_routes
from neuroroute.interface.door import Door
from neuroroute.interface.errors import tell, told
from neuroroute.interface.routes import mount
from neuroroute.interface.visit import Visit
from neuroroute.interface.whole_body import WholeBodies

pytestmark = pytest.mark.anyio

PROVIDER = {"dialect": "openai", "base_url": "https://llm.example/v1"}
MODEL = {"provider": "acme", "upstream": "x", "max_tokens": 10}


class Counter:
    in_flight = 0


class Followed:
    """Counts the times that this process caught up."""

    topics = frozenset({Topic.CATALOG})
    loads = 0

    async def load(self):
        self.loads += 1


async def nothing():
    pass


@pytest.fixture
def revisions():
    return MemoryRevisions()


@pytest.fixture
async def store(revisions):
    stored = MemoryCatalog(revisions)
    await stored.apply(
        a_catalog(
            a_provider("acme", api_key_env="ACME_KEY"),
            a_provider("home", local=True),
            a_model("m"),
            a_model("off", "home", upstream=None, enabled=False, price=None),
        ),
        prune=False,
        by="cli",
    )
    return stored


@pytest.fixture
def followed():
    return Followed()


@pytest.fixture
async def admin(store, revisions, followed):
    endpoint = CatalogEndpoint(
        keep=KeepCatalog(store, follow_state=FollowState(revisions, [followed], prepare=nothing, tell=lambda _: None)),
        served=StaticCatalog(CatalogEntries(providers=(), cards=()), {}),
        bodies=WholeBodies(limit=10_000),
        base_url=BASE_URL.parse,
    )

    def admitted(route):
        async def serve(scope, receive, send):
            visit = Visit.of(scope)
            visit.caller = Caller("admin")
            try:
                await route.endpoint(scope, receive, send)
            except Exception as error:  # noqa: BLE001 - as the guard does
                await told(visit, error)(scope, receive, send)

        return serve

    routes = [mount(route, admitted(route)) for route in catalog_routes(endpoint)]
    app = Door(
        Litestar(routes, exception_handlers={Exception: tell}, openapi_config=None),
        direct={},
        origins=(),
        counter=Counter(),
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://router.test") as client:
        yield client


def problems(answer):
    assert answer.status_code == 422, answer.text
    return [(".".join(map(str, problem["loc"])), problem["msg"]) for problem in answer.json()["detail"]]


async def test_lists_say_everything_that_is_known_and_the_version_that_is_served(admin):
    providers = (await admin.get("/admin/providers")).json()
    assert [provider["name"] for provider in providers["providers"]] == ["acme", "home"]
    assert providers["providers"][0] == {
        "name": "acme", "dialect": "openai", "base_url": "https://acme.example/v1", "api_key_env": "ACME_KEY",
        "local": False, "max_connections": 10, "trusted": True,
    }  # fmt: skip
    models = (await admin.get("/admin/models")).json()
    assert models["count"] == 2
    assert models["models"][0]["price"] == {
        "prompt": "2.5", "completion": "10", "cached": "1.25", "cache_write": "3",
    }  # fmt: skip
    assert models["models"][1]["price"] is None
    assert providers["catalog_version"] == models["catalog_version"] != ""


@pytest.mark.parametrize(
    ("query", "ids"),
    [("", ["m", "off"]), ("?enabled=true", ["m"]), ("?provider=home", ["off"]), ("?provider=home&enabled=yes", [])],
)
async def test_models_are_listed_by_provider_and_whether_they_are_enabled(admin, query, ids):
    assert [model["id"] for model in (await admin.get(f"/admin/models{query}")).json()["models"]] == ids


async def test_what_is_listed_can_be_put_back(admin, store):
    before = await store.known()
    for model in (await admin.get("/admin/models")).json()["models"]:
        assert (await admin.put(f"/admin/models/{model['id']}", json=model)).json() == model
    for provider in (await admin.get("/admin/providers")).json()["providers"]:
        said = {name: value for name, value in provider.items() if name != "trusted"}
        assert (await admin.put(f"/admin/providers/{provider['name']}", json=said)).json() == provider
    assert await store.known() == before


async def test_a_model_is_put_and_this_process_knows_it_before_it_answers(admin, store, followed):
    price = {"prompt": 0.15, "completion": "0.6"}
    put = await admin.put("/admin/models/acme:x.1", json={**MODEL, "price": price, "ranks": {"cost": 1}})
    assert (put.status_code, put.json()["price"]["prompt"]) == (200, "0.15")
    model = (await store.known()).model("acme:x.1")
    assert model.price == Price(prompt=150_000_000, completion=600_000_000)
    assert (model.name, model.enabled, model.context_window, model.ranks.cost) == ("acme:x.1", True, None, 1)
    assert followed.loads == 1


async def test_a_provider_is_put_and_is_not_trusted(admin, store):
    put = await admin.put("/admin/providers/new", json=PROVIDER)
    assert (put.status_code, put.json()["trusted"], put.json()["max_connections"]) == (200, False, 100)
    assert (await store.known()).provider("new").trusted is False


@pytest.mark.parametrize(
    "said",
    [
        {"api_key_env": "AWS_SECRET_ACCESS_KEY"},
        {"api_key_env": "ACME_KEY", "base_url": "https://evil.example/v1"},
        {"api_key_env": "ACME_KEY", "base_url": "http://acme.example/v1"},
    ],
)
async def test_no_key_of_the_environment_is_sent_where_http_says(admin, store, said):
    before = await store.known()
    answer = await admin.put("/admin/providers/acme", json={**PROVIDER, "base_url": "https://acme.example/v1", **said})
    ((place, message),) = problems(answer)
    assert place == "body.api_key_env"
    assert "neuroroute catalog apply" in message
    assert "POST /api-keys/" in message
    assert await store.known() == before


async def test_a_provider_may_move_without_its_variable(admin, store):
    assert (await admin.put("/admin/providers/acme", json=PROVIDER)).status_code == 200
    moved = (await store.known()).provider("acme")
    assert (moved.base_url, moved.api_key_env, moved.trusted) == ("https://llm.example/v1", None, False)


async def test_a_model_without_a_provider_or_upstream_is_refused_by_field(admin):
    assert problems(await admin.put("/admin/models/x", json={**MODEL, "provider": "akme"})) == [
        ("body.provider", "model x: its provider is nowhere. The nearest is acme")
    ]
    ((place, _),) = problems(await admin.put("/admin/models/x", json={"provider": "acme", "max_tokens": 1}))
    assert place == "body.upstream"


@pytest.mark.parametrize(
    ("path", "body", "places"),
    [
        ("models/x", {}, ["body.provider", "body.max_tokens"]),
        ("models/x", {**MODEL, "extra": 1, "price": {"prompt": -1, "completion": 1}},
         ["body.extra", "body.price.prompt"]),
        ("models/x", {**MODEL, "capabilities": ["ok", "Not"]}, ["body.capabilities.1"]),
        ("models/x", {**MODEL, "max_tokens": True}, ["body.max_tokens"]),
        ("models/x", {**MODEL, "enabled": "yes"}, ["body.enabled"]),
        ("models/x", {**MODEL, "name": "a\0b"}, ["body.name"]),
        ("models/x", {**MODEL, "upstream": "a\nb"}, ["body.upstream"]),
        ("models/x", {**MODEL, "id": "y"}, ["body.id"]),
        ("models/auto", MODEL, ["body.id"]),
        ("models/a%20b", MODEL, ["body.id"]),
        ("models/" + "x" * 65, MODEL, ["body.id"]),
        ("models/x", [], ["body"]),
        ("models/x", {**MODEL, "price": {"prompt": 1e-10, "completion": 1}}, ["body.price.prompt"]),
        ("providers/x", {**PROVIDER, "base_url": "https://u:p@h"}, ["body.base_url"]),
        ("providers/x", {**PROVIDER, "base_url": "file:///etc/passwd"}, ["body.base_url"]),
        ("providers/x", {**PROVIDER, "dialect": "smtp"}, ["body.dialect"]),
        ("providers/x", {**PROVIDER, "trusted": True}, ["body.trusted"]),
        ("providers/x", {**PROVIDER, "api_key": "sk-canary"}, ["body.api_key"]),
        ("providers/x", {**PROVIDER, "max_connections": 0}, ["body.max_connections"]),
    ],
)  # fmt: skip
async def test_what_a_body_may_not_say_is_told_by_its_place_and_changes_nothing(admin, store, path, body, places):
    before = await store.known()
    answer = await admin.put(f"/admin/{path}", json=body)
    assert [place for place, _ in problems(answer)] == places
    assert "canary" not in answer.text
    assert await store.known() == before


@pytest.mark.parametrize("text", [r'{"name": "\ud800"}', r'{"\ud800": 1}', r'{"price": {"\ud800": 1}}'])
async def test_half_a_character_is_refused(admin, text):
    answer = await admin.put("/admin/models/x", content=text, headers={"content-type": "application/json"})
    assert answer.status_code == 422


async def test_a_thousand_wrong_fields_are_told_of_in_part(admin):
    body = {f"f{n}": n for n in range(500)}
    assert len(problems(await admin.put("/admin/models/x", json=body))) == 20


async def test_a_body_that_is_too_large_or_no_json_is_refused(admin):
    assert (await admin.put("/admin/models/x", json={"name": "x" * 10_000})).status_code == 413
    assert (
        await admin.put("/admin/models/x", content=b"{", headers={"content-type": "application/json"})
    ).status_code == 422
    assert (
        await admin.put("/admin/models/x", content=b"id=x", headers={"content-type": "text/plain"})
    ).status_code == 415


async def test_deleting_is_done_once_and_a_provider_goes_after_its_models(admin, store):
    busy = await admin.delete("/admin/providers/acme")
    assert (busy.status_code, busy.json()["detail"].startswith("Provider acme serves m:")) == (409, True)
    for path in ("models/m", "providers/acme"):
        gone = await admin.delete(f"/admin/{path}")
        assert (gone.status_code, gone.content) == (204, b"")
        assert (await admin.delete(f"/admin/{path}")).status_code == 404
    known = await store.known()
    assert (known.provider("acme"), known.model("m")) == (None, None)


async def test_a_provider_is_not_put_so_that_its_models_no_longer_fit(admin):
    answer = await admin.put("/admin/providers/home", json={**PROVIDER, "local": False})
    assert problems(answer) == [
        ("body.upstream", "model off: has no upstream; only a local openai provider can do without")
    ]


async def test_an_entry_that_was_put_is_as_a_file_would_say_it(admin, store):
    await admin.put("/admin/models/x", json=MODEL)
    assert (await store.known()).model("x") == replace(
        a_model("x"), name="x", upstream="x", capabilities=("basic_chat",), max_tokens=10, context_window=None,
        avg_latency_ms=1000, price=None, ranks=replace(a_model().ranks, speed=2, cost=2, quality=2),
    )  # fmt: skip
