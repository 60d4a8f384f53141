"""The OpenAPI document and the pages that show it, served."""

from collections.abc import Sequence
from html import escape
from typing import final

from litestar.types import Receive, Scope, Send

from neuroroute.domain.access import Scope as AccessScope
from neuroroute.interface.openapi import write_document
from neuroroute.interface.respond import Reply
from neuroroute.interface.routes import Content, Operation, Route

_HTML = b"text/html; charset=utf-8"


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
