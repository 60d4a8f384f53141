"""What the OpenAPI document says is what happens: each operation is called with the example that the document shows."""

import re

import httpx
import pytest
from contract.schema import Documented
from interface.keys import bearer, make_key
from interface.test_access import ROUTES

BODIES = [(route.method, route.path, route.operation) for route in ROUTES if route.operation.body]
MADE_BEFORE = {
    "/api-keys/{provider:str}": "create_api_key",
    "/api-keys/settings/{provider:str}": "create_api_key_settings",
    "/admin/keys/{key_id:str}/rotate": "create_client_key",
}
"""What has to be there already, by the operation that makes it."""
EXPECTED = {operation.id: next(iter(operation.answers)) for _, _, operation in BODIES}
EXAMPLES = {operation.id: operation.body.example for _, _, operation in BODIES}


@pytest.fixture(scope="module")
def documented(client) -> Documented:
    return Documented(client.get("/openapi.json").json())


def decision_made(admin) -> str:
    """The id of a decision that can be shown and judged."""
    chat = admin.post("/v1/chat/completions", json=EXAMPLES["create_chat_completion"])
    return chat.headers["x-neuroroute-decision"]


@pytest.fixture
def named(admin):
    """What stands in a path for each of its parameters; what the examples leave behind is deleted afterwards."""
    made = admin.post("/admin/keys", json={"name": "an example"}).json()["client_key"]["id"]
    yield {
        "provider": "openai",
        "key_id": made,
        "model_key": "local",
        "model": "local",
        "name": "example",
        "id": "example",
        "decision_id": decision_made(admin),
    }
    for path in ("/api-keys/openai", "/api-keys/settings/openai", "/admin/models/example", "/admin/providers/example"):
        admin.delete(path)


@pytest.mark.parametrize(("method", "path", "operation"), BODIES, ids=[operation.id for _, _, operation in BODIES])
def test_the_example_of_every_body_is_taken(method, path, operation, admin, named, documented):
    if before := MADE_BEFORE.get(path):
        first = next(made for _, made, each in BODIES if each.id == before)
        admin.post(first, json=EXAMPLES[before]).raise_for_status()
    body = {
        name: named["decision_id"] if name == "decision_id" else said for name, said in EXAMPLES[operation.id].items()
    }
    answer = admin.request(method, path.replace(":str", "").format(**named), json=body)
    assert answer.status_code == EXPECTED[operation.id], answer.text
    assert documented.faults(answer) == []
    assert undocumented_headers(documented, answer) == set()


@pytest.mark.parametrize(("method", "path", "operation"), BODIES, ids=[operation.id for _, _, operation in BODIES])
def test_what_no_body_may_be_is_refused_as_documented(method, path, operation, admin, named, documented):
    del operation
    place = path.replace(":str", "").format(**named)
    headers = {"content-type": "application/json"}
    for content in (b"[]", b"{", b"\xff", b'{"prompt": 1, "provider": [], "name": {}, "overlap_seconds": "x"}'):
        answer = admin.request(method, place, content=content, headers=headers)
        assert answer.status_code in {400, 422}
        assert documented.faults(answer) == []
    assert documented.faults(admin.request(method, place, content=b"a=b", headers={"content-type": "text/plain"})) == []


def test_a_body_that_may_be_left_out_may_be_left_out(admin, named, documented):
    optional = [operation for _, _, operation in BODIES if operation.body.optional]
    assert [operation.id for operation in optional] == ["rotate_client_key"]
    answer = admin.post("/admin/keys/{key_id}/rotate".format(**named))
    assert answer.status_code == 200
    assert documented.faults(answer) == []


@pytest.mark.parametrize("route", [route for route in ROUTES if route.method == "GET"], ids=lambda route: route.path)
def test_what_is_read_looks_as_documented(route, admin, named, documented):
    admin.post("/api-keys", json=EXAMPLES["create_api_key"])
    admin.post("/api-keys/settings", json=EXAMPLES["create_api_key_settings"])
    answer = admin.get(re.sub(r":\w+}", "}", route.path).format(**named))
    assert answer.status_code in route.operation.answers
    assert documented.faults(answer) == []
    assert undocumented_headers(documented, answer) == set()


def test_what_is_deleted_leaves_nothing_to_be_shown(admin, named, documented):
    admin.put("/admin/providers/example", json=EXAMPLES["put_catalog_provider"]).raise_for_status()
    admin.put("/admin/models/example", json=EXAMPLES["put_catalog_model"]).raise_for_status()
    paths = [f"/admin/keys/{named['key_id']}", "/admin/models/example", "/admin/providers/example"]
    for path, status in [(path, 204) for path in paths] + [(path, 404) for path in paths[1:]]:
        answer = admin.delete(path)
        assert answer.status_code == status
        assert documented.faults(answer) == []


def test_refusals_say_what_is_documented_of_them(service, client, documented):
    key = make_key(service, requests_per_minute=1, models=["local"])["key"]
    asked = [
        (client.get("/admin/keys"), 401),
        (client.get("/admin/keys", headers=bearer(key)), 403),
        (client.post("/prompt", headers=bearer(key), json={"prompt": "Hi", "metadata": {"model": "openai"}}), 403),
        (client.get("/models", headers=bearer(key)), 429),
    ]
    for answer, status in asked:
        assert answer.status_code == status
        assert documented.faults(answer) == []
        assert undocumented_headers(documented, answer) == set()


OF_ANY_HTTP = {"content-type", "content-length", "date", "server", "vary", "content-encoding", "connection"}


def undocumented_headers(documented: Documented, answer: httpx.Response) -> set[str]:
    """Those of the answer that the document does not tell of."""
    told = documented.told(answer)["headers"]
    return {name.lower() for name in answer.headers} - OF_ANY_HTTP - told.keys()
