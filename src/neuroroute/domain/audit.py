"""The audit log: who changed what, as a chain in which nothing can be changed, removed or put elsewhere unseen."""

import hmac
from typing import Final

import msgspec
from msgspec import Struct

_ENCODE: Final = msgspec.json.Encoder(order="deterministic").encode


class AuditEntry(Struct, frozen=True, kw_only=True):
    """One administrator's change. Holds no secret: `before` and `after` are redacted by who writes them."""

    seq: int
    """1, 2, 3, … without a gap."""
    at: float
    """Epoch seconds."""
    actor: str
    """`admin` for the admin key, the id of a client key, `cli`, or `startup`."""
    action: str
    """What was done: `credential.put`, `client_key.revoke`, …"""
    target: str
    """To what: a provider's name, a key's id, …"""
    before: str | None
    """JSON; `None` when there was nothing."""
    after: str | None
    previous: bytes
    """The hash of the entry before; empty for the first."""
    hash: bytes = b""
    """Keyed, over all of the above: see `chained`."""

    def chained(self, key: bytes) -> bytes:
        """What `hash` has to be: HMAC-SHA-256 over every other field, so that only who has `key` can make one."""
        told = (self.seq, self.at, self.actor, self.action, self.target, self.before, self.after, self.previous)
        return hmac.digest(key, b"entry:" + _ENCODE(told), "sha256")


def seal_of_head(key: bytes, *, seq: int, last: bytes) -> bytes:
    """Proves that the log ends with entry `seq`, whose hash is `last`: a log cut at its end is seen by it."""
    return hmac.digest(key, b"head:%d:" % seq + last, "sha256")
