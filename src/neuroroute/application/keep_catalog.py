"""How administrators keep the catalogue: what they write, this process serves before it answers."""

from typing import final

from neuroroute.application.follow_state import FollowState
from neuroroute.application.stores import CatalogStore
from neuroroute.domain.catalog import Catalog, KnownModel, KnownProvider


@final
class KeepCatalog:
    """One entry at a time. Everything raises `StateUnavailable` while the database does not answer."""

    def __init__(self, store: CatalogStore, *, follow_state: FollowState) -> None:
        self._store = store
        self._follow_state = follow_state

    async def known(self) -> Catalog:
        """What is stored now."""
        return await self._store.known()

    async def put_provider(self, provider: KnownProvider, *, by: str) -> KnownProvider:
        """Raises: AddressRefused, CatalogMisfit."""
        put = await self._store.put_provider(provider, by=by)
        await self._follow_state.catch_up()
        return put

    async def put_model(self, model: KnownModel, *, by: str) -> KnownModel:
        """Raises: CatalogMisfit."""
        put = await self._store.put_model(model, by=by)
        await self._follow_state.catch_up()
        return put

    async def delete_provider(self, name: str, *, by: str) -> None:
        """Raises: NotStored, ProviderInUse."""
        await self._store.delete_provider(name, by=by)
        await self._follow_state.catch_up()

    async def delete_model(self, model_id: str, *, by: str) -> None:
        """Raises: NotStored."""
        await self._store.delete_model(model_id, by=by)
        await self._follow_state.catch_up()
