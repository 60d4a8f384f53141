"""JSON Schema of the Structs that bodies hold, with what their docstrings say of each field."""

import ast
import inspect
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import pairwise
from typing import Annotated, Final, get_args, get_origin

import msgspec
from msgspec import Struct

from neuroroute.dialects.catalog_tables import table_schema
from neuroroute.dialects.lax import lax_schema

REF: Final = "#/components/schemas/{name}"
_PYTHON_END: Final = r"(?![\s\S])"
"""How our patterns end, so that Python lets no line break follow; other languages have `$` for it."""
_SURROGATES: Final = r"\ud800-\udfff"
"""What no text in UTF-8 holds: to exclude them would puzzle those who read patterns by halves of characters."""


def schemas_of(
    structs: Iterable[type[Struct]], *, lax: Iterable[type[Struct]], loose: Iterable[type[Struct]]
) -> dict[str, dict[str, object]]:
    """Schemas by the Structs' names, of all that are reached from `structs`.

    Those reached from `lax` take text for a number or a boolean, as `dialects.lax` reads it; those from `loose` may
    hold more than is said, unless they forbid it.
    """
    structs = tuple(structs)
    _, schemas = msgspec.json.schema_components(structs, schema_hook=table_schema, ref_template=REF)
    lenient = {each.__name__ for each in _reached(lax)}
    documented = {each.__name__: _field_docs(each) for each in _reached(structs)}
    more = {each.__name__: {"additionalProperties": True} for each in _reached(loose)}
    return {
        name: {**more.get(name, {}), **_told(schema, documented.get(name, {}), lax=name in lenient)}
        for name, schema in schemas.items()
    }


def _told(schema: Mapping[str, object], docs: Mapping[str, str], *, lax: bool) -> dict[str, object]:
    told = {key: portable(value) for key, value in schema.items()}
    properties = told.get("properties")
    if isinstance(properties, dict):
        told["properties"] = {
            name: _documented(lax_schema(one) if lax else one, docs.get(name))
            for name, one in msgspec.convert(properties, dict[str, dict[str, object]]).items()
        }
    return told


def _documented(schema: dict[str, object], said: str | None) -> dict[str, object]:
    return {"description": said, **schema} if said else schema


def portable(value: object) -> object:
    """The same in the words of every language, and of what is read: a set is a list that may say a thing twice."""
    if isinstance(value, dict):
        members: dict[str, object] = value  # pyright: ignore[reportUnknownVariableType] - JSON
        return {name: portable(item) for name, item in members.items() if name != "uniqueItems"}
    if isinstance(value, list):
        items: list[object] = value  # pyright: ignore[reportUnknownVariableType] - JSON
        return [portable(item) for item in items]
    return value.replace(_PYTHON_END, "$").replace(_SURROGATES, "") if isinstance(value, str) else value


def _reached(structs: Iterable[type[Struct]]) -> set[type[Struct]]:
    """They, and all that their fields hold."""
    found, waiting = set[type[Struct]](), list(structs)
    while waiting:
        if (kind := waiting.pop()) not in found:
            found.add(kind)
            waiting.extend(inner for field in msgspec.structs.fields(kind) for inner in _structs_in(field.type))
    return found


def _structs_in(annotation: object) -> Iterator[type[Struct]]:
    if isinstance(annotation, type) and issubclass(annotation, Struct):
        yield annotation
    parts = get_args(annotation)
    for part in parts[:1] if get_origin(annotation) is Annotated else parts:
        yield from _structs_in(part)


def _field_docs(kind: type[Struct]) -> Mapping[str, str]:
    """What stands under each field, of the class and of those it is made from."""
    docs: dict[str, str] = {}
    for one in reversed(kind.__mro__):
        if issubclass(one, Struct) and one is not Struct:
            docs |= _module_docs(one.__module__).get(one.__qualname__, {})
    return docs


@cache
def _module_docs(module: str) -> Mapping[str, Mapping[str, str]]:
    """By class, then by field. Python keeps no docstring of a field, so the source is read."""
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    return {each.name: dict(_class_docs(each)) for each in tree.body if isinstance(each, ast.ClassDef)}


def _class_docs(made: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for field, said in pairwise(made.body):
        match field, said:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                yield name, inspect.cleandoc(text).replace("\n", " ").replace("`None`", "null")
            case _:
                pass
