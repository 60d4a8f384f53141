"""The ledger of a process that keeps none beyond its life."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import TypeAlias, final

from neuroroute.application.stores import Ledger
from neuroroute.domain.model import ModelId, NanoUsd
from neuroroute.domain.record import RoutedPrompt
from neuroroute.domain.usage import OURS, Grouping, UsageQuery, UsageTotal

_Group: TypeAlias = tuple[date | None, ModelId | None, str | None]


@final
class MemoryLedger(Ledger):
    """Grows with every prompt: for tests."""

    def __init__(self) -> None:
        self._records: dict[str, RoutedPrompt] = {}

    @property
    def records(self) -> Sequence[RoutedPrompt]:
        """In the order in which they were written."""
        return list(self._records.values())

    async def write(self, records: Sequence[RoutedPrompt]) -> None:
        for record in records:
            self._records.setdefault(record.id, record)

    async def totals(self, query: UsageQuery) -> Sequence[UsageTotal]:
        groups: defaultdict[_Group, list[RoutedPrompt]] = defaultdict(list)
        if not query.by:
            groups[None, None, None] = []
        for record in self._records.values():
            if _wanted(record, query):
                groups[_group(record, query)].append(record)
        totals = [_total(group, groups[group]) for group in sorted(groups, key=_place)]
        return totals[query.offset : query.offset + query.limit]

    async def make_room(self, month: date) -> None:
        pass

    async def drop_before(self, month: date) -> int:
        old = [record.id for record in self._records.values() if _day(record) < month]
        for record_id in old:
            del self._records[record_id]
        return len(old)


def _day(record: RoutedPrompt) -> date:
    return datetime.fromtimestamp(record.at, UTC).date()


def _wanted(record: RoutedPrompt, query: UsageQuery) -> bool:
    return (
        query.first <= _day(record) <= query.last
        and query.model in {None, record.model}
        and query.key in {None, record.caller}
    )


def _group(record: RoutedPrompt, query: UsageQuery) -> _Group:
    return (
        _day(record) if Grouping.DAY in query.by else None,
        record.model if Grouping.MODEL in query.by else None,
        record.caller if Grouping.KEY in query.by else None,
    )


def _place(group: _Group) -> tuple[date, bool, str, str]:
    day, model, key = group
    return day or date.min, model is not None, model or "", key or ""


def _total(group: _Group, records: Sequence[RoutedPrompt]) -> UsageTotal:
    day, model, key = group
    used = [record.consumed for record in records]
    return UsageTotal(
        day=day,
        model=model,
        key=key,
        requests=len(records),
        prompt_tokens=sum(usage.prompt_tokens for usage in used),
        completion_tokens=sum(usage.completion_tokens for usage in used),
        cached_tokens=sum(usage.cached_tokens for usage in used),
        cache_write_tokens=sum(usage.cache_write_tokens for usage in used),
        reasoning_tokens=sum(usage.reasoning_tokens for usage in used),
        cost=NanoUsd(sum(record.charge or 0 for record in records)),
        unpriced=sum(record.charge is None for record in records),
        errors=sum(record.outcome in OURS for record in records),
        remembered=sum(record.from_cache for record in records),
    )
