"""How administrators keep providers' keys and settings, and what has to hold when they do."""

from collections.abc import Mapping, Sequence
from typing import final

from msgspec import Struct

from neuroroute.application.follow_state import FollowState
from neuroroute.application.stores import CatalogStore, CredentialStore, ProviderSettingsStore
from neuroroute.domain.access import Secret
from neuroroute.domain.catalog import Catalog
from neuroroute.domain.credential import CredentialStatus, ProviderCredential, ProviderSettings, origin_of
from neuroroute.domain.errors import NotStored


class KeptCredential(Struct, frozen=True):
    """A stored key, and whether it is used now."""

    credential: ProviderCredential
    status: CredentialStatus


@final
class KeepCredentials:
    """Binds each key to where its provider is when it is entered, so that a later address does not receive it.

    The environment's addresses do not count: they are the operator's word, and may differ between instances.
    """

    def __init__(
        self,
        *,
        credentials: CredentialStore,
        settings: ProviderSettingsStore,
        catalog: CatalogStore,
        follow_state: FollowState,
    ) -> None:
        self._credentials = credentials
        self._settings = settings
        self._catalog = catalog
        self._follow_state = follow_state

    async def all(self) -> Sequence[KeptCredential]:
        """In the order of their ids.

        Raises:
            StateUnavailable: the database does not answer in time; so do all methods here.
        """
        origins = await self._origins()
        return [
            KeptCredential(credential, credential.status(origins.of(credential.provider)))
            for credential in await self._credentials.all()
        ]

    async def one(self, provider: str) -> KeptCredential:
        """Raises: NotStored."""
        for kept in await self.all():
            if kept.credential.provider == provider:
                return kept
        raise NotStored("API key not found")

    async def put(self, provider: str, *, key: Secret, is_active: bool, by: str) -> KeptCredential:
        """Keep it in place of what was there."""
        origin = (await self._origins()).of(provider)
        credential = await self._credentials.put(provider, key=key, is_active=is_active, origin=origin, by=by)
        await self._follow_state.catch_up()
        return KeptCredential(credential, credential.status(origin))

    async def replace(self, name: str, *, provider: str, key: Secret, is_active: bool, by: str) -> KeptCredential:
        """As `put` for what is stored under `name`, which may become `provider`.

        Raises: NotStored, NameTaken.
        """
        origin = (await self._origins()).of(provider)
        credential = await self._credentials.replace(
            name, provider=provider, key=key, is_active=is_active, origin=origin, by=by
        )
        await self._follow_state.catch_up()
        return KeptCredential(credential, credential.status(origin))

    async def delete(self, provider: str, *, by: str) -> None:
        """Raises: NotStored."""
        await self._credentials.delete(provider, by=by)
        await self._follow_state.catch_up()

    async def _origins(self) -> "_Origins":
        return _Origins(await self._catalog.known(), {kept.provider: kept for kept in await self._settings.all()})


class _Origins(Struct, frozen=True):
    """Where providers are, as far as it is stored."""

    catalog: Catalog
    settings: Mapping[str, ProviderSettings]

    def of(self, name: str) -> str:
        """Of the provider that a key stored under `name` is for; empty when it has no address."""
        provider = self.catalog.stored_as(name)
        names = self.catalog.stored_names(provider) if provider else (name,)
        stored = next((self.settings[one] for one in names if one in self.settings), None)
        return origin_of((stored and stored.api_base) or (provider.base_url if provider else ""))


@final
class KeepProviderSettings:
    """What is stored of providers beside their keys. A new address leaves the key behind: see `KeepCredentials`."""

    def __init__(self, *, settings: ProviderSettingsStore, follow_state: FollowState) -> None:
        self._settings = settings
        self._follow_state = follow_state

    async def all(self) -> Sequence[ProviderSettings]:
        """In the order of their ids. Raises: StateUnavailable, as all methods here."""
        return await self._settings.all()

    async def one(self, provider: str) -> ProviderSettings:
        """Raises: NotStored."""
        for kept in await self._settings.all():
            if kept.provider == provider:
                return kept
        raise NotStored("API key settings not found")

    async def put(self, settings: ProviderSettings, *, by: str) -> ProviderSettings:
        """Keep them in place of what was there."""
        kept = await self._settings.put(settings, by=by)
        await self._follow_state.catch_up()
        return kept

    async def replace(self, name: str, settings: ProviderSettings, *, by: str) -> ProviderSettings:
        """Raises: NotStored, NameTaken."""
        kept = await self._settings.replace(name, settings, by=by)
        await self._follow_state.catch_up()
        return kept

    async def delete(self, provider: str, *, by: str) -> None:
        """Raises: NotStored."""
        await self._settings.delete(provider, by=by)
        await self._follow_state.catch_up()
