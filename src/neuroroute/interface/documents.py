"""The OpenAPI document, made from the routes themselves, and the pages that show it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from http import HTTPStatus
from typing import final

import msgspec
from litestar.types import Receive, Scope, Send

from neuroroute.dialects.catalog_tables import table_schema
from neuroroute.dialects.native_answers import ErrorResponse
from neuroroute.domain.access import Scope as AccessScope
from neuroroute.interface.respond import Reply
from neuroroute.interface.routes import Content, Operation, Parameter, Route

_REF = "#/components/schemas/{name}"
_HTML = b"text/html; charset=utf-8"
_REQUEST_ID = {
    "description": "The id of this request: that of the request's own header, else that of its body, else ours",
    "schema": {"type": "string"},
}
_BODY_ERRORS = (400, 408, 413, 415, 422)
"""Of any route that reads a body."""
_SCOPE_ERRORS: Mapping[AccessScope, Sequence[int]] = {
    AccessScope.PUBLIC: (),
    AccessScope.CLIENT: (401, 403, 429, 503),
    AccessScope.METRICS: (401, 403, 503),
    AccessScope.ADMIN: (401, 403, 503),
}
"""What the guard refuses with (docs/access.md)."""
_TOLD = {
    "x-ratelimit-limit-requests": "Of a key with a limit: requests a minute",
    "x-ratelimit-remaining-requests": "Of a key with a limit: how many may come at once now",
    "x-ratelimit-reset-requests": "Of a key with a limit: until the whole limit is there again, such as `2.350s`",
}
_ERROR_HEADERS: Mapping[int, Mapping[str, str]] = {
    401: {"www-authenticate": "How a key is shown"},
    429: {"retry-after": "Seconds to wait; left out when no provider said how many"},
    503: {"retry-after": "Seconds to wait"},
}
_ERROR_CODE = "The same as `code` in the body"

_encode = msgspec.json.Encoder(order="sorted").encode


@final
class DocumentsEndpoint:
    """Serves the document and two ways to look at it; both pages load their viewer from a public CDN."""

    def __init__(self, *, title: str, version: str) -> None:
        self._title = title
        self._version = version
        self._document = b""

    def describe(self, routes: Sequence[Route]) -> None:
        """Make the document of `routes`."""
        self._document = write_document(routes, title=self._title, version=self._version)

    async def openapi(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`GET /openapi.json`."""
        await Reply(200, self._document)(scope, receive, send)

    async def docs(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`GET /docs`."""
        await Reply(200, self._page(_SWAGGER), media_type=_HTML)(scope, receive, send)

    async def redoc(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`GET /redoc`."""
        await Reply(200, self._page(_REDOC), media_type=_HTML)(scope, receive, send)

    def _page(self, page: str) -> bytes:
        return page.replace("TITLE", escape(self._title)).encode()


def write_document(routes: Iterable[Route], *, title: str, version: str) -> bytes:
    """OpenAPI 3.1, sorted, so that the same routes always give the same bytes."""
    routes = tuple(routes)
    contents = [content for one in routes for content in _contents(one.operation) if content.holds]
    structs = dict.fromkeys(content.holds for content in contents)
    _, schemas = msgspec.json.schema_components([ErrorResponse, *structs], schema_hook=table_schema, ref_template=_REF)
    for content in contents:
        if content.holds and content.named_by_path:
            schemas[content.holds.__name__]["required"].remove(content.named_by_path)
    paths: dict[str, dict[str, object]] = {}
    for one in routes:
        item = paths.setdefault(re.sub(r"\{(\w+):\w+\}", r"{\1}", one.path), {})
        item[one.method.lower()] = _describe(one.operation, one.scope)
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
                "schemas": schemas,
                "securitySchemes": {
                    "bearer": {"type": "http", "scheme": "bearer", "description": _KEY},
                    "key": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": _KEY},
                },
            },
        }
    )


def _contents(operation: Operation) -> Iterable[Content]:
    if operation.body:
        yield operation.body
    for contents in operation.answers.values():
        yield from contents


def _describe(operation: Operation, scope: AccessScope) -> dict[str, object]:
    limits = _TOLD if scope is AccessScope.CLIENT else {}
    answers = {
        str(status): _answer(status, contents, {**limits, **operation.headers})
        for status, contents in operation.answers.items()
    }
    refusals = (*operation.errors, *(_BODY_ERRORS if operation.body else ()), *_SCOPE_ERRORS[scope], 500)
    error = Content(holds=ErrorResponse)
    errors = {
        str(status): _answer(status, [error], {"x-error-code": _ERROR_CODE, **limits, **_ERROR_HEADERS.get(status, {})})
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


_SECURITY: Mapping[AccessScope, Sequence[Mapping[str, Sequence[str]]]] = {
    AccessScope.PUBLIC: [{}],
    AccessScope.CLIENT: [{}, {"bearer": ["client"]}, {"key": ["client"]}],
    AccessScope.METRICS: [{}, {"bearer": ["metrics"]}, {"key": ["metrics"]}],
    AccessScope.ADMIN: [{"bearer": ["admin"]}, {"key": ["admin"]}],
}
"""`{}` is nothing: what a client's route asks for while access is open. The words are a client key's scopes."""
_KEY = "The admin key, or a client key with the scope that is named; one with `admin` opens everything"


def _parameter(parameter: Parameter) -> Mapping[str, object]:
    return {
        "name": parameter.name,
        "in": parameter.place,
        "required": parameter.required,
        "description": parameter.summary,
        "schema": parameter.schema,
    }


def _answer(status: int, contents: Sequence[Content], headers: Mapping[str, str]) -> Mapping[str, object]:
    said = {name: {"description": told, "schema": {"type": "string"}} for name, told in headers.items()}
    answer = {"description": HTTPStatus(status).phrase, "headers": {"x-request-id": _REQUEST_ID, **said}}
    return {**answer, "content": _content(contents)} if contents else answer


def _content(contents: Sequence[Content]) -> Mapping[str, object]:
    return {content.media_type: _media(content) for content in contents}


def _media(content: Content) -> Mapping[str, object]:
    schema = _schema(content)
    return {"schema": schema} if content.example is None else {"schema": schema, "example": content.example}


def _schema(content: Content) -> Mapping[str, object]:
    if content.holds is not None:
        one = {"$ref": _REF.format(name=content.holds.__name__)}
        return {"type": "array", "items": one} if content.listed else one
    return {"type": "object" if content.media_type == "application/json" else "string"}


_SWAGGER = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><title>TITLE</title>
<link rel="stylesheet" href="https://cdn.jsdelivr.net/npm/swagger-ui-dist@5/swagger-ui.css">
</head>
<body>
<div id="docs">
The viewer comes from a public CDN. The document itself is at <a href="/openapi.json">/openapi.json</a>.
</div>
<script src="https://cdn.jsdelivr.net/npm/swagger-ui-dist@5/swagger-ui-bundle.js"></script>
<script>SwaggerUIBundle({url: "/openapi.json", dom_id: "#docs"})</script>
</body>
</html>
"""
_REDOC = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>TITLE</title></head>
<body>
<redoc spec-url="/openapi.json">
The viewer comes from a public CDN. The document itself is at <a href="/openapi.json">/openapi.json</a>.
</redoc>
<script src="https://cdn.jsdelivr.net/npm/redoc@2/bundles/redoc.standalone.js"></script>
</body>
</html>
"""


def documents_routes(endpoint: DocumentsEndpoint) -> list[Route]:
    """The routes."""
    page = {200: [Content(media_type="text/html")]}
    return [
        Route(
            method="GET",
            path="/openapi.json",
            endpoint=endpoint.openapi,
            scope=AccessScope.PUBLIC,
            operation=Operation(
                id="get_openapi",
                summary="This document",
                description="OpenAPI 3.1, made from the routes.",
                tag="documents",
                answers={200: [Content(media_type="application/json")]},
            ),
        ),
        Route(
            method="GET",
            path="/docs",
            endpoint=endpoint.docs,
            scope=AccessScope.PUBLIC,
            operation=Operation(
                id="get_docs", summary="To try the API", description="Swagger UI.", tag="documents", answers=page
            ),
        ),
        Route(
            method="GET",
            path="/redoc",
            endpoint=endpoint.redoc,
            scope=AccessScope.PUBLIC,
            operation=Operation(
                id="get_redoc", summary="To read the API", description="Redoc.", tag="documents", answers=page
            ),
        ),
    ]
