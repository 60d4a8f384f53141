"""Packed values by key, bounded in bytes: what was not used for longest leaves first."""

import sys
from collections import OrderedDict
from collections.abc import Callable, Collection
from typing import Final, final

from msgspec import Struct

OVERHEAD: Final = 480
"""Bytes that the interpreter spends on an entry besides its key and value, at worst: just after its tables have grown,
to six times what they hold. `test_lru.py` measures that it is enough."""
LARGEST_SHARE: Final = 8
"""An entry of more than this part of the whole is not kept: it would push too many others out."""


class _Entry(Struct, frozen=True, gc=False):
    value: bytes
    group: str
    expires: float
    """On the store's clock."""
    size: int


@final
class ByteLru:
    """Each key belongs to a group, so that a group can be forgotten without a look at the others."""

    def __init__(self, *, max_bytes: int, clock: Callable[[], float]) -> None:
        """`clock` gives seconds that never go back."""
        self.size = 0
        """Bytes held, keys and overhead included."""
        self._max_bytes = max_bytes
        self._clock = clock
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._groups: dict[str, set[str]] = {}

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def groups(self) -> Collection[str]:
        """Those that have entries."""
        return self._groups.keys()

    def get(self, key: str) -> bytes | None:
        entry = self._entries.get(key)
        if entry is None:
            return None
        if entry.expires <= self._clock():
            self.drop(key)
            return None
        self._entries.move_to_end(key)
        return entry.value

    def put(self, key: str, value: bytes, *, group: str, ttl: float) -> bool:
        """Whether it is kept for `ttl` seconds. What was there under this key is gone in any case."""
        self.drop(key)
        size = sys.getsizeof(key) + sys.getsizeof(value) + OVERHEAD
        if size * LARGEST_SHARE > self._max_bytes or not ttl > 0:
            return False
        self._entries[key] = _Entry(value, group, self._clock() + ttl, size)
        self._groups.setdefault(group, set()).add(key)
        self.size += size
        while self.size > self._max_bytes:
            self.drop(next(iter(self._entries)))
        return True

    def drop(self, key: str) -> None:
        entry = self._entries.pop(key, None)
        if entry is None:
            return
        self.size -= entry.size
        keys = self._groups[entry.group]
        keys.discard(key)
        if not keys:
            del self._groups[entry.group]

    def clear(self, group: str | None) -> set[str]:
        """Forget one group, or all; the keys that could still be had until now."""
        if group is not None:
            keys = self._groups.pop(group, set())
            entries = {key: self._entries.pop(key) for key in keys}
            self.size -= sum(entry.size for entry in entries.values())
        else:
            entries, self._entries, self._groups, self.size = self._entries, OrderedDict(), {}, 0
        now = self._clock()
        return {key for key, entry in entries.items() if entry.expires > now}
