"""What the ledger takes of a prompt, in microseconds: `python -m benchmarks.ledger DATABASE_URL...`, a line a case.

Records are observed one by one, as prompts end, and written as in the service: so many every 0.2 s. Told are the CPU
time of the whole process (for SQLite with the thread that writes) and, of it, that of the event loop's thread. The
databases keep what is written: give empty ones of your own (`neuroroute migrate` makes the tables). A record with its
decision is that of nine models which the learned policy chose from.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from itertools import count
from pathlib import Path

import msgspec
from msgspec.structs import replace
from sqlalchemy import make_url

from neuroroute.application.draft import new_id
from neuroroute.domain.access import ANYONE, Secret
from neuroroute.domain.completion import Usage
from neuroroute.domain.deciding import decide
from neuroroute.domain.decision import DecisionRecord, Grounds, plan_of
from neuroroute.domain.forecast import Circumstances
from neuroroute.domain.learned_policy import LearnedRouting
from neuroroute.domain.model import Dialect, ModelCard, ModelId, NanoUsd, Price, ProviderName
from neuroroute.domain.quality import Estimate, Form, PromptReading, QualityPredictor
from neuroroute.domain.record import Attempt, Outcome, RoutedPrompt
from neuroroute.domain.routing import Objective, Requirements
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
CARDS = tuple(
    ModelCard(
        id=ModelId(f"some-model-{number}"),
        name=f"Some model {number}",
        provider=ProviderName("some"),
        dialect=Dialect.OPENAI,
        upstream=None,
        capabilities=(),
        max_tokens=8192,
        avg_latency_ms=900,
        price=Price(prompt=number * 10**8, completion=number * 4 * 10**8),
    )
    for number in range(1, 10)
)
READING = PromptReading(
    characters=3200,
    form=Form.OPEN,
    difficulty=0.3141592653589793,
    familiarity={"two": 0.2718281828459045, "nine": 0.7182818284590452},
    skills={f"skill {number}": 0.16666666666666666 for number in range(6)},
    known={card.id: 0.6180339887498949 for card in CARDS},
)
_numbers = count()


class Rising(QualityPredictor):
    """The dearer, the better."""

    version = "0123456789abcdef"

    def estimate(self, reading: PromptReading, cards: Sequence[ModelCard]) -> Sequence[Estimate]:
        del reading
        return [Estimate(quality=quality, low=quality / 2, high=1.0) for quality in self.typical(cards)]

    def typical(self, cards: Sequence[ModelCard]) -> Sequence[float]:
        return [1 - 1 / (2 + number / 3) for number, _ in enumerate(cards)]


def decision() -> DecisionRecord:
    grounds = Grounds(
        caller_models=None,
        unfit={},
        requirements=Requirements(),
        objective=Objective(level=5.0),
        circumstances=Circumstances(prompt_tokens=812, latency_ms={card.id: 812 for card in CARDS}),
        reading=READING,
        tokens=None,
    )
    made = decide(
        CARDS,
        caller=ANYONE,
        unfit=grounds.unfit,
        requirements=grounds.requirements,
        objective=grounds.objective,
        policy=LearnedRouting(Rising()),
        classify=lambda: READING,
        count=lambda: 812,
        circumstances=grounds.circumstances,
    )
    plan = plan_of(made, grounds, TEMPLATE.catalog_version)
    return DecisionRecord(id="", at=0.0, caller=TEMPLATE.caller, plan=plan, grounds=grounds)


def records(number: int, decided: DecisionRecord | None) -> list[RoutedPrompt]:
    made = list[RoutedPrompt]()
    for _ in range(number):
        record_id, at = new_id(), time.time() + next(_numbers) / 1e6
        own = None if decided is None else replace(decided, id=record_id, at=at)
        made.append(replace(TEMPLATE, id=record_id, at=at, decision=own))
    return made


async def measure(url: str, use: SpoolUse, batch: int, decided: DecisionRecord | None) -> tuple[float, float]:
    """Microseconds of CPU a record: of the process, and of the event loop's thread."""
    database = Database(Secret(url))
    with tempfile.TemporaryDirectory() as folder:
        writer = LedgerWriter(SqlLedger(database), Spool(Path(folder)), use=use, limit=1 << 30)
        writer.begin()
        process = thread = 0.0
        for round_number in range(RECORDS // batch + 1):
            waiting = records(batch, decided)
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
    decided = decision()
    print(f"a decision is {len(msgspec.json.encode(decided))} bytes")
    print(f"{'database':12} {'spool':7} {'decided':7} {'batch':>5} {'process µs':>11} {'loop µs':>8}")
    for url in sys.argv[1:]:
        name = make_url(url).get_backend_name()
        for use in SpoolUse:
            for one in (None, decided):
                for batch in BATCHES:
                    process, thread = asyncio.run(measure(url, use, batch, one))
                    told = "no" if one is None else "yes"
                    print(f"{name:12} {use.value:7} {told:7} {batch:5} {process:11.1f} {thread:8.1f}", flush=True)


if __name__ == "__main__":
    main()
