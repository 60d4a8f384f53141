"""Asks every provider, again and again and at no cost, whether it is there."""

import asyncio
from time import monotonic, time
from typing import final

from neuroroute.application.ports import HealthBoard, ModelCatalog
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
        await asyncio.gather(*map(self._probe, {card.provider for card in self._catalog.cards()}))

    async def _probe(self, provider: ProviderName) -> None:
        error = None
        try:
            await self._catalog.providers()[provider].probe()
        except ProviderThrottled:
            return  # too busy for us, which says neither that it is there nor that it is not
        except ProviderFailed as failure:
            error = str(failure)
        for card in self._catalog.cards():
            if card.provider == provider:
                health = self._health.of(card.id)
                self._health.show(card.id, health.after_probe(error, at=time(), now=monotonic()))
