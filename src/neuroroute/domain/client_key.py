"""The keys by which clients are let in."""

from enum import StrEnum

from msgspec import Struct

from neuroroute.domain.model import ModelId


class KeyScope(StrEnum):
    """What a client key opens."""

    CLIENT = "client"
    """Prompts and models."""
    METRICS = "metrics"
    ADMIN = "admin"
    """Everything, as the admin key does; the audit log names this key then."""


class ClientKey(Struct, frozen=True, kw_only=True):
    """One client's key, without its secret. Times are epoch seconds."""

    id: str
    """Public: it is in the key's text, in the ledger and in the log."""
    name: str
    scopes: frozenset[KeyScope]
    created_at: float
    expires_at: float | None = None
    revoked_at: float | None = None
    last_used_at: float | None = None
    """To the minute or so."""
    requests_per_minute: int | None = None
    models: frozenset[ModelId] | None = None
    """The only models that it may have answer; `None` is any."""


class KeyDigest(Struct, frozen=True, kw_only=True):
    """How a secret is known again: a keyed hash, and which of the vault's keys made it."""

    digest: bytes
    hash_key: str


class StoredKey(Struct, frozen=True, kw_only=True):
    """A client key with what its secret is checked against."""

    key: ClientKey
    current: KeyDigest
    previous: KeyDigest | None = None
    """That of the secret before the last rotation."""
    previous_until: float | None = None
    """Until when it still opens."""
    revision: int
    """Of the topic `CLIENT_KEYS`, when this was last changed."""
