"""The statement that adds up the ledger, for both databases."""

from typing import Final

from neuroroute.domain.usage import OURS, Grouping, UsageQuery

_ERRORS: Final = ", ".join(f"'{outcome.value}'" for outcome in OURS)
_SUMS: Final = ", ".join(
    [
        "count(*) AS requests",
        *(
            f"CAST(coalesce(sum({column}), 0) AS bigint) AS {name}"
            for column, name in [
                ("prompt_tokens", "prompt_tokens"),
                ("completion_tokens", "completion_tokens"),
                ("cached_tokens", "cached_tokens"),
                ("cache_write_tokens", "cache_write_tokens"),
                ("reasoning_tokens", "reasoning_tokens"),
                ("cost_nano_usd", "cost"),
            ]
        ),
        "count(*) FILTER (WHERE cost_nano_usd IS NULL) AS unpriced",
        f"count(*) FILTER (WHERE outcome IN ({_ERRORS})) AS errors",
        "count(*) FILTER (WHERE from_cache) AS remembered",
    ]
)
"""Named as the fields of `UsageTotal`."""


def adding_up(query: UsageQuery, *, day: str, collation: str) -> str:
    """`day` says the day of a row, `collation` sorts by bytes. Parameters: since, until, limit, offset, model, key."""
    groups = {
        Grouping.DAY: day,
        Grouping.MODEL: f"model COLLATE {collation}",
        Grouping.KEY: f"caller COLLATE {collation}",
    }
    chosen = {grouping: group for grouping, group in groups.items() if grouping in query.by}
    told = [f"{group} AS {grouping.value}" for grouping, group in chosen.items()]
    wanted = ["at >= :since", "at < :until"]
    if query.model is not None:
        wanted.append("model = :model")
    if query.key is not None:
        wanted.append("caller = :key")
    grouped = ", ".join(chosen.values())
    sorted_by = ", ".join(f"{group} NULLS FIRST" for group in chosen.values())
    return (
        f"SELECT {', '.join([*told, _SUMS])} FROM usage WHERE {' AND '.join(wanted)}"  # noqa: S608 - closed sets of ours
        + (f" GROUP BY {grouped} ORDER BY {sorted_by}" if chosen else "")
        + " LIMIT :limit OFFSET :offset"
    )
