"""All client keys in memory, so that a request's key is known without waiting for the database."""

import os
from enum import Enum, auto
from hmac import compare_digest
from typing import Final, final

from msgspec import Struct

from neuroroute.application.follow_state import Held
from neuroroute.application.stores import ClientKeyStore, Topic
from neuroroute.domain.access import Caller
from neuroroute.domain.client_key import ClientKey, HashKey, KeyDigest, StoredKey
from neuroroute.domain.errors import StateUnavailable
from neuroroute.domain.key_text import digest_of, id_in, is_key


class Unopened(Enum):
    """Why a text opens nothing."""

    MALFORMED = auto()
    """It is no key's, or a mistyped one."""
    UNKNOWN = auto()
    EXPIRED = auto()
    REVOKED = auto()


class _Held(Struct, frozen=True):
    stored: StoredKey
    caller: Caller


def _held(stored: StoredKey) -> _Held:
    return _Held(stored, stored.key.caller)


def _nobody() -> _Held:
    """Whom an unknown key is compared with, so that it costs what a known one does."""
    return _held(
        StoredKey(
            key=ClientKey(id="", name="", scopes=frozenset(), created_at=0.0),
            current=KeyDigest(digest=os.urandom(32), hash_key=""),
            revision=0,
        )
    )


@final
class KeyRing(Held):
    """Follows `CLIENT_KEYS`: reads only what has changed since it last read."""

    topics = frozenset({Topic.CLIENT_KEYS})

    def __init__(self, store: ClientKeyStore) -> None:
        self._store = store
        self._keys: dict[bytes, _Held] = {}
        self._nobody: Final = _nobody()
        self._no_hash_key: Final = HashKey("", os.urandom(32))
        self._hash_keys: dict[str, HashKey] = {"": self._no_hash_key}
        self._revision = 0
        self._used: dict[str, float] = {}

    async def load(self) -> None:
        kept, changed = self._keys, await self._store.changed_since(self._revision)
        if changed.revision < self._revision:  # a backup was put back: what we hold may not be there
            kept, changed = {}, await self._store.changed_since(0)
        self._keys = {**kept, **{stored.key.id.encode(): _held(stored) for stored in changed.keys}}
        self._hash_keys = {"": self._no_hash_key, **changed.hash_keys}
        self._revision = changed.revision

    def recognise(self, text: bytes, now: float) -> Caller | Unopened:
        """Who calls with the key `text` at `now`, in epoch seconds.

        Raises:
            StateUnavailable: there is a key of its id and nobody here can say whether it is this one.
        """
        key_id = id_in(text)
        if key_id is None:
            return Unopened.MALFORMED
        held = self._keys.get(key_id, self._nobody)
        if not self._opens(held.stored, text, now):
            return Unopened.UNKNOWN if is_key(text) else Unopened.MALFORMED
        key = held.stored.key
        if key.revoked_at is not None:
            return Unopened.REVOKED
        if key.expires_at is not None and key.expires_at <= now:
            return Unopened.EXPIRED
        self._used[key.id] = now
        return held.caller

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

    def _opens(self, stored: StoredKey, text: bytes, now: float) -> bool:
        if self._is_of(stored.current, text):
            return True
        previous, until = stored.previous, stored.previous_until
        return previous is not None and until is not None and now < until and self._is_of(previous, text)

    def _is_of(self, known: KeyDigest, text: bytes) -> bool:
        hash_key = self._hash_keys.get(known.hash_key)
        if hash_key is None:
            raise StateUnavailable(
                "Client keys cannot be checked: what they were hashed with does not open with this master key"
                " (NEUROROUTE_MASTER_KEY, NEUROROUTE_MASTER_KEY_PREVIOUS)"
            )
        return compare_digest(digest_of(text, hash_key.bytes), known.digest)
