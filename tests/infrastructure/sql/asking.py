"""What tests ask of a database."""

import time
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import text

from neuroroute.domain.access import Secret
from neuroroute.domain.errors import StateUnavailable
from neuroroute.infrastructure.sql.database import TRANSACTION_SECONDS, Database

BOUND = TRANSACTION_SECONDS + 1
"""Seconds."""


@asynccontextmanager
async def opened(url):
    database = Database(Secret(url))
    try:
        yield database
    finally:
        await database.close()


async def asked(database):
    async with database.reading() as session:
        return await session.scalar(text("SELECT 1"))


async def written(database, *topics):
    async with database.writing() as session:
        for topic in topics or ("audit",):
            await session.execute(text(f"UPDATE revisions SET revision = revision + 1 WHERE topic = '{topic}'"))


async def answers(database):
    try:
        return await asked(database) == 1
    except StateUnavailable:
        return False


@asynccontextmanager
async def refused(*, within=BOUND):
    began = time.monotonic()
    with pytest.raises(StateUnavailable) as refusal:
        yield
    assert time.monotonic() - began < within
    assert "postgres" not in str(refusal.value), "no address"
