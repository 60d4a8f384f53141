"""New keys for the vault while everything runs: what can be opened is sealed anew, in one transaction."""

from typing import final

from msgspec import Struct
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from neuroroute.application.stores import Topic
from neuroroute.domain.errors import NeuroRouteError
from neuroroute.infrastructure.sql.audit_trail import AuditTrail
from neuroroute.infrastructure.sql.credentials import opened, seal_into
from neuroroute.infrastructure.sql.database import Database
from neuroroute.infrastructure.sql.revisions import bump
from neuroroute.infrastructure.sql.tables import CredentialRow, VaultKeyRow
from neuroroute.infrastructure.sql.vault_keys import Purpose, VaultKeys


class VaultShut(NeuroRouteError):
    """None of the vault's keys opens: by this master key there is nothing to rotate."""


class Rotated(Struct, frozen=True, kw_only=True):
    """What a rotation did."""

    rewrapped: int
    """Keys of the vault that another master key had encrypted until now."""
    resealed: int
    """Providers' keys under the new key."""
    undecryptable: tuple[str, ...]
    """The providers whose keys were left as they were, since nothing opens them."""
    unopened: int
    """Keys of the vault that no master key opens which is set."""


@final
class VaultRotation:
    """Writers wait for it, readers do not; what they read names keys that stay. Nobody is refused."""

    def __init__(self, database: Database, vault_keys: VaultKeys, audit_trail: AuditTrail) -> None:
        self._database = database
        self._vault_keys = vault_keys
        self._audit_trail = audit_trail

    async def rotate(self, *, by: str) -> Rotated:
        """Encrypt the vault's keys with the active master key, and providers' keys with a new key of the vault.

        Raises:
            VaultShut: the master key is another one than everything was encrypted with; nothing was changed.
            StateUnavailable: the database does not answer in time; everything is as it was, or rotated whole.
        """
        async with self._database.writing() as session:
            await bump(session, Topic.CREDENTIALS)
            kept, unopened = await self._counted(session)
            if kept and kept == unopened:
                raise VaultShut(
                    "No key of the vault opens with the master key that is set. Set the one that it was encrypted "
                    "with: in NEUROROUTE_MASTER_KEY, or in NEUROROUTE_MASTER_KEY_PREVIOUS to change it"
                )
            rewrapped = await self._vault_keys.rewrap(session)
            rows = (await session.scalars(select(CredentialRow).order_by(CredentialRow.id))).all()
            keys = await self._vault_keys.opened(session, Purpose.CREDENTIALS)
            new = await self._vault_keys.renew(session, Purpose.CREDENTIALS)
            undecryptable = list[str]()
            for row in rows:
                if (key := opened(row, keys)) is None:
                    undecryptable.append(row.provider)
                else:
                    seal_into(row, key, new)
            await session.flush()
            rotated = Rotated(
                rewrapped=rewrapped,
                resealed=len(rows) - len(undecryptable),
                undecryptable=tuple(undecryptable),
                unopened=unopened,
            )
            await self._audit_trail.add(
                session, by=by, action="vault.rotate", target=new.id, before=None, after=rotated
            )
        return rotated

    async def _counted(self, session: AsyncSession) -> tuple[int, int]:
        """The keys of the vault, and those of them that do not open."""
        kept = await session.scalar(select(func.count()).select_from(VaultKeyRow)) or 0
        return kept, kept - sum([len(await self._vault_keys.opened(session, purpose)) for purpose in Purpose])
