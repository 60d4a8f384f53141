"""The OpenAPI document: sound, stable, whole, and as committed in docs/openapi.json."""

import re
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import msgspec
import pytest
from interface.test_access import ROUTES

from neuroroute.domain.access import Scope
from neuroroute.infrastructure.catalog_file import catalog_schema
from neuroroute.interface.openapi import write_document

COMMITTED = Path(__file__).parents[2] / "docs" / "openapi.json"
METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}


@pytest.fixture
def document(client):
    answer = client.get("/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    return msgspec.json.decode(answer.content)


def within(value: object, where: str = "#") -> Iterator[tuple[str, object]]:
    """Everything in the document, and where."""
    yield where, value
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, item in inner:
        yield from within(item, f"{where}/{name}")


def operations(document):
    return [(path, method, item[method]) for path, item in document["paths"].items() for method in item]


def test_is_as_committed(document):
    """After a wanted change run this file: it writes docs/openapi.json anew."""
    committed = msgspec.json.decode(COMMITTED.read_bytes())
    for each in (document, committed):
        del each["info"]["version"]  # it changes with every release
    assert document == committed


def test_is_the_same_bytes_each_time(client, keyed):
    first = client.get("/openapi.json").content
    assert first == client.get("/openapi.json/").content
    assert first == write_document(ROUTES, title="NeuroRoute", version=msgspec.json.decode(first)["info"]["version"])
    assert first == write_document(
        iter(ROUTES), title="NeuroRoute", version=msgspec.json.decode(first)["info"]["version"]
    )


def test_is_openapi_31(document):
    assert document.keys() == {"openapi", "info", "paths", "components"}
    assert re.fullmatch(r"3\.1\.\d+", document["openapi"])
    assert {"title", "version", "description"} <= document["info"].keys()
    for path, item in document["paths"].items():
        assert path.startswith("/")
        assert item.keys() <= METHODS
    for scheme in document["components"]["securitySchemes"].values():
        assert scheme["type"] in {"http", "apiKey"}


def test_every_operation_has_an_id_of_its_own_that_is_a_name(document):
    ids = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(ids) == len(set(ids)) == len(ROUTES)
    assert all(re.fullmatch(r"[a-z][a-z_]*", name) for name in ids)


def test_every_operation_says_what_is_needed_to_call_it(document):
    for path, method, operation in operations(document):
        assert operation["summary"]
        assert operation["tags"]
        parameters = operation.get("parameters", [])
        assert re.findall(r"\{(\w+)\}", path) == [each["name"] for each in parameters if each["in"] == "path"]
        assert all(each["required"] for each in parameters if each["in"] == "path")
        bodiless = method in {"get", "delete"} or path == "/admin/cache/clear"
        assert ("requestBody" in operation) is not bodiless
        for status, answer in operation["responses"].items():
            assert re.fullmatch(r"[2345]\d\d", status)
            assert answer["description"]
            assert ("content" in answer) is (status != "204")


def test_every_operation_says_who_may_call_it_and_how_others_are_refused(document):
    """As the route's scope has it, and the guard does: docs/access.md."""
    scopes = {route.operation.id: route.scope for route in ROUTES}
    for _, _, operation in operations(document):
        scope, refusals = scopes[operation["operationId"]], operation["responses"].keys() & {"401", "403", "429"}
        keys = [{"bearer": [scope.value]}, {"key": [scope.value]}]
        match scope:
            case Scope.PUBLIC:
                assert operation["security"] == [{}]
                assert refusals == set()
            case Scope.ADMIN:
                assert operation["security"] == keys
                assert refusals == {"401", "403"}
            case _:
                assert operation["security"] == [{}, *keys]
                assert refusals == {"401", "403"} | ({"429"} if scope is Scope.CLIENT else set())
        assert scope is Scope.PUBLIC or "503" in operation["responses"]


def test_every_answer_that_asks_to_wait_says_for_how_long(document):
    for _, _, operation in operations(document):
        for status, answer in operation["responses"].items():
            told = answer["headers"].keys()
            assert "x-request-id" in told
            is_error = any(
                shape in str(answer.get("content")) for shape in ("ErrorResponse", "OpenAIError", "AnthropicError")
            )
            assert ("x-error-code" in told) is is_error
            assert ("retry-after" in told) is (is_error and status in {"429", "503"})
            assert ("www-authenticate" in told) is (status == "401")


def test_every_body_is_bounded_and_says_whether_it_takes_other_fields(document):
    """Those of others' languages pass over what they do not know; ours refuse it."""
    schemas = document["components"]["schemas"]
    for path, _, operation in operations(document):
        if "requestBody" in operation:
            content = operation["requestBody"]["content"]["application/json"]
            assert content["example"]
            strict = path.startswith("/admin/") or path == "/v1/feedback"
            bounds = {"minLength", "maxLength", "minimum", "pattern", "enum"}
            for choice in content["schema"].get("anyOf", [content["schema"]]):
                schema = schemas[choice["$ref"].rpartition("/")[2]]
                assert (schema.get("additionalProperties") is False) is strict
                assert any(where.rpartition("/")[2] in bounds for where, _ in within(schema))


def test_a_body_to_put_in_the_catalogue_is_described_as_one_in_its_file(document):
    """But for the name, which the path says already."""
    schemas, file = document["components"]["schemas"], msgspec.json.decode(catalog_schema())["$defs"]
    for table, name in (("ProviderTable", "name"), ("ModelTable", "id")):
        assert schemas[table]["properties"].keys() == file[table]["properties"].keys()
        assert {*schemas[table]["required"], name} == set(file[table]["required"])


def test_every_reference_leads_somewhere_and_every_schema_is_used(document):
    references = {value for where, value in within(document) if where.endswith("/$ref")}
    schemas = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert references == schemas


def test_every_schema_is_json_schema(document):
    kinds = {"string", "integer", "number", "boolean", "null", "array", "object"}
    for where, value in within(document["components"]["schemas"]):
        if isinstance(value, dict) and isinstance(value.get("type"), str) and not where.endswith("/properties"):
            assert value["type"] in kinds, where
            assert set(value.get("required", [])) <= value.get("properties", {}).keys(), where


def test_every_pattern_means_the_same_in_other_languages(document):
    patterns = [value for where, value in within(document["components"]) if where.endswith("/pattern")]
    assert patterns
    assert not [pattern for pattern in patterns if re.search(r"\\[AZz]|\(\?P", pattern)]


def test_no_internal_word_is_shown(document):
    text = msgspec.json.encode(document).decode()
    assert not re.search(r"neuroroute\.(?!fallbacks)|Struct|msgspec|litestar|_\w+\b\.py", text)


if __name__ == "__main__":
    made = write_document(ROUTES, title="NeuroRoute", version=version("neuroroute"))
    COMMITTED.write_bytes(msgspec.json.format(made, indent=1) + b"\n")
