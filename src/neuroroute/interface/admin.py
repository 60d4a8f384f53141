"""`POST /admin/…`: for those who run the installation."""

from time import time
from typing import final

import msgspec
import structlog
from litestar.types import Receive, Scope, Send
from msgspec import Struct

from neuroroute.application.ports import ResponseCache
from neuroroute.application.stores import AuditLog
from neuroroute.dialects.lax import TEXT, Problem
from neuroroute.domain.access import Scope as AccessScope
from neuroroute.domain.errors import StateUnavailable
from neuroroute.domain.model import ModelId
from neuroroute.interface.errors import HttpRefusal
from neuroroute.interface.query import read_text
from neuroroute.interface.respond import Reply
from neuroroute.interface.routes import Content, Operation, Parameter, Route
from neuroroute.interface.visit import Visit


class CacheCleared(Struct, frozen=True, kw_only=True):
    """What was forgotten."""

    success: bool
    cleared_entries: int
    model: str | None
    timestamp: float


_encode = msgspec.json.Encoder().encode


@final
class AdminEndpoint:
    """Clears the response cache, which takes no database."""

    def __init__(self, *, cache: ResponseCache, audit: AuditLog) -> None:
        self._cache = cache
        self._audit = audit

    async def clear_cache(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`POST /admin/cache/clear`."""
        model = read_text(scope, "model")
        if model == "":
            problem = Problem("string_too_short", ("query", "model"), "String should have at least 1 character")
            raise HttpRefusal(422, "validation_error", (problem,))
        cleared = await self._cache.clear(None if model is None else ModelId(model))
        await self._note(Visit.of(scope).caller.id, model or "all", cleared)
        body = _encode(CacheCleared(success=True, cleared_entries=cleared, model=model, timestamp=time()))
        await Reply(200, body)(scope, receive, send)

    async def _note(self, by: str, target: str, cleared: int) -> None:
        """While the database is away the log has to do: what was cleared stays so."""
        try:
            await self._audit.note(by=by, action="cache.clear", target=target, after={"cleared": cleared})
        except StateUnavailable:
            structlog.get_logger().warning("audit_entry_missing", by=by, action="cache.clear", target=target)


def admin_routes(endpoint: AdminEndpoint) -> list[Route]:
    """The routes."""
    model = Parameter(
        name="model",
        place="query",
        schema={"type": "string", "minLength": 1, "pattern": TEXT},
        summary="Forget only this model's answers; without it all",
    )
    return [
        Route(
            method="POST",
            path="/admin/cache/clear",
            endpoint=endpoint.clear_cache,
            scope=AccessScope.ADMIN,
            operation=Operation(
                id="clear_cache",
                summary="Forget cached answers",
                description="On every instance, within a second.",
                tag="admin",
                answers={200: [Content(holds=CacheCleared)]},
                parameters=[model],
                errors=(422,),
            ),
        )
    ]
