"""The audit log: who changed what, as a chain in which nothing can be changed, removed or put elsewhere unseen."""

import hmac
from collections.abc import Mapping
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

RESUMED: Final = "audit.resumed"
"""The action of an entry that the log itself writes when it does not end as its head says: `after` is that head."""

_ENCODE: Final = msgspec.json.Encoder(order="deterministic").encode


class AuditEntry(Struct, frozen=True, kw_only=True):
    """One administrator's change. Holds no secret: `before` and `after` are redacted by who writes them."""

    seq: int
    """1, 2, 3, … without a gap."""
    at: float
    """Epoch seconds."""
    actor: str
    """`admin` for the admin key, the id of a client key, `cli`, or `startup`; `audit` for the log itself."""
    action: str
    """What was done: `credential.put`, `client_key.revoke`, …"""
    target: str
    """To what: a provider's name, a key's id, …"""
    before: str | None
    """JSON; `None` when there was nothing."""
    after: str | None
    key_id: str
    """Which of the vault's keys `hash` was made with."""
    previous: bytes
    """The hash of the entry before; empty for the first."""
    hash: bytes = b""
    """Keyed, over all of the above."""

    def chained(self, key: bytes) -> "AuditEntry":
        """The entry with its hash: HMAC-SHA-256 over every other field, so that only who has `key` can make one."""
        told = _ENCODE(msgspec.structs.astuple(self)[:-1])
        return replace(self, hash=hmac.digest(key, b"entry:" + told, "sha256"))

    def is_genuine(self, key: bytes) -> bool:
        """Whether every field is as it was when who had `key` wrote it."""
        return hmac.compare_digest(self.chained(key).hash, self.hash)


class AuditHead(Struct, frozen=True, kw_only=True):
    """Proves with which entry the log ends: a log cut at its end is seen by it."""

    seq: int
    key_id: str
    seal: bytes

    @classmethod
    def of(cls, entry: AuditEntry, key: bytes) -> "AuditHead":
        """That of a log which ends with `entry`, by the key that the entry names."""
        return cls(seq=entry.seq, key_id=entry.key_id, seal=_seal(key, entry.seq, entry.hash))

    def is_of(self, seq: int, last: bytes, keys: Mapping[str, bytes]) -> bool:
        """Whether the log that it was made for ended with entry `seq`, whose hash is `last`; no, if its key is gone."""
        key = keys.get(self.key_id)
        return key is not None and self.seq == seq and hmac.compare_digest(_seal(key, seq, last), self.seal)


class AuditFilter(Struct, frozen=True, kw_only=True):
    """Which entries are wanted; `None` does not choose."""

    actor: str | None = None
    action: str | None = None
    target: str | None = None
    since: float | None = None
    """Epoch seconds, included."""
    until: float | None = None
    """Epoch seconds, not included."""

    def admits(self, entry: AuditEntry) -> bool:
        named = ((self.actor, entry.actor), (self.action, entry.action), (self.target, entry.target))
        return (
            all(wanted is None or wanted == told for wanted, told in named)
            and (self.since is None or entry.at >= self.since)
            and (self.until is None or entry.at < self.until)
        )


def _seal(key: bytes, seq: int, last: bytes) -> bytes:
    return hmac.digest(key, b"head:%d:" % seq + last, "sha256")
