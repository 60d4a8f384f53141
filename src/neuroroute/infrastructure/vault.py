"""Encryption at rest: AES-256-GCM, by keys that the master key encrypts in turn.

What is sealed says neither what it is nor whose: the caller's `identity` is sealed in as associated data, so that
nothing opens in another's place.
"""

import base64
import hashlib
import os
from typing import Final, final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from neuroroute.domain.access import Secret
from neuroroute.domain.errors import NeuroRouteError

KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12


class Undecryptable(NeuroRouteError):
    """By this key, or as what it is taken for, it does not open."""


def new_key() -> bytes:
    """A key of 256 bits."""
    return os.urandom(KEY_BYTES)


def seal(key: bytes, plain: bytes, *, identity: str) -> bytes:
    """Nonce (12 bytes) | ciphertext | tag (16)."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, identity.encode())


def unseal(key: bytes, sealed: bytes, *, identity: str) -> bytes:
    """Raises: Undecryptable."""
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], identity.encode())
    except (InvalidTag, ValueError):
        raise Undecryptable("What is stored does not open with the key that it names") from None


@final
class MasterKeys:
    """The master key, and earlier ones that may still have to open something."""

    def __init__(self, active: Secret, previous: tuple[Secret, ...] = ()) -> None:
        """Each is 32 bytes in base64, as `formats.key_of_bytes` lets through."""
        self._keys = {_name(key): key for key in map(_bytes, (active, *previous))}
        self.active = next(iter(self._keys))
        """Its name: a digest, so that a wrong key is told from damage."""

    def wrap(self, key: bytes, *, identity: str) -> bytes:
        """By the active one."""
        return seal(self._keys[self.active], key, identity=identity)

    def unwrap(self, wrapped: bytes, *, by: str, identity: str) -> bytes:
        """Raises: Undecryptable."""
        master = self._keys.get(by)
        if master is None:
            raise Undecryptable(f"It needs the master key {by}, which is not set (NEUROROUTE_MASTER_KEY_PREVIOUS)")
        return unseal(master, wrapped, identity=identity)


def _bytes(key: Secret) -> bytes:
    return base64.b64decode(key.reveal())


def _name(key: bytes) -> str:
    return hashlib.blake2b(key, digest_size=6, person=b"neuroroute-kek").hexdigest()
