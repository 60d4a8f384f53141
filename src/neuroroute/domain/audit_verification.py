"""How the audit log is read again from its beginning, and what is found wrong with it."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from neuroroute.domain.audit import RESUMED, AuditEntry, AuditHead

MAX_FINDINGS: Final = 100
"""After so many there is nothing more to learn; looking further would only take memory."""


class Flaw(StrEnum):
    """What can be wrong."""

    CHANGED = "changed"
    MISSING = "missing"
    MISPLACED = "misplaced"
    UNLINKED = "unlinked"
    RESUMED = "resumed"
    UNSEALED = "unsealed"
    UNPROVEN = "unproven"


_WORDS: Final[Mapping[Flaw, str]] = {
    Flaw.CHANGED: "not what was written: changed, or moved here from another place",
    Flaw.MISSING: "missing: removed, or cut off",
    Flaw.MISPLACED: "in the wrong place: a later one stands before",
    Flaw.UNLINKED: "written after another entry than the one that now stands before",
    Flaw.RESUMED: "written when the log before did not end as it was sealed: entries before may be missing",
    Flaw.UNSEALED: "nothing proves that the log ends here: its seal is missing, or of another end",
    Flaw.UNPROVEN: "cannot be verified: the key does not open with the master key that is set; if there was another "
    "one, name it in NEUROROUTE_MASTER_KEY_PREVIOUS",
}


class Finding(Struct, frozen=True, kw_only=True):
    """One flaw, of all entries from `first` to `last`."""

    flaw: Flaw
    first: int
    last: int
    key_id: str | None = None
    """The key that does not open, when that is what is wrong."""

    def __str__(self) -> str:
        entries = f"Entry {self.first}" if self.first == self.last else f"Entries {self.first} to {self.last}"
        entries = entries if self.last else "The empty log"
        key = "" if self.key_id is None else f" (key {self.key_id})"
        return f"{entries}{key}: {_WORDS[self.flaw]}"


class Verification(Struct, frozen=True, kw_only=True):
    """A log that has been read as far as `last`. Of the same size however long the log is."""

    entries: int = 0
    """How many were read."""
    last: int = 0
    """The highest place seen."""
    hash: bytes = b""
    """Of the entry there."""
    findings: tuple[Finding, ...] = ()
    """In the order of reading; neighbours with the same flaw are one."""

    @property
    def is_whole(self) -> bool:
        return not self.findings

    @property
    def stopped(self) -> bool:
        """Whether so much is wrong that the rest was not looked at."""
        return len(self.findings) >= MAX_FINDINGS

    def after(self, entry: AuditEntry, keys: Mapping[str, bytes]) -> "Verification":
        """With the next entry, as they are kept. `keys` are those that open, by id."""
        if self.stopped:
            return self
        found = self.findings
        if entry.seq > self.last + 1:
            found = _joined(found, Finding(flaw=Flaw.MISSING, first=self.last + 1, last=entry.seq - 1))
        flaw = self._flaw(entry, keys)
        if flaw is not None:
            key_id = entry.key_id if flaw is Flaw.UNPROVEN else None
            found = _joined(found, Finding(flaw=flaw, first=entry.seq, last=entry.seq, key_id=key_id))
        read = replace(self, entries=self.entries + 1, findings=found)
        return replace(read, last=entry.seq, hash=entry.hash) if entry.seq > self.last else read

    def ended(self, head: AuditHead | None, *, written: int, keys: Mapping[str, bytes]) -> "Verification":
        """At the end of the log. `written` is how many entries were ever made, by the counter that numbers them."""
        if self.stopped:
            return self
        due = max(written, 0 if head is None else head.seq)
        if due > self.last:
            missing = Finding(flaw=Flaw.MISSING, first=self.last + 1, last=due)
            return replace(self, findings=_joined(self.findings, missing))
        if head is None:
            # The first entry makes the first key: a log with a key and without an entry has lost it.
            sealed = not self.last and not keys
        else:
            sealed = written == self.last and head.is_of(self.last, self.hash, keys)
        if sealed or (head is not None and self._unproven_last(head.key_id)):
            return self
        unsealed = Finding(flaw=Flaw.UNSEALED, first=self.last, last=self.last)
        return replace(self, findings=_joined(self.findings, unsealed))

    def _flaw(self, entry: AuditEntry, keys: Mapping[str, bytes]) -> Flaw | None:
        """The gravest."""
        key = keys.get(entry.key_id)
        if key is not None and not entry.is_genuine(key):
            return Flaw.CHANGED
        if entry.seq <= self.last:
            return Flaw.MISPLACED
        if entry.seq == self.last + 1 and entry.previous != self.hash and not self._changed_last:
            return Flaw.UNLINKED
        if key is None:
            return Flaw.UNPROVEN
        return Flaw.RESUMED if entry.action == RESUMED and not self._ended_as_sealed(entry, keys) else None

    @property
    def _changed_last(self) -> bool:
        """Whether the last entry's own flaw says already that it is not the one that the next was written after."""
        return bool(self.findings) and self.findings[-1].flaw is Flaw.CHANGED and self.findings[-1].last == self.last

    def _unproven_last(self, key_id: str) -> bool:
        """Whether it is said already that the end cannot be verified for want of this key."""
        return bool(self.findings) and self.findings[-1].key_id == key_id and self.findings[-1].last == self.last

    def _ended_as_sealed(self, resumed: AuditEntry, keys: Mapping[str, bytes]) -> bool:
        """What who resumed could not say, for want of the key, can be said now if it opens again."""
        head = msgspec.json.decode(resumed.after or b"null", type=AuditHead | None)
        return head is not None and resumed.seq == self.last + 1 and head.is_of(self.last, self.hash, keys)


def _joined(findings: tuple[Finding, ...], finding: Finding) -> tuple[Finding, ...]:
    if findings:
        *others, before = findings
        if (before.flaw, before.key_id, before.last + 1) == (finding.flaw, finding.key_id, finding.first):
            return (*others, replace(before, last=finding.last))
    return (*findings, finding)


def verify(
    entries: Iterable[AuditEntry], head: AuditHead | None, *, written: int, keys: Mapping[str, bytes]
) -> Verification:
    """What reading a whole log finds: any change, removal, swap or forgery by who does not have the keys.

    What it cannot find: that the log, its head, its counter and its keys were all removed, or all put back to an
    earlier state that was kept.
    """
    read = Verification()
    for entry in entries:
        read = read.after(entry, keys)
    return read.ended(head, written=written, keys=keys)
