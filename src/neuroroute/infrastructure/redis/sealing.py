"""The form in which an answer lies in Redis. Anything else that is found there reads as nothing.

    generation (16 bytes, hex) | version (1) | checksum (16) | msgpack

The generation is put in front by the script that stores the value (`scripts.STORE`). The checksum covers the key, so
that a value under another's key reads as nothing too; it guards against damage and mix-ups, not against whoever can
write to this Redis.
"""

import hashlib
from typing import Final

import msgspec
from msgspec import Struct

from neuroroute.application.ports import CachedAnswer
from neuroroute.infrastructure.memory.cache import unpack
from neuroroute.infrastructure.redis.generations import GENERATION_BYTES

_VERSION: Final = b"\x01"
"""To be raised whenever `CachedAnswer` means something else than before."""
_CHECKSUM_BYTES: Final = 16
_PACKED_AT: Final = GENERATION_BYTES + len(_VERSION) + _CHECKSUM_BYTES


class Unsealed(Struct, frozen=True):
    """What an undamaged value holds."""

    generation: bytes
    packed: bytes
    answer: CachedAnswer


def seal(key: str, packed: bytes) -> bytes:
    """The value without its generation."""
    return _VERSION + _checksum(key, packed) + packed


def unseal(key: str, value: bytes) -> Unsealed | None:
    """`None` when it is not whole, not of this version or not this key's."""
    packed = value[_PACKED_AT:]
    if value[GENERATION_BYTES:_PACKED_AT] != _VERSION + _checksum(key, packed):
        return None
    try:
        return Unsealed(value[:GENERATION_BYTES], packed, unpack(packed))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _checksum(key: str, packed: bytes) -> bytes:
    name = key.encode("utf-8", "surrogatepass")
    digest = hashlib.blake2b(b"%d:%b" % (len(name), name), digest_size=_CHECKSUM_BYTES, usedforsecurity=False)
    digest.update(packed)
    return digest.digest()
