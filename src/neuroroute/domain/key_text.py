"""The text of a client key: `nr_<id>_<secret>_<checksum>`, all in letters and digits.

The prefix and the checksum let scanners of leaked secrets find one, and let a mistyped one be told without a look-up.
"""

import hashlib
import re
import string
from typing import Final
from zlib import crc32

from neuroroute.domain.access import Secret

ENTROPY_BYTES: Final = 48
"""Of randomness for a whole key: enough that no letter is likelier than another."""
_DIGITS: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase
_PAIRS: Final = [high + low for high in _DIGITS for low in _DIGITS]
"""Two digits at a time: whoever sends us wrong keys pays less of our time."""
_PREFIX: Final = "nr_"
_ID_DIGITS: Final = 12
_SECRET_DIGITS: Final = 32
"""190 bits: a guess is hopeless, so that a fast hash is safe."""
_CHECKSUM_DIGITS: Final = 6
"""Holds the 32 bits of CRC-32, which sees every change of a single letter."""
_FORM: Final = re.compile(rb"nr_[0-9A-Za-z]{12}_[0-9A-Za-z]{32}_[0-9A-Za-z]{6}")
_ID_PLACE: Final = slice(len(_PREFIX), len(_PREFIX) + _ID_DIGITS)
_LENGTH: Final = len(_PREFIX) + _ID_DIGITS + 1 + _SECRET_DIGITS + 1 + _CHECKSUM_DIGITS
_DIGEST_BYTES: Final = 32


def key_id(entropy: bytes) -> str:
    """An id for a new key. `entropy`: `ENTROPY_BYTES` of randomness that are used for nothing else."""
    return _in_digits(int.from_bytes(entropy), _ID_DIGITS)


def is_key_id(text: str) -> bool:
    """Whether a key could have this id."""
    return len(text) == _ID_DIGITS and text.isascii() and text.isalnum()


def write_key(of: str, entropy: bytes) -> Secret:
    """The text of a key with the id `of` and a secret made from `entropy`, as for `key_id`."""
    told = f"{_PREFIX}{of}_{_in_digits(int.from_bytes(entropy), _SECRET_DIGITS)}"
    return Secret(f"{told}_{_checksum(told.encode())}")


def id_in(text: bytes) -> bytes | None:
    """The id that a text names, be it a key's or only as long as one."""
    return text[_ID_PLACE] if len(text) == _LENGTH else None


def is_key(text: bytes) -> bool:
    """Whether it has the form and the checksum of a key: else it was mistyped, or is something else."""
    if _FORM.fullmatch(text) is None:
        return False
    return _checksum(text[: -_CHECKSUM_DIGITS - 1]).encode() == text[-_CHECKSUM_DIGITS:]


def digest_of(text: bytes, hash_key: bytes) -> bytes:
    """The keyed hash by which a key is known again. It is of the whole text, so that it fits no other id."""
    return hashlib.blake2b(text, key=hash_key, digest_size=_DIGEST_BYTES).digest()


def _checksum(told: bytes) -> str:
    return _in_digits(crc32(told), _CHECKSUM_DIGITS)


def _in_digits(number: int, width: int) -> str:
    """The last `width` digits of `number`, in base 62; `width` is even."""
    told = ""
    for _ in range(width // 2):
        number, pair = divmod(number, len(_PAIRS))
        told = _PAIRS[pair] + told
    return told
