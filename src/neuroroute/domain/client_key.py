"""The keys by which clients are let in."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from msgspec import Meta, Struct

from neuroroute.domain.access import Caller, Scope, Secret
from neuroroute.domain.model import ModelId
from neuroroute.domain.rate_limit import MAX_PER_MINUTE

_LINE = r"^[^\x00-\x1f\x7f-\x9f\ud800-\udfff]+(?![\s\S])"
"""Something to print on one line. The pattern ends as Python and JSON Schema both read it."""
_Word = Annotated[str, Meta(min_length=1, max_length=100, pattern=_LINE)]


class KeyScope(StrEnum):
    """What a client key opens: routes of the `Scope` of that name."""

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
    policy: str | None = None
    """How models are chosen for it where a request does not say; `None` is as for everybody."""

    @property
    def caller(self) -> Caller:
        """Who calls with it."""
        return Caller(
            id=self.id,
            opens=frozenset(Scope) if KeyScope.ADMIN in self.scopes else frozenset(map(Scope, self.scopes)),
            models=self.models,
            requests_per_minute=self.requests_per_minute,
            policy=self.policy,
        )


class NewKey(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is asked of a client key that is to be made."""

    name: Annotated[_Word, Meta(description="Whose it is, or what for; need not be unique.")]
    scopes: Annotated[frozenset[KeyScope], Meta(min_length=1, description="What it opens.")] = frozenset(
        {KeyScope.CLIENT}
    )
    expires_at: Annotated[datetime, Meta(tz=True, description="From then on it opens nothing.")] | None = None
    requests_per_minute: Annotated[int, Meta(ge=1, le=MAX_PER_MINUTE)] | None = None
    models: (
        Annotated[
            frozenset[Annotated[ModelId, Meta(min_length=1, max_length=255, pattern=_LINE)]],
            Meta(min_length=1, max_length=1000),
        ]
        | None
    ) = None
    """The only models that may answer it; null is any."""
    policy: Literal["learned", "rules"] | None = None
    """How models are chosen for it where a request does not say; null is as for everybody."""


class MintedKey(Struct, frozen=True, kw_only=True):
    """A key that has just got its secret, the only time that anybody sees it."""

    key: ClientKey
    text: Secret


class HashKey(Struct, frozen=True):
    """One of the vault's keys that hash secrets. Prints without its bytes."""

    id: str
    bytes: bytes

    def __repr__(self) -> str:
        return f"HashKey({self.id!r}, *****)"


class KeyDigest(Struct, frozen=True, kw_only=True):
    """How a secret is known again: a keyed hash, and which of the vault's keys made it."""

    digest: bytes
    hash_key: str

    def __repr__(self) -> str:
        return f"KeyDigest(*****, hash_key={self.hash_key!r})"


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


class ChangedKeys(Struct, frozen=True, kw_only=True):
    """What a store says of the keys that changed."""

    keys: tuple[StoredKey, ...]
    hash_keys: dict[str, HashKey]
    """All that open, by id."""
    revision: int
    """Of the topic `CLIENT_KEYS`: no key that was left out is younger."""
