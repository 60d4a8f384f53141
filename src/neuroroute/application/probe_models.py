"""Asks every provider, again and again and at no cost, whether it is there."""

import asyncio
from time import monotonic, time
from typing import final

from neuroroute.application.ports import HealthBoard, ModelCatalog, Provider
from neuroroute.domain.errors import ProviderFailed, ProviderThrottled
from neuroroute.domain.model import ProviderName


@final
class ProbeModels:
    """Shows on the board what probes find."""

    def __init__(self, *, catalog: ModelCatalog, health: HealthBoard, interval: float) -> None:
        """`interval`: seconds from the end of one round to the start of the next."""
        self._catalog = catalog
        self._health = health
        self._interval = interval

    async def __call__(self) -> None:
        """Probe until cancelled."""
        while True:
            await self.once()
            await asyncio.sleep(self._interval)

    async def once(self) -> None:
        """One round, all providers at the same time."""
        providers = self._catalog.providers()
        names = {card.provider for card in self._catalog.cards()}
        await asyncio.gather(*(self._probe(name, providers[name]) for name in names))

    async def _probe(self, name: ProviderName, provider: Provider) -> None:
        error = None
        try:
            await provider.probe()
        except ProviderThrottled:
            return  # too busy for us, which says neither that it is there nor that it is not
        except ProviderFailed as failure:
            error = str(failure)
        if self._catalog.providers().get(name) is not provider:
            return  # the catalogue changed meanwhile, and this is of another address or key
        for card in self._catalog.cards():
            if card.provider == name:
                health = self._health.of(card.id)
                self._health.show(card.id, health.after_probe(error, at=time(), now=monotonic()))
