"""The OpenAPI document, made from the routes themselves."""

import re
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Final

import msgspec

from neuroroute.domain.access import Scope
from neuroroute.interface.routes import Content, Operation, Parameter, Route, ToldErrors
from neuroroute.interface.schemas import REF, portable, schemas_of

_REQUEST_ID: Final = {
    "description": "The id of this request: that of the request's own header, else that of its body, else ours",
    "schema": {"type": "string"},
}
_SCOPE_ERRORS: Final[Mapping[Scope, Sequence[int]]] = {
    Scope.PUBLIC: (),
    Scope.CLIENT: (401, 403, 429, 503),
    Scope.METRICS: (401, 403, 503),
    Scope.ADMIN: (401, 403, 503),
}
"""What the guard refuses with (docs/access.md)."""
_LIMITS: Final = {
    "x-ratelimit-limit-requests": "Of a key with a limit: requests a minute",
    "x-ratelimit-remaining-requests": "Of a key with a limit: how many may come at once now",
    "x-ratelimit-reset-requests": "Of a key with a limit: until the whole limit is there again, such as `2.350s`",
}
_ERROR_HEADERS: Final[Mapping[int, Mapping[str, str]]] = {
    401: {"www-authenticate": "How a key is shown"},
    429: {"retry-after": "Seconds to wait; left out when no provider said how many"},
    503: {"retry-after": "Seconds to wait"},
}
_PHRASES: Final = {529: "Overloaded"}
"""Of statuses that only one provider knows."""
_KEY: Final = "The admin key, or a client key with the scope that is named; one with `admin` opens everything"
_SECURITY: Final[Mapping[Scope, Sequence[Mapping[str, Sequence[str]]]]] = {
    Scope.PUBLIC: [{}],
    Scope.CLIENT: [{}, {"bearer": ["client"]}, {"key": ["client"]}],
    Scope.METRICS: [{}, {"bearer": ["metrics"]}, {"key": ["metrics"]}],
    Scope.ADMIN: [{"bearer": ["admin"]}, {"key": ["admin"]}],
}
"""`{}` is nothing: what a client's route asks for while access is open. The words are a client key's scopes."""
_EVENT: Final[Mapping[str, object]] = {
    "type": "object",
    "description": "One event of the stream",
    "properties": {
        "event": {"type": "string", "description": "Its name, where it has one"},
        "data": {"type": "string", "description": "JSON, where it is not `[DONE]`"},
    },
    "required": ["data"],
}
"""As OpenAPI 3.2 has it, and readers of 3.1 take it: the schema of an event stream is that of each of its events."""

_encode: Final = msgspec.json.Encoder(order="sorted").encode


def write_document(routes: Iterable[Route], *, title: str, version: str) -> bytes:
    """OpenAPI 3.1, sorted, so that the same routes always give the same bytes."""
    routes = tuple(routes)
    paths: dict[str, dict[str, object]] = {}
    for one in routes:
        item = paths.setdefault(re.sub(r"\{(\w+):\w+\}", r"{\1}", one.path), {})
        item[one.method.lower()] = _operation(one.operation, one.scope)
    return _encode(
        {
            "openapi": "3.1.0",
            "info": {
                "title": title,
                "version": version,
                "description": "Answers each prompt with the model that does it well enough for the least money "
                "and time, and says why.",
            },
            "paths": paths,
            "components": {
                "schemas": _schemas([one.operation for one in routes]),
                "securitySchemes": {
                    "bearer": {"type": "http", "scheme": "bearer", "description": _KEY},
                    "key": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": _KEY},
                },
            },
        }
    )


def _schemas(operations: Sequence[Operation]) -> Mapping[str, Mapping[str, object]]:
    contents = [content for one in operations for content in _contents(one)]
    lax = [content.holds for content in contents if content.holds and content.lax]
    loose = [kind for content in contents if content.open for kind in (content.holds, content.or_holds) if kind]
    held = [kind for content in contents for kind in (content.holds, content.or_holds) if kind]
    schemas = schemas_of(dict.fromkeys(held), lax=lax, loose=loose)
    for content in contents:
        if content.holds and content.named_by_path:
            schema = schemas[content.holds.__name__]
            needed = msgspec.convert(schema["required"], list[str])
            schema["required"] = [name for name in needed if name != content.named_by_path]
    return schemas


def _contents(operation: Operation) -> Iterable[Content]:
    yield _error(operation.told)
    if operation.body:
        yield operation.body
    for contents in operation.answers.values():
        yield from contents


def _error(told: ToldErrors) -> Content:
    return Content(holds=told.holds, or_holds=told.or_holds)


def _operation(operation: Operation, scope: Scope) -> dict[str, object]:
    limits = _LIMITS if scope is Scope.CLIENT else {}
    answers = {
        str(status): _answer(status, contents, {**limits, **operation.headers})
        for status, contents in operation.answers.items()
    }
    told = operation.told
    refusals = (*operation.errors, *(told.of_bodies if operation.body else ()), *_SCOPE_ERRORS[scope], 500)
    errors = {
        str(status): _answer(status, [_error(told)], {**told.headers, **limits, **_ERROR_HEADERS.get(status, {})})
        for status in refusals
    }
    described: dict[str, object] = {
        "operationId": operation.id,
        "summary": operation.summary,
        "description": operation.description,
        "tags": [operation.tag],
        "responses": errors | answers,
        "security": _SECURITY[scope],
    }
    if operation.parameters:
        described["parameters"] = [_parameter(parameter) for parameter in operation.parameters]
    if operation.body:
        described["requestBody"] = {"required": not operation.body.optional, "content": _content([operation.body])}
    return described


def _parameter(parameter: Parameter) -> Mapping[str, object]:
    described = {
        "name": parameter.name,
        "in": parameter.place,
        "required": parameter.required,
        "description": parameter.summary,
        "schema": portable(parameter.schema),
    }
    return described if parameter.example is None else {**described, "example": parameter.example}


def _answer(status: int, contents: Sequence[Content], headers: Mapping[str, str]) -> Mapping[str, object]:
    said = {name: {"description": told, "schema": {"type": "string"}} for name, told in headers.items()}
    phrase = _PHRASES.get(status) or HTTPStatus(status).phrase
    answer = {"description": phrase, "headers": {"x-request-id": _REQUEST_ID, **said}}
    return {**answer, "content": _content(contents)} if contents else answer


def _content(contents: Sequence[Content]) -> Mapping[str, object]:
    return {content.media_type: _media(content) for content in contents}


def _media(content: Content) -> Mapping[str, object]:
    schema = _schema(content)
    return {"schema": schema} if content.example is None else {"schema": schema, "example": content.example}


def _schema(content: Content) -> Mapping[str, object]:
    if content.holds is not None:
        one: Mapping[str, object] = {"$ref": REF.format(name=content.holds.__name__)}
        if content.or_holds is not None:
            one = {"anyOf": [one, {"$ref": REF.format(name=content.or_holds.__name__)}]}
        return {"type": "array", "items": one} if content.listed else one
    match content.media_type:
        case "application/json":
            return {"type": "object"}
        case "text/event-stream":
            return _EVENT
        case _:
            return {"type": "string"}
