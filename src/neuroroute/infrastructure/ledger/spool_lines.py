"""The format of a spool file: a line a record, each with a checksum, so that damage is told and costs no other line."""

import re
from binascii import crc32
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
from msgspec import Struct

from neuroroute.domain.record import RoutedPrompt

_LINE: Final = re.compile(rb"([0-9a-f]{8}) (.+)", re.DOTALL)
_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(RoutedPrompt).decode


class Contents(Struct, frozen=True):
    """What a file holds."""

    records: Sequence[RoutedPrompt]
    damaged: int
    """Lines that are torn or changed. One record may have left several."""


def write_lines(records: Iterable[RoutedPrompt]) -> bytes:
    """A line feed, eight hex digits of CRC-32, a space, one JSON object and a line feed, for each.

    The feed comes before and after, so that a line never hangs on what is left of another.
    """
    return b"".join([b"\n%08x %b\n" % (crc32(told), told) for told in map(_encode, records)])


def read_lines(data: bytes) -> Contents:
    """Whatever `data` is: the whole lines in it, and how many others."""
    records: list[RoutedPrompt] = []
    damaged = 0
    for line in data.split(b"\n"):
        if not line:
            continue
        if (record := _read_line(line)) is None:
            damaged += 1
        else:
            records.append(record)
    return Contents(records, damaged)


def _read_line(line: bytes) -> RoutedPrompt | None:
    found = _LINE.fullmatch(line)
    if found is None or int(found[1], 16) != crc32(found[2]):
        return None
    try:
        return _read_record(found[2])
    except (msgspec.DecodeError, RecursionError):
        return None


def _read_record(told: bytes) -> RoutedPrompt:
    """What was used counts also where the decision cannot be read: a later version may have written it.

    Raises: msgspec.DecodeError.
    """
    try:
        return _decode(told)
    except msgspec.ValidationError:
        rest = msgspec.json.decode(told, type=dict[str, msgspec.Raw])
        rest.pop("decision", None)
        return _decode(_encode(rest))
