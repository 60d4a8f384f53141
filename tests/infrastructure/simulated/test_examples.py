"""An example is what its schema describes."""

import json

import jsonschema_rs
import pytest
from msgspec import Raw
from pydantic import BaseModel, Field

from neuroroute.infrastructure.simulated.examples import example


class Street(BaseModel):
    name: str
    number: int = Field(ge=7, le=9)


class Person(BaseModel):
    name: str = Field(min_length=12)
    nick: str = Field(max_length=3)
    age: int | None = None
    home: Street
    others: list["Person"] = []
    mother: "Person | None" = None
    pair: tuple[int, str]
    share: float = Field(gt=2)
    scores: dict[str, float]


def read(schema):
    return json.loads(example(Raw(json.dumps(schema).encode())))


def test_a_pydantic_models_example_is_one_of_it():
    schema = Person.model_json_schema()
    person = Person.model_validate_json(example(Raw(json.dumps(schema).encode())))
    assert person.home == Street(name="simulated", number=7)
    assert person.age == 1


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "enum": ["a", "b"]},
        {"const": {"deep": [1, None]}},
        {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        {"allOf": [{"$ref": "#/$defs/a"}], "$defs": {"a": {"type": "boolean"}}},
        {"$ref": "#/definitions/a", "definitions": {"a": {"type": "null"}}},
        {"type": "array", "items": {"type": "number"}, "minItems": 3},
        {"type": ["integer", "null"], "exclusiveMinimum": 5},
        {"type": "number", "maximum": -1},
        {"type": "string", "format": "date-time"},
        {"type": "object", "properties": {"any": True, "list": {"type": "array"}}},
    ],
    ids=json.dumps,
)
def test_an_example_fits(schema):
    assert jsonschema_rs.is_valid(schema, read(schema))


@pytest.mark.parametrize("schema", ["5", "[]", '{"type": 5}', "nonsense", '{"properties": []}'])
def test_a_schema_that_is_none_has_an_empty_example(schema):
    assert example(Raw(schema.encode())) == b"{}"


def test_a_schema_nested_too_deep_has_an_empty_example():
    schema = b'{"properties":{"a":' * 5000 + b"{}" + b"}}" * 5000
    assert example(Raw(schema)) == b"{}"


def test_a_schema_that_refers_to_itself_ends():
    assert example(Raw(b'{"$ref": "#"}')) == b"{}"
    node = {"type": "object", "properties": {"next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]}}}
    said = read({"$ref": "#/$defs/node", "$defs": {"node": node}})
    depth = 0
    while said.get("next"):
        said, depth = said["next"], depth + 1
    assert 1 < depth < 10


def test_references_that_multiply_stay_small():
    defs = {}
    for level in range(30):
        next_one = {"$ref": f"#/$defs/d{level + 1}"}
        defs[f"d{level}"] = {"properties": {"a": next_one, "b": next_one}, "required": ["a", "b"]}
    assert len(example(Raw(json.dumps({"$ref": "#/$defs/d0", "$defs": defs}).encode()))) < 200_000
