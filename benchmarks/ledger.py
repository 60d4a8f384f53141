"""What the ledger takes of a prompt, in microseconds: `python -m benchmarks.ledger DATABASE_URL...`, a line a case.

Records are observed one by one, as prompts end, and written as in the service: so many every 0.2 s. Told are the CPU
time of the whole process (for SQLite with the thread that writes) and, of it, that of the event loop's thread. The
databases keep what is written: give empty ones of your own (`neuroroute migrate` makes the tables).
"""

import asyncio
import sys
import tempfile
import time
from itertools import count
from pathlib import Path

from msgspec.structs import replace
from sqlalchemy import make_url

from neuroroute.application.draft import new_id
from neuroroute.domain.access import Secret
from neuroroute.domain.completion import Usage
from neuroroute.domain.model import ModelId, NanoUsd, ProviderName
from neuroroute.domain.record import Attempt, Outcome, RoutedPrompt
from neuroroute.infrastructure.ledger.spool import Spool
from neuroroute.infrastructure.ledger.writer import LedgerWriter, SpoolUse
from neuroroute.infrastructure.sql.database import Database
from neuroroute.infrastructure.sql.ledger import SqlLedger

RECORDS = 10_000
BATCHES = (500, 100, 20)
"""Records that wait when they are written: of 2500, 500 and 100 prompts a second and process."""
TEMPLATE = RoutedPrompt(
    id="",
    request_id="req_0123abcd_1764000000",
    surface="prompt",
    caller="a1b2c3d4e5f6",
    at=0.0,
    seconds=0.412,
    provider_seconds=0.411,
    overhead_seconds=0.001,
    first_event_seconds=0.3,
    outcome=Outcome.ANSWERED,
    method="classifier",
    policy="rules",
    model=ModelId("openai"),
    provider=ProviderName("openai"),
    chosen=ModelId("openai"),
    attempts=(Attempt(model=ModelId("openai"), provider=ProviderName("openai"), outcome="answered", seconds=0.3),),
    usage=Usage(prompt_tokens=812, completion_tokens=214, cached_tokens=512, reasoning_tokens=64),
    cost=NanoUsd(3_412_500),
    catalog_version="3f7a9c01",
)
_numbers = count()


def records(number: int) -> list[RoutedPrompt]:
    now = time.time()
    return [replace(TEMPLATE, id=new_id(), at=now + next(_numbers) / 1e6) for _ in range(number)]


async def measure(url: str, use: SpoolUse, batch: int) -> tuple[float, float]:
    """Microseconds of CPU a record: of the process, and of the event loop's thread."""
    database = Database(Secret(url))
    with tempfile.TemporaryDirectory() as folder:
        writer = LedgerWriter(SqlLedger(database), Spool(Path(folder)), use=use, limit=1 << 30)
        writer.begin()
        process = thread = 0.0
        for round_number in range(RECORDS // batch + 1):
            waiting = records(batch)
            process_began, thread_began = time.process_time(), time.thread_time()
            for record in waiting:
                writer.observe((record,))
            await writer.flush()
            if round_number:  # the first makes the connection and the month
                process += time.process_time() - process_began
                thread += time.thread_time() - thread_began
        await writer.close()
    await database.close()
    written = RECORDS // batch * batch
    return 1e6 * process / written, 1e6 * thread / written


def main() -> None:
    print(f"{'database':12} {'spool':7} {'batch':>5} {'process µs':>11} {'loop µs':>8}")
    for url in sys.argv[1:]:
        for use in SpoolUse:
            for batch in BATCHES:
                process, thread = asyncio.run(measure(url, use, batch))
                name = make_url(url).get_backend_name()
                print(f"{name:12} {use.value:7} {batch:5} {process:11.1f} {thread:8.1f}", flush=True)


if __name__ == "__main__":
    main()
