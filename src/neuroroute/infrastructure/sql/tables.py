"""The tables of everything that survives. Rows never leave this folder: adapters turn them into the domain's types.

A change here needs a migration: `just migration "add …"`, then read what it wrote (docs/database.md).
"""

from datetime import datetime
from typing import Final

from advanced_alchemy.base import DefaultBase
from advanced_alchemy.types import DateTimeUTC
from sqlalchemy import BigInteger, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

_TEXT: Final = String(255)
"""Names: of providers, models, keys."""
_TIMELY_ID: Final = String(255).with_variant(String(255, collation="C"), "postgresql")
"""Ids that are sorted by time: by bytes, whatever the database's language makes of letters."""


class RevisionRow(DefaultBase):
    """How often what a topic names has changed. Whoever writes it holds this row's lock until its commit."""

    __tablename__ = "revisions"

    topic: Mapped[str] = mapped_column(_TEXT, primary_key=True)
    revision: Mapped[int] = mapped_column(BigInteger)


class VaultKeyRow(DefaultBase):
    """A key that encrypts or hashes, itself encrypted with the master key."""

    __tablename__ = "vault_keys"

    id: Mapped[str] = mapped_column(_TEXT, primary_key=True)
    purpose: Mapped[str] = mapped_column(_TEXT)
    """`credentials`, `client_keys` or `audit`."""
    wrapped: Mapped[bytes] = mapped_column(LargeBinary)
    wrapped_by: Mapped[str] = mapped_column(_TEXT)
    """Which master key: a digest of it, so that a wrong one is told from damage."""
    is_active: Mapped[bool]
    """Whether new things are encrypted or hashed with it."""
    created_at: Mapped[datetime] = mapped_column(DateTimeUTC)


class CredentialRow(DefaultBase):
    """A provider's key."""

    __tablename__ = "credentials"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    provider: Mapped[str] = mapped_column(Text, unique=True)
    ciphertext: Mapped[bytes] = mapped_column(LargeBinary)
    key_id: Mapped[str] = mapped_column(_TEXT)
    origin: Mapped[str] = mapped_column(Text)
    is_active: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(DateTimeUTC)
    updated_at: Mapped[datetime | None] = mapped_column(DateTimeUTC)


class ProviderSettingsRow(DefaultBase):
    """A provider's stored settings."""

    __tablename__ = "provider_settings"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    provider: Mapped[str] = mapped_column(Text, unique=True)
    model: Mapped[str | None] = mapped_column(Text)
    organization: Mapped[str | None] = mapped_column(Text)
    api_base: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTimeUTC)
    updated_at: Mapped[datetime | None] = mapped_column(DateTimeUTC)


class ProviderRow(DefaultBase):
    """A provider of the catalogue. Registry order is that of `position`, then of `name`."""

    __tablename__ = "providers"

    name: Mapped[str] = mapped_column(_TEXT, primary_key=True)
    position: Mapped[int]
    dialect: Mapped[str] = mapped_column(_TEXT)
    base_url: Mapped[str] = mapped_column(Text)
    api_key_env: Mapped[str | None] = mapped_column(_TEXT)
    local: Mapped[bool]
    max_connections: Mapped[int]
    trusted: Mapped[bool]
    """Whether the address is the operator's own word (seed, file, command) and not one that came in over HTTP."""


class ModelRow(DefaultBase):
    """A model of the catalogue. Registry order is that of `position`, then of `id`. Prices: nano-dollars a million."""

    __tablename__ = "models"

    id: Mapped[str] = mapped_column(_TEXT, primary_key=True)
    position: Mapped[int]
    provider: Mapped[str] = mapped_column(_TEXT)
    name: Mapped[str] = mapped_column(Text)
    upstream: Mapped[str | None] = mapped_column(Text)
    capabilities: Mapped[str] = mapped_column(Text)
    """A JSON list of words."""
    max_tokens: Mapped[int] = mapped_column(BigInteger)
    context_window: Mapped[int | None] = mapped_column(BigInteger)
    avg_latency_ms: Mapped[int]
    prompt_price: Mapped[int | None] = mapped_column(BigInteger)
    completion_price: Mapped[int | None] = mapped_column(BigInteger)
    cached_price: Mapped[int | None] = mapped_column(BigInteger)
    cache_write_price: Mapped[int | None] = mapped_column(BigInteger)
    speed_rank: Mapped[int]
    cost_rank: Mapped[int]
    quality_rank: Mapped[int]
    enabled: Mapped[bool]
    abilities: Mapped[str] = mapped_column(Text, server_default="[]")
    """A JSON list of words."""
    embedding_space: Mapped[str | None] = mapped_column(Text)


class AppliedCatalogRow(DefaultBase):
    """A catalogue that was applied at a start, so that it is applied once and later changes are kept."""

    __tablename__ = "applied_catalogs"

    digest: Mapped[str] = mapped_column(_TEXT, primary_key=True)
    applied_at: Mapped[datetime] = mapped_column(DateTimeUTC)


class ClientKeyRow(DefaultBase):
    """A client's key."""

    __tablename__ = "client_keys"
    __table_args__ = (Index("ix_client_keys_revision", "revision"),)

    id: Mapped[str] = mapped_column(_TEXT, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    scopes: Mapped[str] = mapped_column(Text)
    """A JSON list of words."""
    models: Mapped[str | None] = mapped_column(Text)
    """A JSON list of ids."""
    requests_per_minute: Mapped[int | None]
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    hash_key: Mapped[str] = mapped_column(_TEXT)
    previous_digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    previous_hash_key: Mapped[str | None] = mapped_column(_TEXT)
    previous_until: Mapped[datetime | None] = mapped_column(DateTimeUTC)
    created_at: Mapped[datetime] = mapped_column(DateTimeUTC)
    expires_at: Mapped[datetime | None] = mapped_column(DateTimeUTC)
    revoked_at: Mapped[datetime | None] = mapped_column(DateTimeUTC)
    last_used_at: Mapped[datetime | None] = mapped_column(DateTimeUTC)
    revision: Mapped[int] = mapped_column(BigInteger)
    policy: Mapped[str | None] = mapped_column(_TEXT)


class AuditRow(DefaultBase):
    """An entry of the audit log. Texts are the very ones that were hashed."""

    __tablename__ = "audit_log"

    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[float]
    actor: Mapped[str] = mapped_column(_TEXT)
    action: Mapped[str] = mapped_column(_TEXT)
    target: Mapped[str] = mapped_column(Text)
    before: Mapped[str | None] = mapped_column(Text)
    after: Mapped[str | None] = mapped_column(Text)
    key_id: Mapped[str] = mapped_column(_TEXT)
    previous: Mapped[bytes] = mapped_column(LargeBinary)
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class AuditHeadRow(DefaultBase):
    """The last entry's place and a keyed hash of it, so that a log cut at its end is seen. One row."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(BigInteger)
    key_id: Mapped[str] = mapped_column(_TEXT)
    seal: Mapped[bytes] = mapped_column(LargeBinary)


class UsageRow(DefaultBase):
    """A routed prompt. Partitioned by month of `at` on Postgres, so that old months are dropped whole."""

    __tablename__ = "usage"
    __table_args__ = (
        Index("ix_usage_caller_at", "caller", "at"),
        {"postgresql_partition_by": "RANGE (at)"},
    )

    at: Mapped[datetime] = mapped_column(DateTimeUTC, primary_key=True)
    """Its end. Part of the primary key because a partition's must hold what it is partitioned by."""
    id: Mapped[str] = mapped_column(_TEXT, primary_key=True)
    request_id: Mapped[str] = mapped_column(_TEXT)
    caller: Mapped[str] = mapped_column(_TEXT)
    surface: Mapped[str] = mapped_column(_TEXT)
    model: Mapped[str | None] = mapped_column(_TEXT)
    provider: Mapped[str | None] = mapped_column(_TEXT)
    chosen: Mapped[str | None] = mapped_column(_TEXT)
    prompt_tokens: Mapped[int] = mapped_column(BigInteger)
    completion_tokens: Mapped[int] = mapped_column(BigInteger)
    cached_tokens: Mapped[int] = mapped_column(BigInteger)
    cache_write_tokens: Mapped[int] = mapped_column(BigInteger)
    reasoning_tokens: Mapped[int] = mapped_column(BigInteger)
    estimated: Mapped[bool]
    """Whether the tokens are our estimate."""
    cost_nano_usd: Mapped[int | None] = mapped_column(BigInteger)
    """`NULL` is unpriced, never free."""
    latency_ms: Mapped[float]
    first_event_ms: Mapped[float | None]
    outcome: Mapped[str] = mapped_column(_TEXT)
    from_cache: Mapped[bool]
    streamed: Mapped[bool]
    method: Mapped[str | None] = mapped_column(_TEXT)
    policy: Mapped[str | None] = mapped_column(_TEXT)
    attempts: Mapped[str] = mapped_column(Text)
    """A JSON list: who was asked, how it ended, after how long."""
    catalog_version: Mapped[str] = mapped_column(_TEXT)


class DecisionRow(DefaultBase):
    """How a routed prompt's model was chosen, what became of it, and the caller's word on that.

    Partitioned by month of `id`, which begins with the time, on Postgres: old months are dropped with those of `usage`.
    """

    __tablename__ = "decisions"
    __table_args__ = ({"postgresql_partition_by": "RANGE (id)"},)

    id: Mapped[str] = mapped_column(_TIMELY_ID, primary_key=True)
    caller: Mapped[str] = mapped_column(_TEXT)
    model: Mapped[str | None] = mapped_column(_TEXT)
    """Who answered."""
    cost_nano_usd: Mapped[int | None] = mapped_column(BigInteger)
    outcome: Mapped[str] = mapped_column(_TEXT)
    record: Mapped[str] = mapped_column(Text)
    """A `DecisionRecord` in JSON."""
    score: Mapped[float | None]
    """Of the caller's word, with the two that follow; `NULL` until it came."""
    scored_at: Mapped[float | None]
    """Epoch seconds."""
    counted: Mapped[bool | None]


class CatalogSnapshotRow(DefaultBase):
    """The cards of a catalogue's version, so that decisions that were made by it can be made again."""

    __tablename__ = "catalog_snapshots"

    version: Mapped[str] = mapped_column(_TEXT, primary_key=True)
    cards: Mapped[str] = mapped_column(Text)
    """A JSON list of `ModelCard`, in registry order."""


class FeedbackTotalRow(DefaultBase):
    """All words of one caller on one model."""

    __tablename__ = "feedback_totals"

    caller: Mapped[str] = mapped_column(_TEXT, primary_key=True)
    model: Mapped[str] = mapped_column(_TEXT, primary_key=True)
    count: Mapped[int] = mapped_column(BigInteger)
    surplus: Mapped[float]
