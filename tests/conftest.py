"""What every test may ask for: one event loop, one way to draw examples, and real databases and caches."""

import os
import uuid

import pytest
import structlog
from hypothesis import settings
from services.databases import Databases, migrate, sqlite_file
from services.postgres import start_postgres
from services.valkey import start_valkey

settings.register_profile("house", deadline=None, print_blob=True)
settings.load_profile("house")


@pytest.fixture(scope="session")
def anyio_backend():
    return "asyncio"


@pytest.fixture(autouse=True)
def undisturbed_log():
    """What a command or a service in this process configured for its log is no other test's."""
    yield
    if structlog.is_configured():
        structlog.reset_defaults()


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory):
    """A Redis that others may use too: keep to `redis_prefix`, never flush it."""
    if url := os.environ.get("TEST_REDIS_URL"):
        yield url
        return
    server = start_valkey(tmp_path_factory.mktemp("valkey"))
    yield server.url
    server.stop()


@pytest.fixture
def redis_prefix():
    """A test's own corner of it."""
    return f"test:{uuid.uuid4().hex}:"


@pytest.fixture
def valkey(tmp_path):
    """A Valkey of one's own, to kill, freeze and flush."""
    server = start_valkey(tmp_path / "valkey")
    yield server
    server.stop()


@pytest.fixture(scope="session")
def postgres_url():
    """A Postgres that others may use too: ask for a database of it instead, as below."""
    if url := os.environ.get("TEST_DATABASE_URL"):
        yield url
        return
    server = start_postgres()
    yield server.url
    server.close()


@pytest.fixture
def postgres():
    """A Postgres of one's own, to kill and freeze. Its database is empty."""
    server = start_postgres()
    yield server
    server.close()


@pytest.fixture(scope="session")
def postgres_databases(postgres_url):
    with Databases(postgres_url) as databases:
        yield databases


@pytest.fixture(scope="session")
def postgres_template(postgres_databases):
    with postgres_databases.database() as url:
        migrate(url)
        yield url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory):
    url = sqlite_file(tmp_path_factory.mktemp("template"))
    migrate(url)
    return url


@pytest.fixture
def postgres_database(postgres_databases, postgres_template):
    """The url of a database of one's own, at head."""
    with postgres_databases.database(like=postgres_template) as url:
        yield url


@pytest.fixture
def sqlite_database(sqlite_template, tmp_path):
    return sqlite_file(tmp_path, like=sqlite_template)


@pytest.fixture(params=["sqlite", "postgres"])
def database(request):
    """The url of a database of one's own, at head: one of each kind in turn."""
    return request.getfixturevalue(f"{request.param}_database")


@pytest.fixture
def empty_postgres_database(postgres_databases):
    """Without any table: for the migrations themselves."""
    with postgres_databases.database() as url:
        yield url


@pytest.fixture
def empty_sqlite_database(tmp_path):
    return sqlite_file(tmp_path)


@pytest.fixture(params=["sqlite", "postgres"])
def empty_database(request):
    return request.getfixturevalue(f"empty_{request.param}_database")
