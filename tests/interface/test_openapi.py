"""The OpenAPI document: sound, stable, whole, and as committed in docs/openapi.json."""

import re
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import msgspec
import pytest
from interface.test_access import ROUTES

from neuroroute.interface.documents import write_document

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
        assert ("requestBody" in operation) is (path.startswith(("/prompt", "/test-model")))
        assert operation["security"]
        for status, answer in operation["responses"].items():
            assert re.fullmatch(r"[2345]\d\d", status)
            assert answer["description"]
            assert answer["content"]
        assert method == "get" or "401" in operation["responses"]


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


def test_no_internal_word_is_shown(document):
    text = msgspec.json.encode(document).decode()
    assert not re.search(r"neuroroute\.|Struct|msgspec|litestar|_\w+\b\.py", text)


if __name__ == "__main__":
    made = write_document(ROUTES, title="NeuroRoute", version=version("neuroroute"))
    COMMITTED.write_bytes(msgspec.json.format(made, indent=1) + b"\n")
