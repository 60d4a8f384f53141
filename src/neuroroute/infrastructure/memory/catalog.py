"""A catalogue that lasts as long as the process: for tests and for what is embedded."""

from typing import final

from neuroroute.application.stores import CatalogStore, Topic
from neuroroute.domain.catalog import Catalog, KnownModel, KnownProvider
from neuroroute.domain.catalog_plan import CatalogPlan, delete_model, delete_provider, plan, put_model, put_provider
from neuroroute.infrastructure.memory.revisions import MemoryRevisions


@final
class MemoryCatalog(CatalogStore):
    """Keeps no audit log."""

    def __init__(self, revisions: MemoryRevisions) -> None:
        self._revisions = revisions
        self._catalog = Catalog()
        self._applied = set[str]()

    async def known(self) -> Catalog:
        return self._catalog

    async def apply(self, wanted: Catalog, *, prune: bool, by: str) -> CatalogPlan:  # noqa: ARG002 - the port's
        return self._hold(plan(self._catalog, wanted, prune=prune))

    async def apply_once(self, wanted: Catalog, *, name: str, by: str) -> CatalogPlan | None:  # noqa: ARG002 - the port's
        if name in self._applied:
            return None
        done = self._hold(plan(self._catalog, wanted, prune=False))
        self._applied.add(name)
        return done

    async def put_provider(self, provider: KnownProvider, *, by: str) -> KnownProvider:  # noqa: ARG002 - the port's
        return self._hold(put_provider(self._catalog, provider)).result.provider(provider.name) or provider

    async def put_model(self, model: KnownModel, *, by: str) -> KnownModel:  # noqa: ARG002 - the port's
        self._hold(put_model(self._catalog, model))
        return model

    async def delete_provider(self, name: str, *, by: str) -> None:  # noqa: ARG002 - the port's
        self._hold(delete_provider(self._catalog, name))

    async def delete_model(self, model_id: str, *, by: str) -> None:  # noqa: ARG002 - the port's
        self._hold(delete_model(self._catalog, model_id))

    def _hold(self, done: CatalogPlan) -> CatalogPlan:
        self._revisions.bump(Topic.CATALOG)
        self._catalog = done.result
        return done
