"""Remembers when client keys were last used: now and then, beside the requests."""

import asyncio
from contextlib import suppress
from typing import Final, final

from neuroroute.application.key_ring import KeyRing
from neuroroute.domain.errors import StateUnavailable

INTERVAL: Final = 30.0
"""Seconds between two notes: as far as what is stored is behind."""


@final
class NoteKeyUse:
    """A failure is nothing to tell of: the next note has what this one had."""

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys

    async def __call__(self) -> None:
        """Note until cancelled."""
        while True:
            await asyncio.sleep(INTERVAL)
            await self.once()

    async def once(self) -> None:
        """Also at the end, so that a stop forgets nothing."""
        with suppress(StateUnavailable):
            await self._keys.note_used()
