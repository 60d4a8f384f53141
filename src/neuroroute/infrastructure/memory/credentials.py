"""Providers' keys and settings, as long as this process lives."""

from collections.abc import Sequence
from typing import final

from msgspec.structs import replace

from neuroroute.application.stores import CredentialStore, ProviderSettingsStore, Topic
from neuroroute.domain.access import Secret
from neuroroute.domain.credential import ProviderCredential, ProviderSettings
from neuroroute.domain.errors import NameTaken, NotStored
from neuroroute.infrastructure.memory.revisions import MemoryRevisions


@final
class MemoryCredentials(CredentialStore):
    """Nothing is encrypted, and nothing undecryptable: they lie nowhere."""

    def __init__(self, revisions: MemoryRevisions) -> None:
        self._revisions = revisions
        self._rows: dict[str, ProviderCredential] = {}
        self._last_id = 0

    async def all(self) -> Sequence[ProviderCredential]:
        return sorted(self._rows.values(), key=lambda row: row.id)

    async def put(self, provider: str, *, key: Secret, is_active: bool, origin: str, by: str) -> ProviderCredential:
        del by
        self._last_id += provider not in self._rows
        known = self._rows.get(provider)
        row = ProviderCredential(
            id=known.id if known else self._last_id, provider=provider, key=key, is_active=is_active, origin=origin
        )
        return self._keep(row)

    async def replace(
        self, name: str, *, provider: str, key: Secret, is_active: bool, origin: str, by: str
    ) -> ProviderCredential:
        del by
        if name not in self._rows:
            raise NotStored("API key not found")
        if provider != name and provider in self._rows:
            raise NameTaken("There is an API key of that provider already")
        known = self._rows.pop(name)
        return self._keep(replace(known, provider=provider, key=key, is_active=is_active, origin=origin))

    async def delete(self, provider: str, *, by: str) -> None:
        del by
        if provider not in self._rows:
            raise NotStored("API key not found")
        del self._rows[provider]
        self._revisions.bump(Topic.CREDENTIALS)

    def _keep(self, row: ProviderCredential) -> ProviderCredential:
        self._rows[row.provider] = row
        self._revisions.bump(Topic.CREDENTIALS)
        return row


@final
class MemoryProviderSettings(ProviderSettingsStore):
    """By provider."""

    def __init__(self, revisions: MemoryRevisions) -> None:
        self._revisions = revisions
        self._rows: dict[str, ProviderSettings] = {}
        self._last_id = 0

    async def all(self) -> Sequence[ProviderSettings]:
        return sorted(self._rows.values(), key=lambda row: row.id)

    async def put(self, settings: ProviderSettings, *, by: str) -> ProviderSettings:
        del by
        self._last_id += settings.provider not in self._rows
        known = self._rows.get(settings.provider)
        return self._keep(replace(settings, id=known.id if known else self._last_id))

    async def replace(self, name: str, settings: ProviderSettings, *, by: str) -> ProviderSettings:
        del by
        if name not in self._rows:
            raise NotStored("API key settings not found")
        if settings.provider != name and settings.provider in self._rows:
            raise NameTaken("There are API key settings of that provider already")
        known = self._rows.pop(name)
        return self._keep(replace(settings, id=known.id))

    async def delete(self, provider: str, *, by: str) -> None:
        del by
        if provider not in self._rows:
            raise NotStored("API key settings not found")
        del self._rows[provider]
        self._revisions.bump(Topic.CREDENTIALS)

    def _keep(self, row: ProviderSettings) -> ProviderSettings:
        self._rows[row.provider] = row
        self._revisions.bump(Topic.CREDENTIALS)
        return row
