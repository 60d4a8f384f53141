"""Postgres and Valkey for gateways that keep something there: started when a spec names them, on the load's core."""

import os
import pathlib
import sys
from collections.abc import Generator, Iterable
from contextlib import ExitStack, contextmanager

from benchmarks.harness.machine import ROOT
from benchmarks.harness.spec import Spec


@contextmanager
def stores(specs: Iterable[Spec], *, build: pathlib.Path, core: int) -> Generator[dict[str, str], None, None]:
    """The blanks `postgres_url` and `redis_url`, as far as a spec has them; the servers are those of the tests."""
    wanted = " ".join(value for spec in specs for value in spec.environment.values())
    blanks: dict[str, str] = {}
    sys.path.insert(0, str(ROOT / "tests"))
    from services.postgres import start_postgres  # noqa: PLC0415 - the tests' own folder, on the path since now
    from services.valkey import start_valkey  # noqa: PLC0415 - as above

    cores = os.sched_getaffinity(0)
    with ExitStack() as cleanup:
        os.sched_setaffinity(0, {core})  # what is started now stays there
        try:
            if "{postgres_url}" in wanted:
                postgres = start_postgres(durable=True)
                cleanup.callback(postgres.close)
                blanks["postgres_url"] = postgres.url
            if "{redis_url}" in wanted:
                valkey = start_valkey(build / "valkey")
                cleanup.callback(valkey.stop)
                blanks["redis_url"] = valkey.url
        finally:
            os.sched_setaffinity(0, cores)
        yield blanks
