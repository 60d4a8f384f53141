"""`GET /admin/usage`: what was used, by day, by model and by key."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final, final

import msgspec
from litestar.types import Receive, Scope, Send
from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from neuroroute.application.stores import Ledger
from neuroroute.dialects.lax import Unreadable, integer, one_of, text
from neuroroute.domain.access import Scope as AccessScope
from neuroroute.domain.model import ModelId
from neuroroute.domain.usage import Grouping, UsageQuery, UsageTotal
from neuroroute.interface.query import text_parameter
from neuroroute.interface.respond import Reply
from neuroroute.interface.routes import Content, Operation, Parameter, Route
from neuroroute.interface.strict_query import StrictQuery
from neuroroute.interface.table import CSV, write_csv
from neuroroute.interface.visit import Visit

LIMIT: Final = 1000
"""Rows in an answer, unless the request says another number."""
MAX_LIMIT: Final = 10_000
_MAX_OFFSET: Final = 10_000_000
_DAYS: Final = timedelta(days=29)
"""Before the last day, unless the request says a first one: thirty days together."""
_NANO: Final = 1_000_000_000

_encode: Final = msgspec.json.Encoder().encode


class UsageRowView(Struct, frozen=True, kw_only=True):
    """What some prompts used together. Of `day`, `model` and `key` those are there that were asked for."""

    day: date | UnsetType = UNSET
    """Of UTC, in which the prompts ended."""
    model: str | UnsetType | None = UNSET
    """Who answered; null when nobody did."""
    key: str | UnsetType = UNSET
    """The id of the caller's key; `admin`, or `anyone` where access is open."""
    requests: int
    prompt_tokens: int
    """Read, all told."""
    completion_tokens: int
    """Written, all told."""
    cached_tokens: int
    """Of `prompt_tokens`, read from the provider's cache."""
    cache_write_tokens: int
    """Of `prompt_tokens`, written to the provider's cache."""
    reasoning_tokens: int
    """Of `completion_tokens`."""
    cost_nano_usd: int
    """Of what has a price: billionths of a US dollar, exactly."""
    cost_usd: str
    """The same in US dollars."""
    unpriced_requests: int
    """Answers whose price is not known. They are not in the cost, and not free."""
    errors: int
    """Prompts that failed, or whose answer was cut; not those that were rejected or that the caller left."""
    cached_answers: int
    """Told from the response cache: they use no tokens and cost nothing."""


class UsagePage(Struct, frozen=True, kw_only=True):
    """Sorted by day, model and key."""

    first: date
    last: date
    rows: list[UsageRowView]
    next_offset: int | None
    """What to ask for as `offset` to read on; null when there is no more."""


@final
class UsageEndpoint:
    """Adds up the ledger."""

    def __init__(self, *, ledger: Ledger, flush: Callable[[], Awaitable[None]]) -> None:
        """`flush` returns when what this process has answered is in the ledger."""
        self._ledger = ledger
        self._flush = flush

    async def read(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`GET /admin/usage`."""
        query, as_csv = _read(scope, today=datetime.now(UTC).date())
        await self._flush()
        totals = await self._ledger.totals(replace(query, limit=query.limit + 1))
        page = [_view(total, query.by) for total in totals[: query.limit]]
        following = query.offset + query.limit if len(totals) > query.limit else None
        if as_csv:
            names = [name for name in UsageRowView.__struct_fields__ if name not in _left_out(query.by)]
            body = write_csv(names, [[_field(row, name) for name in names] for row in page])
            more = [] if following is None else [(b"x-next-offset", b"%d" % following)]
            reply = Reply(200, body, media_type=CSV, headers=more)
        else:
            told = UsagePage(first=query.first, last=query.last, rows=page, next_offset=following)
            reply = Reply(200, _encode(told))
        await reply(scope, receive, send)


def _read(scope: Scope, *, today: date) -> tuple[UsageQuery, bool]:
    """What is asked for, and whether as CSV. Raises: HttpRefusal, 422."""
    said = StrictQuery(scope)
    last = said.read("to", _day) or today
    first = said.read("from", _day) or (last - _DAYS if last - date.min > _DAYS else date.min)
    if first > last:
        said.fault("from", "It is after `to`")
    by = said.read_all("by", lambda word: one_of(word, Grouping, [grouping.value for grouping in Grouping]))
    model = said.read("model", text)
    query = UsageQuery(
        first=first,
        last=last,
        by=frozenset(by or [Grouping.DAY]),
        model=None if model is None else ModelId(model),
        key=said.read("key", text),
        limit=said.read("limit", lambda word: integer(word, at_least=1, at_most=MAX_LIMIT)) or LIMIT,
        offset=said.read("offset", lambda word: integer(word, at_least=0, at_most=_MAX_OFFSET)) or 0,
    )
    form = said.read("format", lambda word: one_of(word, str, ["json", "csv"]))
    said.finish()
    if form is None:
        return query, b"text/csv" in Visit.of(scope).headers.get(b"accept", b"")
    return query, form == "csv"


def _day(said: str) -> date:
    try:
        return date.fromisoformat(said)
    except ValueError:
        raise Unreadable("date_parsing", "Input should be a date of UTC: YYYY-MM-DD") from None


def _view(total: UsageTotal, by: frozenset[Grouping]) -> UsageRowView:
    return UsageRowView(
        day=total.day if total.day is not None else UNSET,
        model=total.model if Grouping.MODEL in by else UNSET,
        key=total.key if total.key is not None else UNSET,
        requests=total.requests,
        prompt_tokens=total.prompt_tokens,
        completion_tokens=total.completion_tokens,
        cached_tokens=total.cached_tokens,
        cache_write_tokens=total.cache_write_tokens,
        reasoning_tokens=total.reasoning_tokens,
        cost_nano_usd=total.cost,
        cost_usd=f"{total.cost // _NANO}.{total.cost % _NANO:09d}",
        unpriced_requests=total.unpriced,
        errors=total.errors,
        cached_answers=total.remembered,
    )


def _left_out(by: frozenset[Grouping]) -> set[str]:
    return {grouping.value for grouping in Grouping if grouping not in by}


def _field(row: UsageRowView, name: str) -> str:
    value: object = getattr(row, name)
    return "" if value is None else str(value)


_CSV_EXAMPLE: Final = (
    "day,requests,prompt_tokens,completion_tokens,cached_tokens,cache_write_tokens,reasoning_tokens,cost_nano_usd,"
    "cost_usd,unpriced_requests,errors,cached_answers\r\n2026-11-26,2,2,86,0,0,0,0,0.000000000,0,0,1\r\n"
)


def usage_routes(endpoint: UsageEndpoint) -> Sequence[Route]:
    """The routes."""
    return [
        Route(
            method="GET",
            path="/admin/usage",
            endpoint=endpoint.read,
            scope=AccessScope.ADMIN,
            operation=Operation(
                id="read_usage",
                summary="What was used, by day, model and key",
                description="Adds up the ledger: what this process has answered is in it, what others have within "
                "half a second. As JSON, or as CSV by `format` or by the header `accept`; a CSV that is not the "
                "whole says in the header `x-next-offset` where to read on.",
                tag="admin",
                answers={200: [Content(holds=UsagePage), Content(media_type="text/csv", example=_CSV_EXAMPLE)]},
                headers={"x-next-offset": "Of a CSV that is not the whole: what to ask for as `offset` to read on"},
                parameters=[
                    _day_parameter("from", "The first day, of UTC; without it the thirtieth before the last"),
                    _day_parameter("to", "The last day, with all of it; without it today"),
                    Parameter(
                        name="by",
                        place="query",
                        schema={
                            "type": "array",
                            "items": {"type": "string", "enum": [grouping.value for grouping in Grouping]},
                            "default": [Grouping.DAY.value],
                        },
                        summary="What is told apart: any of them, repeated or between commas",
                    ),
                    text_parameter("model", "Only what this model answered"),
                    text_parameter("key", "Only what the caller of this id asked"),
                    Parameter(
                        name="format",
                        place="query",
                        schema={"type": "string", "enum": ["json", "csv"]},
                        summary="Of the answer",
                    ),
                    _number("limit", "At most as many rows", minimum=1, maximum=MAX_LIMIT, default=LIMIT),
                    _number("offset", "Leave out as many rows first", minimum=0, maximum=_MAX_OFFSET, default=0),
                ],
                errors=(422,),
            ),
        )
    ]


def _day_parameter(name: str, summary: str) -> Parameter:
    return Parameter(name=name, place="query", schema={"type": "string", "format": "date"}, summary=summary)


def _number(name: str, summary: str, **schema: int) -> Parameter:
    return Parameter(name=name, place="query", schema={"type": "integer", **schema}, summary=summary)
