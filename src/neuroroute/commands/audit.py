"""`neuroroute audit`: reads the audit log, and verifies it."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from msgspec import Struct

from neuroroute.commands.stored import stored
from neuroroute.domain.audit import AuditEntry, AuditFilter
from neuroroute.domain.audit_verification import Verification
from neuroroute.interface.audit import view_of

_CHARACTERS: Final = 300
"""Of what was before and after, in a line for a person."""
_ENCODE: Final = msgspec.json.Encoder(order="deterministic").encode


class Verdict(Struct, frozen=True):
    """What verifying found."""

    text: str
    is_whole: bool


async def verify_log(environ: Mapping[str, str], *, as_json: bool) -> Verdict:
    """Reads the whole log.

    Raises:
        NeuroRouteError: a setting is wrong, or the database does not answer.
    """
    async with stored(environ) as container:
        read = await container.audit_log().verify()
    return Verdict(_as_json(read) if as_json else _in_words(read), read.is_whole)


async def list_log(environ: Mapping[str, str], wanted: AuditFilter, *, limit: int, as_json: bool) -> str:
    """The last `limit` entries that are wanted, the newest last; a line each.

    Raises:
        NeuroRouteError: as `verify_log`.
    """
    async with stored(environ) as container:
        entries = await container.audit_log().entries(wanted, before=None, limit=limit)
    return "\n".join(_lines(entries[::-1], as_json=as_json))


def _lines(entries: Sequence[AuditEntry], *, as_json: bool) -> Sequence[str]:
    if as_json:
        return [_ENCODE(view_of(entry)).decode() for entry in entries]
    return [_line(entry) for entry in entries]


def _line(entry: AuditEntry) -> str:
    at = view_of(entry).at
    told = (
        str(entry.seq),
        "?" if at is None else at.isoformat(timespec="seconds"),
        *map(_printable, (entry.actor, entry.action, entry.target)),
        f"{_short(entry.before)} -> {_short(entry.after)}",
    )
    return "  ".join(told)


def _short(told: str | None) -> str:
    """As much as a line has room for; `--json` tells all."""
    text = told or "-"
    return text if len(text) <= _CHARACTERS else f"{text[:_CHARACTERS]}…"


def _printable(name: str) -> str:
    """Nothing that a terminal would obey."""
    return name if name.isprintable() else _ENCODE(name).decode()


def _in_words(read: Verification) -> str:
    if read.is_whole:
        last = f" The last one's hash: {read.hash.hex()}" if read.entries else ""
        return f"{_entries(read.entries)}, whole.{last}"
    found = [str(finding) for finding in read.findings]
    rest = ["The rest was not looked at."] if read.stopped else []
    return "\n".join((*found, *rest, f"{_entries(read.entries)}, not whole (docs/audit.md)."))


def _entries(number: int) -> str:
    return "1 entry" if number == 1 else f"{number} entries"


def _as_json(read: Verification) -> str:
    told = {
        "whole": read.is_whole,
        "entries": read.entries,
        "last_hash": read.hash.hex(),
        "findings": [{**msgspec.structs.asdict(finding), "text": str(finding)} for finding in read.findings],
        "stopped": read.stopped,
    }
    return _ENCODE(told).decode()
