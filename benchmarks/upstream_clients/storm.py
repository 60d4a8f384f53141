"""A storm of cancellations: callers are cancelled at random within 3 ms, then every request must succeed.

Run by measure.py: `storm.py CLIENT PORT SECONDS`; prints one JSON line.
"""

import asyncio
import json
import random
import sys
import time

import uvloop
from proxy import CLIENTS, Client

CALLERS, CONNECTIONS, AFTER, SEED = 20, 10, 100, 2
PATH, BODY = "/v1/chat/completions", b'{"model":"m","messages":[{"role":"user","content":"Say it."}]}'


async def caller(client: Client, until: float, dice: random.Random, counts: dict[str, int]) -> None:
    while time.monotonic() < until:
        task = asyncio.ensure_future(client.post(PATH, BODY))
        await asyncio.sleep(dice.uniform(0, 0.003))
        task.cancel()
        outcome = (await asyncio.gather(task, return_exceptions=True))[0]
        match outcome:
            case bytes():
                counts["answered"] += 1
            case asyncio.CancelledError():
                counts["cancelled"] += 1
            case _:
                counts["failed"] += 1


async def after(client: Client) -> bool:
    try:
        return b"The router picks" in await asyncio.wait_for(client.post(PATH, BODY), 10)
    except Exception:  # noqa: BLE001 - each client has errors of its own, and each of them counts as a failure
        return False


async def storm(name: str, port: int, seconds: float) -> dict[str, object]:
    client, counts = CLIENTS[name](port, CONNECTIONS), {"cancelled": 0, "answered": 0, "failed": 0}
    until = time.monotonic() + seconds
    await asyncio.gather(*(caller(client, until, random.Random(SEED + i), counts) for i in range(CALLERS)))
    answered = sum(await asyncio.gather(*(after(client) for _ in range(AFTER))))
    await client.aclose()
    return {**counts, "answered_after": answered, "of": AFTER}


if __name__ == "__main__":
    print(json.dumps(uvloop.run(storm(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))))
