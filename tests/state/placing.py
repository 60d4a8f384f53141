"""What a service with a state is told at its start, and what is asked of it and of its database."""

import asyncio
import sqlite3
import ssl
from collections.abc import Mapping, Sequence
from contextlib import closing

import asyncpg
import httpx
from interface.keys import ADMIN

MASTER_KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
QUIET = "600"
"""Seconds between probes: so long that the providers hear of prompts only."""
_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Not used, and made once: to read the authorities anew for each request takes longer than the request."""


def environ_of(simulated, **said: str) -> Mapping[str, str]:
    """Of one of several instances: they share a master key, and clients need keys."""
    return {
        **simulated.environ,
        "NEUROROUTE_AUTH": "keys",
        "NEUROROUTE_MASTER_KEY": MASTER_KEY,
        "NEUROROUTE_PROBE_INTERVAL": QUIET,
        **said,
    }


def connected(service, headers: Mapping[str, str] = ADMIN, *, timeout: float = 20) -> httpx.Client:
    """A client of one connection, which therefore always speaks with the same worker."""
    limits = httpx.Limits(max_connections=1)
    return httpx.Client(
        base_url=service.url, headers=headers, timeout=timeout, limits=limits, trust_env=False, verify=_TLS
    )


def asked(service, method: str, path: str, *, headers: Mapping[str, str] = ADMIN, **said) -> httpx.Response:
    """The answer to one request, by a connection of its own."""
    return httpx.request(
        method, f"{service.url}{path}", headers=headers, trust_env=False, verify=_TLS, **{"timeout": 10, **said}
    )


def ready(service) -> tuple[int, str | None]:
    """The status of `/health/ready`, and the reason it gives."""
    answer = asked(service, "GET", "/health/ready", timeout=5)
    return answer.status_code, answer.json()["reason"]


def rows(url: str, statement: str) -> Sequence[tuple]:
    """Asked of the database itself. Not to be called on a running event loop."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            return connection.execute(statement).fetchall()
    return [tuple(row) for row in asyncio.run(_fetched(url, statement))]


async def _fetched(url: str, statement: str) -> Sequence[asyncpg.Record]:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetch(statement)
    finally:
        await connection.close()
