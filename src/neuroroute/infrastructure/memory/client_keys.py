"""Clients' keys that last as long as the process: for tests and for what is embedded."""

import os
from collections.abc import Mapping
from typing import final

from msgspec.structs import replace

from neuroroute.application.stores import ClientKeyStore
from neuroroute.domain.access import Secret
from neuroroute.domain.client_key import ChangedKeys, ClientKey, HashKey, KeyDigest, StoredKey
from neuroroute.domain.errors import NameTaken, NotStored
from neuroroute.domain.key_text import digest_of


@final
class MemoryClientKeys(ClientKeyStore):
    """Keeps no audit log."""

    def __init__(self) -> None:
        self._hash_key = HashKey("memory", os.urandom(32))
        self._stored: dict[str, StoredKey] = {}
        self.revision = 0
        """Of the topic `CLIENT_KEYS`."""

    async def changed_since(self, revision: int) -> ChangedKeys:
        changed = [held for held in self._stored.values() if held.revision > revision]
        return ChangedKeys(
            keys=tuple(sorted(changed, key=lambda held: held.revision)),
            hash_keys={self._hash_key.id: self._hash_key},
            revision=self.revision,
        )

    async def add(self, key: ClientKey, text: Secret, *, by: str) -> None:  # noqa: ARG002 - the port's
        if key.id in self._stored:
            raise NameTaken(f"There is a key {key.id} already")
        self._stored[key.id] = StoredKey(key=key, current=self._digest(text), revision=self._bumped())

    async def rotate(
        self,
        key_id: str,
        text: Secret,
        *,
        previous_until: float | None,
        by: str,  # noqa: ARG002 - the port's
    ) -> ClientKey:
        held = self._found(key_id)
        if held.key.revoked_at is not None:
            raise NotStored(f"The key {key_id} was revoked: create another one")
        self._stored[key_id] = replace(
            held,
            current=self._digest(text),
            previous=None if previous_until is None else held.current,
            previous_until=previous_until,
            revision=self._bumped(),
        )
        return held.key

    async def revoke(self, key_id: str, *, at: float, by: str) -> ClientKey:  # noqa: ARG002 - the port's
        held = self._found(key_id)
        if held.key.revoked_at is None:
            held = replace(held, key=replace(held.key, revoked_at=at), revision=self._bumped())
            self._stored[key_id] = held
        return held.key

    async def used(self, last_used: Mapping[str, float]) -> None:
        for key_id, at in last_used.items():
            held = self._stored.get(key_id)
            if held is not None and at > (held.key.last_used_at or 0.0):
                self._stored[key_id] = replace(held, key=replace(held.key, last_used_at=at))

    def _found(self, key_id: str) -> StoredKey:
        held = self._stored.get(key_id)
        if held is None:
            raise NotStored(f"There is no key {key_id}")
        return held

    def _bumped(self) -> int:
        self.revision += 1
        return self.revision

    def _digest(self, text: Secret) -> KeyDigest:
        return KeyDigest(digest=digest_of(text.reveal().encode(), self._hash_key.bytes), hash_key=self._hash_key.id)
