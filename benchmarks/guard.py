"""What it costs to know who calls: `python -m benchmarks.guard > benchmarks/results/guard.json`.

Every case in turns, so that the machine's moods meet all alike. An unknown id and a wrong secret must cost the same:
what is compared is the medians of the turns.
"""

import asyncio
import json
import os
import platform
import statistics
import time
from collections.abc import Callable

from neuroroute.application.keep_client_keys import KeepClientKeys
from neuroroute.application.key_ring import KeyRing
from neuroroute.domain.access import Scope, Secret
from neuroroute.domain.client_key import NewKey
from neuroroute.domain.errors import CallerRefused
from neuroroute.domain.key_text import ENTROPY_BYTES, write_key
from neuroroute.infrastructure.memory.client_keys import MemoryClientKeys
from neuroroute.infrastructure.memory.rate_limiter import MemoryRateLimiter
from neuroroute.interface.access import Guard
from neuroroute.interface.visit import Visit

KEYS = 1000
TURNS = 40
CALLS = 2000
ADMIN_KEY = "an-admin-key-of-40-letters-------------"
HEADERS = [(name, b"x") for name in (b"host", b"accept", b"content-type", b"content-length", b"user-agent")]


async def a_ring() -> tuple[KeyRing, str]:
    """A ring of many keys, and the text of one."""
    store = MemoryClientKeys()
    ring = KeyRing(store)

    async def unfollowed() -> None:
        pass

    keep = KeepClientKeys(store, follow=unfollowed, entropy=os.urandom)
    made = [await keep.create(NewKey(name="x"), now=time.time(), by="cli") for _ in range(KEYS)]
    await ring.load()
    return ring, made[0].text.reveal()


def guard_of(ring: KeyRing, *, closed: bool) -> Guard:
    return Guard(
        admin_key=Secret(ADMIN_KEY),
        keys=ring,
        fresh=lambda: True,
        limiter=MemoryRateLimiter(clock=time.monotonic),
        clients_need_keys=closed,
        metrics_need_keys=closed,
    )


def case(guard: Guard, key: str | None) -> Callable[[], None]:
    """Many requests that show `key`."""
    shown = [] if key is None else [(b"authorization", b"Bearer " + key.encode())]
    visit = Visit({"type": "http", "headers": HEADERS + shown})

    def ask() -> None:
        for _ in range(CALLS):
            try:
                guard.admit(Scope.CLIENT, visit)
            except CallerRefused:
                continue

    return ask


def measure() -> dict[str, object]:
    ring, known = asyncio.run(a_ring())
    opened, closed = guard_of(ring, closed=False), guard_of(ring, closed=True)
    of_known = known.split("_")[1]
    cases = {
        "no key, open": case(opened, None),
        "the admin key": case(closed, ADMIN_KEY),
        "a known key": case(closed, known),
        "an unknown id": case(closed, write_key("000000000000", os.urandom(ENTROPY_BYTES)).reveal()),
        "a wrong secret": case(closed, write_key(of_known, os.urandom(ENTROPY_BYTES)).reveal()),
        "a mistyped key": case(closed, known[:-1] + "!"),
    }
    spent: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(TURNS):
        for name, ask in cases.items():
            began = time.perf_counter()
            ask()
            spent[name].append(1e6 * (time.perf_counter() - began) / CALLS)
    return {
        "python": platform.python_version(),
        "keys": KEYS,
        "microseconds": {
            name: {"min": round(min(turns), 2), "median": round(statistics.median(turns), 2)}
            for name, turns in spent.items()
        },
    }


if __name__ == "__main__":
    print(json.dumps(measure(), indent=1))
