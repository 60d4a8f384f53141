"""All client keys in memory, so that a request's key is known without waiting for the database."""

import os
from enum import Enum, auto
from hmac import compare_digest
from typing import Final, final

from neuroroute.application.follow_state import Held
from neuroroute.application.stores import ClientKeyStore, Topic
from neuroroute.domain.client_key import ClientKey, HashKey, KeyDigest, StoredKey
from neuroroute.domain.errors import StateUnavailable
from neuroroute.domain.key_text import digest_of, id_in


class Unopened(Enum):
    """Why a text opens nothing."""

    MALFORMED = auto()
    """It is no key's, or a mistyped one."""
    UNKNOWN = auto()
    EXPIRED = auto()
    REVOKED = auto()


def _nobody() -> StoredKey:
    """Whom an unknown key is compared with, so that it costs what a known one does."""
    return StoredKey(
        key=ClientKey(id="", name="", scopes=frozenset(), created_at=0.0),
        current=KeyDigest(digest=os.urandom(32), hash_key=""),
        revision=0,
    )


@final
class KeyRing(Held):
    """Follows `CLIENT_KEYS`: reads only what has changed since it last read."""

    topics = frozenset({Topic.CLIENT_KEYS})

    def __init__(self, store: ClientKeyStore) -> None:
        self._store = store
        self._keys: dict[str, StoredKey] = {}
        self._nobody: Final = _nobody()
        self._no_hash_key: Final = HashKey("", os.urandom(32))
        self._hash_keys: dict[str, HashKey] = {"": self._no_hash_key}
        self._revision = 0
        self._used: dict[str, float] = {}

    async def load(self) -> None:
        kept, changed = self._keys, await self._store.changed_since(self._revision)
        if changed.revision < self._revision:  # a backup was put back: what we hold may not be there
            kept, changed = {}, await self._store.changed_since(0)
        self._keys = {**kept, **{held.key.id: held for held in changed.keys}}
        self._hash_keys = {"": self._no_hash_key, **changed.hash_keys}
        self._revision = changed.revision

    def recognise(self, text: bytes, now: float) -> ClientKey | Unopened:
        """Whose key `text` is at `now`, in epoch seconds.

        Raises:
            StateUnavailable: there is a key of its id and nobody here can say whether it is this one.
        """
        key_id = id_in(text)
        if key_id is None:
            return Unopened.MALFORMED
        held = self._keys.get(key_id, self._nobody)
        if not self._opens(held, text, now):
            return Unopened.UNKNOWN
        key = held.key
        if key.revoked_at is not None:
            return Unopened.REVOKED
        if key.expires_at is not None and key.expires_at <= now:
            return Unopened.EXPIRED
        self._used[key_id] = now
        return key

    async def note_used(self) -> None:
        """Have the store remember which keys were used since it was last told.

        Raises:
            StateUnavailable: it could not; they are told the next time.
        """
        if not self._used:
            return
        used, self._used = self._used, {}
        try:
            await self._store.used(used)
        except StateUnavailable:
            self._used = {**used, **self._used}
            raise

    def _opens(self, held: StoredKey, text: bytes, now: float) -> bool:
        if self._is_of(held.current, text):
            return True
        previous, until = held.previous, held.previous_until
        return previous is not None and until is not None and now < until and self._is_of(previous, text)

    def _is_of(self, known: KeyDigest, text: bytes) -> bool:
        hash_key = self._hash_keys.get(known.hash_key)
        if hash_key is None:
            raise StateUnavailable(
                "Client keys cannot be checked: what they were hashed with does not open with this master key"
                " (NEUROROUTE_MASTER_KEY, NEUROROUTE_MASTER_KEY_PREVIOUS)"
            )
        return compare_digest(digest_of(text, hash_key.bytes), known.digest)
