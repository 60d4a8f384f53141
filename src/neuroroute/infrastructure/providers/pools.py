"""Who serves the models: a provider for each entry of the catalogue, over pools that outlive a change."""

from collections.abc import Iterable, Mapping, Sequence
from typing import final

from msgspec import Struct

from neuroroute.application.ports import Provider
from neuroroute.dialects.provider_side import ProviderDialect
from neuroroute.domain.model import Dialect, ProviderName
from neuroroute.infrastructure.effective_catalog import ProviderEntry
from neuroroute.infrastructure.providers.chat import ChatProvider
from neuroroute.infrastructure.providers.reach import Reach, Resolve, resolve
from neuroroute.infrastructure.providers.upstream import Upstream


class _Place(Struct, frozen=True):
    """What makes a pool the same."""

    name: ProviderName
    base_url: str
    max_connections: int
    reach: Reach


@final
class ProviderPools:
    """Keeps a pool while its place stays. One that is dropped serves those who hold it and then is gone."""

    def __init__(
        self, dialects: Mapping[Dialect, ProviderDialect], *, max_response_bytes: int, resolver: Resolve = resolve
    ) -> None:
        """Does no I/O. `resolver` is asked for addresses that came in over HTTP."""
        self._dialects = dialects
        self._max_response_bytes = max_response_bytes
        self._resolver = resolver
        self._pools: dict[_Place, Upstream] = {}
        self._retired: list[Upstream] = []
        self._served: dict[ProviderName, tuple[ProviderEntry, Provider]] = {}

    def serve(self, entries: Sequence[ProviderEntry]) -> Mapping[ProviderName, Provider]:
        """The providers of `entries`, and from now on of no others."""
        places = {entry.name: _place(entry) for entry in entries}
        pools = {place: self._pools.get(place) or self._pool(place) for place in places.values()}
        for place, pool in self._pools.items():
            if place not in pools:
                pool.retire()
                self._retired.append(pool)
        self._retired = [pool for pool in self._retired if pool.in_flight or pool.waiting]
        self._pools = pools
        self._served = {entry.name: (entry, self._provider(entry, pools[places[entry.name]])) for entry in entries}
        return {name: provider for name, (_, provider) in self._served.items()}

    def connections(self) -> Iterable[tuple[str, str, int]]:
        """Provider, state and number, of those that are served now."""
        for place, pool in self._pools.items():
            yield place.name, "in_use", pool.in_flight
            yield place.name, "idle", pool.idle
            yield place.name, "waiting", pool.waiting

    async def close(self) -> None:
        """Let go of every connection."""
        for pool in (*self._pools.values(), *self._retired):
            await pool.aclose()

    def _pool(self, place: _Place) -> Upstream:
        return Upstream(
            place.base_url,
            max_connections=place.max_connections,
            max_response_bytes=self._max_response_bytes,
            reach=place.reach,
            resolver=self._resolver,
        )

    def _provider(self, entry: ProviderEntry, pool: Upstream) -> Provider:
        """The same object while nothing of it changes: by it one knows whether what was seen is still of this entry."""
        was = self._served.get(entry.name)
        if was is not None and was[0] == entry:
            return was[1]
        return ChatProvider(
            dialect=self._dialects[entry.dialect], upstream=pool, key=entry.api_key, organization=entry.organization
        )


def _place(entry: ProviderEntry) -> _Place:
    return _Place(entry.name, entry.base_url, entry.max_connections, entry.reach)
