"""A fresh database for each test: the schema is made once, and copied."""

import shutil
import uuid
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final, final
from urllib.parse import urlsplit

import asyncpg
from anyio.from_thread import start_blocking_portal

from neuroroute.domain.access import Secret
from neuroroute.infrastructure.sql import migrations

_SQLITE: Final = "sqlite:///"


@final
class Databases:
    """Makes and drops databases of one Postgres, which others may use too: it touches only its own."""

    def __init__(self, url: str) -> None:
        """`with` it. `url` is that of a user who may create databases, at a database that always exists."""
        self._url = url
        # In a thread of its own, for a fixture may be asked for by a test whose event loop is running.
        self._portals = start_blocking_portal()

    def __enter__(self) -> "Databases":
        self._portal = self._portals.__enter__()
        try:
            self._connection = self._portal.call(asyncpg.connect, self._url)
        except BaseException:
            self._portals.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._portal.call(self._connection.close)
        self._portals.__exit__(None, None, None)

    @contextmanager
    def database(self, *, like: str | None = None) -> Generator[str, None, None]:
        """The url of a new one: empty, or a copy of the one whose url is `like` and to which nobody is connected."""
        name = f"test_{uuid.uuid4().hex}"
        copied = ""
        if like is not None:
            copied = f" TEMPLATE {urlsplit(like).path[1:]}"
            if self._connection.get_server_version().major >= 15:
                copied += " STRATEGY FILE_COPY"  # with fsync off the faster one
        self._run(f"CREATE DATABASE {name}{copied}")
        try:
            yield urlsplit(self._url)._replace(path=f"/{name}").geturl()
        finally:
            self._run(f"DROP DATABASE {name} WITH (FORCE)")

    def _run(self, statement: str) -> None:
        self._portal.call(self._connection.execute, statement)


def sqlite_file(folder: Path, *, like: str | None = None) -> str:
    """The url of a new file: not made yet, or a copy of the one whose url is `like`, which nobody has open."""
    path = folder / f"{uuid.uuid4().hex}.sqlite3"
    if like is not None:
        shutil.copyfile(like.removeprefix(_SQLITE), path)
    return f"{_SQLITE}{path}"


def migrate(url: str) -> None:
    """Bring the schema to its head, from within a running event loop too."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        thread.submit(migrations.migrate, Secret(url)).result()
