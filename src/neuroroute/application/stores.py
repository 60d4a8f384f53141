"""What survives a restart: the ports to it. Adapters live in `infrastructure.sql` and `infrastructure.memory`.

All of them raise `StateUnavailable` when the database does not answer in time; none ever waits for longer than that.
A write is durable when it returns, bumps its topic's revision and leaves its audit entry in the same transaction.
`by` says who writes: `admin`, a client key's id, `cli` or `startup`.
"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from neuroroute.domain.access import Secret
from neuroroute.domain.audit import AuditEntry, AuditFilter
from neuroroute.domain.audit_verification import Verification
from neuroroute.domain.catalog import Catalog, KnownModel, KnownProvider
from neuroroute.domain.catalog_plan import CatalogPlan
from neuroroute.domain.client_key import ChangedKeys, ClientKey
from neuroroute.domain.credential import ProviderCredential, ProviderSettings
from neuroroute.domain.decision import DecisionRecord
from neuroroute.domain.feedback import Feedback, FeedbackTotal
from neuroroute.domain.model import ModelCard
from neuroroute.domain.record import RoutedPrompt
from neuroroute.domain.usage import UsageQuery, UsageTotal


class Topic(StrEnum):
    """What processes hold in memory and follow: each has a revision that grows with every write."""

    CATALOG = "catalog"
    CREDENTIALS = "credentials"
    """Keys and settings of providers, and the vault's keys."""
    CLIENT_KEYS = "client_keys"
    ABILITIES = "abilities"
    """What feedback taught of the models."""


class Revisions(Protocol):
    """The change feed: cheap enough to ask four times a second."""

    @abstractmethod
    async def look(self) -> Mapping[Topic, int]:
        """The revision of every topic; 0 before its first write.

        Raises:
            StateUnavailable: the database does not answer, or its schema is not at head.
        """
        ...


class CatalogStore(Protocol):
    """The catalogue of providers and models. A change that would not fit together (`CatalogMisfit`) changes nothing."""

    @abstractmethod
    async def known(self) -> Catalog:
        """All, also the models that are not enabled."""
        ...

    @abstractmethod
    async def apply(self, wanted: Catalog, *, prune: bool, by: str) -> CatalogPlan:
        """All of `domain.catalog_plan.plan`, or nothing. Raises: CatalogMisfit."""
        ...

    @abstractmethod
    async def apply_once(self, wanted: Catalog, *, name: str, by: str) -> CatalogPlan | None:
        """As `apply` without pruning; `None` when something was applied under this name before, by whichever process.

        Raises: CatalogMisfit.
        """
        ...

    @abstractmethod
    async def put_provider(self, provider: KnownProvider, *, by: str) -> KnownProvider:
        """As `domain.catalog_plan` does it, which says whether it is trusted. Raises: AddressRefused, CatalogMisfit."""
        ...

    @abstractmethod
    async def put_model(self, model: KnownModel, *, by: str) -> KnownModel:
        """Raises: CatalogMisfit."""
        ...

    @abstractmethod
    async def delete_provider(self, name: str, *, by: str) -> None:
        """Raises: NotStored; ProviderInUse."""
        ...

    @abstractmethod
    async def delete_model(self, model_id: str, *, by: str) -> None:
        """Raises: NotStored."""
        ...


class CredentialStore(Protocol):
    """Providers' keys, encrypted where they lie. Listed in the order of their ids."""

    @abstractmethod
    async def all(self) -> Sequence[ProviderCredential]:
        """Also those that cannot be decrypted."""
        ...

    @abstractmethod
    async def put(self, provider: str, *, key: Secret, is_active: bool, origin: str, by: str) -> ProviderCredential:
        """Keep it under this provider's name, in place of what was there, whose id stays."""
        ...

    @abstractmethod
    async def replace(
        self, name: str, *, provider: str, key: Secret, is_active: bool, origin: str, by: str
    ) -> ProviderCredential:
        """As `put` for what is stored under `name`, which may become `provider`.

        Raises:
            NotStored: nothing is stored under `name`.
            NameTaken: something else is stored under `provider`.
        """
        ...

    @abstractmethod
    async def delete(self, provider: str, *, by: str) -> None:
        """Raises: NotStored."""
        ...


class ProviderSettingsStore(Protocol):
    """Providers' stored settings. Listed in the order of their ids."""

    @abstractmethod
    async def all(self) -> Sequence[ProviderSettings]: ...

    @abstractmethod
    async def put(self, settings: ProviderSettings, *, by: str) -> ProviderSettings:
        """Keep them under their provider's name; the id of `settings` does not count: that of what was there stays."""
        ...

    @abstractmethod
    async def replace(self, name: str, settings: ProviderSettings, *, by: str) -> ProviderSettings:
        """Raises: NotStored, NameTaken: as `CredentialStore.replace`."""
        ...

    @abstractmethod
    async def delete(self, provider: str, *, by: str) -> None:
        """Raises: NotStored."""
        ...


class ClientKeyStore(Protocol):
    """Clients' keys; of their texts only a keyed hash, which the store makes. A revoked key stays, so that the ledger's
    ids keep their names.
    """

    @abstractmethod
    async def changed_since(self, revision: int) -> ChangedKeys:
        """Those whose revision is larger, oldest change first; all since 0."""
        ...

    @abstractmethod
    async def add(self, key: ClientKey, text: Secret, *, by: str) -> None:
        """Raises: NameTaken, when there is a key of this id."""
        ...

    @abstractmethod
    async def rotate(self, key_id: str, text: Secret, *, previous_until: float | None, by: str) -> ClientKey:
        """A new text for the key; the one before opens until `previous_until`, `None` not at all.

        Raises: NotStored, also when the key was revoked.
        """
        ...

    @abstractmethod
    async def revoke(self, key_id: str, *, at: float, by: str) -> ClientKey:
        """Revoking twice changes nothing. Raises: NotStored."""
        ...

    @abstractmethod
    async def used(self, last_used: Mapping[str, float]) -> None:
        """Remember when keys were last used, by id; the latest counts. Neither a change to follow nor one to audit."""
        ...


class Ledger(Protocol):
    """One row per routed prompt, for ever the same under its id."""

    @abstractmethod
    async def write(self, records: Sequence[RoutedPrompt]) -> None:
        """All of them or none. Writing a record again, by its id, changes nothing.

        Raises:
            StateUnavailable: whether they were written is not known. Write them again.
        """
        ...

    @abstractmethod
    async def totals(self, query: UsageQuery) -> Sequence[UsageTotal]:
        """What was used, of what has been written; at most `query.limit` of them after the first `query.offset`."""
        ...

    @abstractmethod
    async def make_room(self, month: date) -> None:
        """Be ready for the prompts that end in the month which begins on that day. Writing one does so too, if late."""
        ...

    @abstractmethod
    async def drop_before(self, month: date) -> int:
        """Forget the prompts that ended before that day, the first of a month; a number, 0 when there were none."""
        ...


class StoredDecision(Struct, frozen=True, kw_only=True):
    """A decision, and what became of it."""

    record: DecisionRecord
    model: str | None
    """Who answered; `None` when nobody did."""
    cost_nano_usd: int | None
    """`None` is unpriced."""
    outcome: str
    feedback: Feedback | None = None


class DecisionStore(Protocol):
    """Decisions, as the ledger wrote them with their prompts, and the catalogues that they were made by."""

    @abstractmethod
    async def find(self, decision_id: str) -> StoredDecision | None:
        """`None` when there is none, or none any more."""
        ...

    @abstractmethod
    async def since(self, moment: float, *, after: str, limit: int) -> Sequence[StoredDecision]:
        """Those made at `moment` or later whose id comes after `after`, in the order of their ids; at most `limit`."""
        ...

    @abstractmethod
    async def keep_cards(self, version: str, cards: Sequence[ModelCard]) -> None:
        """The cards of a catalogue's version; writing them again changes nothing."""
        ...

    @abstractmethod
    async def cards(self, version: str) -> Sequence[ModelCard] | None:
        """Those of that version, in registry order; `None` when it is not known."""
        ...


class FeedbackStore(Protocol):
    """What callers said of answers, and what it adds up to. No audit entry: it is use, not administration."""

    @abstractmethod
    async def give(self, decision_id: str, *, caller: str, score: float, at: float) -> Feedback:
        """Keep the caller's first word on a decision of its own, and count it if there was a prediction; that word.

        Raises:
            NotStored: there is no such decision, it is another caller's, or it has expired.
        """
        ...

    @abstractmethod
    async def totals(self) -> Sequence[FeedbackTotal]:
        """Of every caller and model; they outlast the decisions."""
        ...


class AuditLog(Protocol):
    """Who changed what. A store adds its entry itself, in the transaction of its change."""

    @abstractmethod
    async def note(self, *, by: str, action: str, target: str, after: object) -> None:
        """Add an entry of what is not stored; `after` is what msgspec writes as JSON, without a secret."""
        ...

    @abstractmethod
    async def entries(self, wanted: AuditFilter, *, before: int | None, limit: int) -> Sequence[AuditEntry]:
        """The newest first, at most `limit`; with `before` only those whose `seq` is smaller."""
        ...

    @abstractmethod
    async def verify(self) -> Verification:
        """Read it whole and say what is wrong with it. Changes made meanwhile do no harm."""
        ...
