"""As much of JSON Schema as the OpenAPI document uses: does an answer look as the document says?"""

import re
from collections.abc import Iterator
from typing import Any

import httpx

_TYPES = {
    "string": str,
    "integer": int,
    "number": int | float,
    "boolean": bool,
    "null": type(None),
    "array": list,
    "object": dict,
}
_KNOWN = {
    "$ref", "additionalProperties", "anyOf", "default", "description", "discriminator", "enum", "format", "items",
    "maxItems", "minItems", "minLength", "prefixItems", "properties", "required", "title", "type",
}  # fmt: skip


_ELSEWHERE = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorResponse"}}}}
"""What answers on paths that are not there."""


class Documented:
    """Compares answers with the document of the service that gave them."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self._paths = [
            (re.compile(re.sub(r"\\\{\w+\\\}", r"[^/]+", re.escape(path))), item)
            for path, item in sorted(document["paths"].items(), key=lambda known: known[0].count("{"))
        ]

    def faults(self, response: httpx.Response) -> list[str]:
        """How the answer differs from what is documented; routes that are not there answer 404 and 405 in one shape."""
        request = response.request
        if request.method == "OPTIONS" or response.status_code in {301, 307}:
            return []
        where = f"{request.method} {request.url.path} {response.status_code}"
        told = self.told(response)
        media = response.headers.get("content-type", "").partition(";")[0]
        if told is None or media not in told.get("content", [""]):
            return [f"{where}: this status, with {media or 'no body'}, is not documented"]
        if not media:
            return [f"{where}: has a body, of no type"] if response.content else []
        if request.method == "HEAD" or media != "application/json":
            return []
        return [f"{where}: {fault}" for fault in self._check(response.json(), told["content"][media]["schema"], "$")]

    def told(self, response: httpx.Response) -> dict[str, Any] | None:
        """What is documented of such an answer; `None` when it is not."""
        operation = self._operation(response.request.method, response.request.url.path)
        if operation is None:
            return _ELSEWHERE if response.status_code in {404, 405} else None
        return operation["responses"].get(str(response.status_code))

    def _operation(self, method: str, path: str) -> dict[str, Any] | None:
        plain = path.rstrip("/") or "/"
        item = next((item for pattern, item in self._paths if pattern.fullmatch(plain)), {})
        return item.get("get" if method == "HEAD" else method.lower())

    def _check(self, value: Any, schema: dict[str, Any], where: str) -> Iterator[str]:
        unknown = schema.keys() - _KNOWN
        assert not unknown, f"teach this validator {unknown}"
        if "$ref" in schema:
            named = self.document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
            yield from self._check(value, named, where)
            return
        if "anyOf" in schema:
            if all(list(self._check(value, choice, where)) for choice in schema["anyOf"]):
                yield f"{where}: {str(value)[:80]!r} is none of what is documented"
            return
        if not _is_a(value, schema.get("type")):
            yield f"{where}: {str(value)[:80]!r} is no {schema['type']}"
        if "enum" in schema and value not in schema["enum"]:
            yield f"{where}: {value!r} is none of {schema['enum']}"
        if isinstance(value, dict):
            yield from self._check_object(value, schema, where)
        if isinstance(value, list):
            yield from self._check_list(value, schema, where)

    def _check_list(self, value: list[Any], schema: dict[str, Any], where: str) -> Iterator[str]:
        fixed = schema.get("prefixItems", [])
        for index, item in enumerate(value):
            inner = fixed[index] if index < len(fixed) else schema.get("items")
            if isinstance(inner, dict):
                yield from self._check(item, inner, f"{where}[{index}]")

    def _check_object(self, value: dict[str, Any], schema: dict[str, Any], where: str) -> Iterator[str]:
        for name in schema.get("required", []):
            if name not in value:
                yield f"{where}.{name}: missing"
        known, others = schema.get("properties", {}), schema.get("additionalProperties", True)
        for name, item in value.items():
            if name in known:
                yield from self._check(item, known[name], f"{where}.{name}")
            elif isinstance(others, dict):
                yield from self._check(item, others, f"{where}.{name}")
            elif "properties" in schema and "additionalProperties" not in schema:
                yield f"{where}.{name}: is not documented"


def _is_a(value: Any, kind: str | None) -> bool:
    if isinstance(value, bool):
        return kind in {None, "boolean"}
    return kind is None or isinstance(value, _TYPES[kind])
