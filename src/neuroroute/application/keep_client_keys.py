"""Makes, rotates and revokes client keys, and has this process know of it before anybody is told."""

from collections.abc import Awaitable, Callable, Sequence
from typing import final

from neuroroute.application.stores import ClientKeyStore
from neuroroute.domain.client_key import ClientKey, MintedKey, NewKey
from neuroroute.domain.errors import NotStored
from neuroroute.domain.key_text import ENTROPY_BYTES, is_key_id, key_id, write_key


@final
class KeepClientKeys:
    """What administrators do with client keys, over HTTP and by the command line. Times are epoch seconds."""

    def __init__(
        self, store: ClientKeyStore, *, follow: Callable[[], Awaitable[None]], entropy: Callable[[int], bytes]
    ) -> None:
        """`follow` is awaited after every change: `FollowState.catch_up`. `entropy` gives so many random bytes."""
        self._store = store
        self._follow = follow
        self._entropy = entropy

    async def all(self) -> Sequence[ClientKey]:
        """Every key that ever was, the first one made first.

        Raises: StateUnavailable, as everything here.
        """
        changed = await self._store.changed_since(0)
        return sorted((held.key for held in changed.keys), key=lambda key: (key.created_at, key.id))

    async def create(self, new: NewKey, *, now: float, by: str) -> MintedKey:
        """A new key, with the only sight of its text."""
        key = ClientKey(
            id=key_id(self._entropy(ENTROPY_BYTES)),
            name=new.name,
            scopes=new.scopes,
            created_at=now,
            expires_at=None if new.expires_at is None else new.expires_at.timestamp(),
            requests_per_minute=new.requests_per_minute,
            models=new.models,
            policy=new.policy,
        )
        text = write_key(key.id, self._entropy(ENTROPY_BYTES))
        await self._store.add(key, text, by=by)
        await self._follow()
        return MintedKey(key=key, text=text)

    async def rotate(self, of: str, *, overlap: float, now: float, by: str) -> MintedKey:
        """A new text for the key `of`; the one before opens for `overlap` more seconds.

        Raises: NotStored.
        """
        _check(of)
        text = write_key(of, self._entropy(ENTROPY_BYTES))
        until = now + overlap if overlap > 0 else None
        key = await self._store.rotate(of, text, previous_until=until, by=by)
        await self._follow()
        return MintedKey(key=key, text=text)

    async def revoke(self, of: str, *, now: float, by: str) -> ClientKey:
        """From now on it opens nothing, for ever.

        Raises: NotStored.
        """
        _check(of)
        key = await self._store.revoke(of, at=now, by=by)
        await self._follow()
        return key


def _check(of: str) -> None:
    if not is_key_id(of):
        # It may be a whole key, so it is not said back.
        raise NotStored("That is no key's id: an id is the 12 characters of a key's text after `nr_`")
