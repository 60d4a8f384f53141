"""Simulated providers for running services, and databases that live as long as a file of tests."""

from collections.abc import Generator

import pytest
from running import Simulated, simulating
from services.databases import sqlite_file


@pytest.fixture(scope="session")
def simulated() -> Generator[Simulated, None, None]:
    with simulating() as running:
        yield running


@pytest.fixture(scope="module")
def module_postgres_database(postgres_databases, postgres_template):
    """At head, as `postgres_database`, for all tests of one file."""
    with postgres_databases.database(like=postgres_template) as url:
        yield url


@pytest.fixture(scope="module")
def module_sqlite_database(sqlite_template, tmp_path_factory):
    return sqlite_file(tmp_path_factory.mktemp("database"), like=sqlite_template)
