"""`GET /admin/audit`: who changed what."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Final, final

import msgspec
from litestar.types import Receive, Scope, Send
from msgspec import Struct

from neuroroute.application.stores import AuditLog
from neuroroute.dialects.lax import integer, text
from neuroroute.dialects.moments import MOMENT, moment
from neuroroute.domain.access import Scope as AccessScope
from neuroroute.domain.audit import AuditEntry, AuditFilter
from neuroroute.interface.query import text_parameter
from neuroroute.interface.respond import Reply
from neuroroute.interface.routes import Content, Operation, Parameter, Route
from neuroroute.interface.strict_query import StrictQuery

LIMIT: Final = 100
"""Entries in an answer, unless the request says another number."""
MAX_LIMIT: Final = 1000
_MAX_SEQ: Final = (1 << 63) - 1
"""What a place in the log is stored as."""

_encode: Final = msgspec.json.Encoder(order="deterministic").encode


_ANY_JSON: Final = msgspec.Meta(description="Any JSON", extra_json_schema={})


class AuditEntryView(Struct, frozen=True, kw_only=True):
    """One change."""

    seq: int
    """1, 2, 3, … without a gap."""
    at: datetime | None
    """Null if what is stored is no moment any more."""
    actor: str
    """`admin` for the admin key, the id of a client key, `cli`, or `startup`; `audit` for the log itself."""
    action: str
    target: str
    before: Annotated[object, _ANY_JSON]
    """What was there, redacted; null when there was nothing."""
    after: Annotated[object, _ANY_JSON]
    hash: str
    """In hex. Keep the last one elsewhere, and a log that was put back to an earlier state is found out by it."""


class AuditPage(Struct, frozen=True, kw_only=True):
    """The newest first."""

    entries: list[AuditEntryView]
    next_before_seq: int | None
    """What to ask for as `before_seq` to read on; null when there is no more."""


@final
class AuditEndpoint:
    """Reads the audit log. Nothing writes it over HTTP."""

    def __init__(self, *, log: AuditLog) -> None:
        self._log = log

    async def list(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`GET /admin/audit`."""
        query = StrictQuery(scope)
        wanted = AuditFilter(
            actor=query.read("actor", text),
            action=query.read("action", text),
            target=query.read("target", text),
            since=query.read("from", moment),
            until=query.read("to", moment),
        )
        limit = query.read("limit", lambda said: integer(said, at_least=1, at_most=MAX_LIMIT)) or LIMIT
        before = query.read("before_seq", lambda said: integer(said, at_least=1, at_most=_MAX_SEQ))
        query.finish()
        entries = await self._log.entries(wanted, before=before, limit=limit + 1)
        page = entries[:limit]
        following = page[-1].seq if len(entries) > limit else None
        body = _encode(AuditPage(entries=[view_of(entry) for entry in page], next_before_seq=following))
        await Reply(200, body)(scope, receive, send)


def view_of(entry: AuditEntry) -> AuditEntryView:
    """As it is told to people. What was tampered with is shown as well as it can be."""
    return AuditEntryView(
        seq=entry.seq,
        at=_moment(entry.at),
        actor=entry.actor,
        action=entry.action,
        target=entry.target,
        before=_value(entry.before),
        after=_value(entry.after),
        hash=entry.hash.hex(),
    )


def _moment(seconds: float) -> datetime | None:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _value(told: str | None) -> object:
    try:
        return None if told is None else msgspec.json.decode(told)
    except msgspec.DecodeError:
        return told


def audit_routes(endpoint: AuditEndpoint) -> Sequence[Route]:
    """The routes."""
    return [
        Route(
            method="GET",
            path="/admin/audit",
            endpoint=endpoint.list,
            scope=AccessScope.ADMIN,
            operation=Operation(
                id="list_audit_entries",
                summary="Who changed what",
                description="Every change by an administrator, a command or a start. Newest first.",
                tag="admin",
                answers={200: [Content(holds=AuditPage)]},
                parameters=[
                    text_parameter("actor", "Only what was changed by this one"),
                    text_parameter("action", "Only this kind of change"),
                    text_parameter("target", "Only changes of this provider, key, …"),
                    Parameter(name="from", place="query", schema=MOMENT, summary="Only since this moment"),
                    Parameter(name="to", place="query", schema=MOMENT, summary="Only before this moment"),
                    _number("limit", "At most as many", minimum=1, maximum=MAX_LIMIT, default=LIMIT),
                    _number(
                        "before_seq",
                        "Only entries with a smaller `seq`: the `next_before_seq` of the page before",
                        minimum=1,
                        maximum=_MAX_SEQ,
                    ),
                ],
                errors=(422,),
            ),
        )
    ]


def _number(name: str, summary: str, **schema: int) -> Parameter:
    return Parameter(name=name, place="query", schema={"type": "integer", **schema}, summary=summary)
