"""What is taken over from the earlier service's file, and what is said of the rest."""

import os
import sqlite3
import subprocess
from contextlib import closing
from stat import S_IMODE

import pytest
from catalogs import a_provider
from running import COMMAND

from neuroroute.application.follow_state import FollowState
from neuroroute.application.keep_credentials import KeepCredentials, KeepProviderSettings
from neuroroute.commands.legacy import LegacyImport
from neuroroute.domain.access import Secret
from neuroroute.domain.credential import ProviderSettings
from neuroroute.infrastructure.legacy_database import LegacyUnreadable, read_legacy
from neuroroute.infrastructure.memory.catalog import MemoryCatalog
from neuroroute.infrastructure.memory.credentials import MemoryCredentials, MemoryProviderSettings
from neuroroute.infrastructure.memory.revisions import MemoryRevisions

pytestmark = pytest.mark.anyio

SCHEMA = """
CREATE TABLE api_keys (id INTEGER NOT NULL PRIMARY KEY, provider VARCHAR NOT NULL UNIQUE, api_key VARCHAR NOT NULL,
    is_active BOOLEAN NOT NULL, created_at DATETIME NOT NULL, updated_at DATETIME);
CREATE TABLE api_key_settings (id INTEGER NOT NULL PRIMARY KEY, provider VARCHAR NOT NULL UNIQUE, model VARCHAR,
    organization VARCHAR, api_base VARCHAR, created_at DATETIME NOT NULL, updated_at DATETIME);
"""
CANARY = "sk-canary-4711"


@pytest.fixture
def file(tmp_path):
    """The earlier service's file, with nothing in it."""
    path = tmp_path / "api keys?.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(SCHEMA)
    return path


def run(path, statement, *values):
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement, values)


def add_key(path, provider, key=CANARY, *, active=True):
    statement = (
        "INSERT INTO api_keys (provider, api_key, is_active, created_at) VALUES (?, ?, ?, '2025-04-01 10:00:00')"
    )
    run(path, statement, provider, key, active)


def add_settings(path, provider, model=None, organization=None, api_base=None):
    statement = (
        "INSERT INTO api_key_settings (provider, model, organization, api_base, created_at) VALUES (?, ?, ?, ?, '')"
    )
    run(path, statement, provider, model, organization, api_base)


class Here:
    """This service, as far as the import sees it."""

    def __init__(self):
        revisions = MemoryRevisions()
        credentials, settings = MemoryCredentials(revisions), MemoryProviderSettings(revisions)
        self.catalog = MemoryCatalog(revisions)
        follow_state = FollowState(revisions, [], prepare=self.nothing, tell=lambda _: None)
        self.keys = KeepCredentials(
            credentials=credentials, settings=settings, catalog=self.catalog, follow_state=follow_state
        )
        self.settings = KeepProviderSettings(settings=settings, follow_state=follow_state)

    async def nothing(self):
        pass

    async def take(self, path, *, overwrite=False):
        told = await LegacyImport(keys=self.keys, settings=self.settings, overwrite=overwrite)(read_legacy(path))
        assert "canary" not in told
        return told.splitlines()

    async def stored(self):
        return {
            row.credential.provider: (row.credential.key.reveal(), row.credential.is_active, row.credential.origin)
            for row in await self.keys.all()
        }


@pytest.fixture
async def here():
    here = Here()
    await here.catalog.put_provider(a_provider("openai", base_url="https://api.openai.com/v1"), by="startup")
    return here


async def test_keys_and_settings_come_over(here, file):
    add_key(file, "openai")
    add_key(file, "anthropic", "sk-ant-canary", active=False)
    add_settings(file, "anthropic", "x", None, "https://proxy.test/v1/")
    assert await here.take(file) == [
        "Settings of 'anthropic': imported, and unlike before they are used: model x, api_base https://proxy.test/v1",
        "Key of 'openai': imported",
        "Key of 'anthropic': imported, switched off as it was",
    ]
    assert await here.stored() == {
        "openai": (CANARY, True, "https://api.openai.com:443"),
        "anthropic": ("sk-ant-canary", False, "https://proxy.test:443"),
    }


async def test_what_is_here_already_stays_unless_the_file_is_to_win(here, file):
    await here.keys.put("openai", key=Secret("sk-here"), is_active=True, by="admin")
    await here.settings.put(ProviderSettings(id=0, provider="openai", model="here"), by="admin")
    add_key(file, "openai")
    add_settings(file, "openai", "there")
    assert all("skipped" in line and "--overwrite" in line for line in await here.take(file))
    assert (await here.stored())["openai"][0] == "sk-here"
    assert (await here.settings.one("openai")).model == "here"
    assert all("imported" in line for line in await here.take(file, overwrite=True))
    assert (await here.stored())["openai"][0] == CANARY
    assert (await here.settings.one("openai")).model == "there"


async def test_importing_again_changes_nothing(here, file):
    add_key(file, "openai")
    await here.take(file)
    before = await here.keys.all()
    assert all("skipped" in line for line in await here.take(file))
    assert await here.keys.all() == before


@pytest.mark.parametrize(
    ("provider", "key", "reason"),
    [
        ("", CANARY, "provider: String should have at least 1 character"),
        ("a/b", CANARY, "provider: A provider's name holds no /"),
        ("settings", CANARY, "provider: "),
        ("a\x1b[2J", CANARY, "provider: Input should be one line of text"),
        (b"\xff", CANARY, "provider: "),
        ("openai", "", "api_key: An API key is visible ASCII"),
        ("openai", "sk canary", "api_key: An API key is visible ASCII"),
        ("openai", "sk-canary\n", "api_key: An API key is visible ASCII"),
        ("openai", b"sk-canary", "api_key: An API key is visible ASCII"),
    ],
)
async def test_a_key_that_could_not_be_entered_here_is_left_with_the_reason(here, file, provider, key, reason):
    add_key(file, provider, key)
    add_key(file, "good", "sk-good")
    skipped, imported = await here.take(file)
    assert "skipped" in skipped
    assert reason in skipped
    assert skipped.isprintable()
    assert imported == "Key of 'good': imported"
    assert set(await here.stored()) == {"good"}


@pytest.mark.parametrize(
    "address", ["not an address", "ftp://x.test", "https://canary:pw@x.test/v1", "http://x.test/?q"]
)
async def test_an_address_of_another_form_is_left_out_and_the_rest_comes(here, file, address):
    add_settings(file, "openai", "gpt-x", None, address)
    (line,) = await here.take(file)
    assert "imported" in line
    assert "Left out: api_base: The address " in line
    kept = await here.settings.one("openai")
    assert (kept.model, kept.api_base) == ("gpt-x", None)


async def test_a_key_that_is_not_utf_8_is_left_and_not_told(here, file):
    add_key(file, "openai")
    run(file, "UPDATE api_keys SET api_key = CAST(x'736b2d63616e617279ff' AS TEXT)")
    (line,) = await here.take(file)
    assert "skipped" in line
    assert await here.stored() == {}


async def test_an_empty_file_is_no_error(here, file):
    assert await here.take(file) == ["The file holds neither keys nor settings."]


def test_reading_changes_nothing_and_waits_for_nobody(file):
    add_key(file, "openai")
    file.chmod(0o400)
    before = (file.read_bytes(), sorted(file.parent.iterdir()))
    with closing(sqlite3.connect(file)) as busy:
        busy.execute("BEGIN IMMEDIATE")
        assert [row.provider for row in read_legacy(file).keys] == ["openai"]
        busy.rollback()
    assert (file.read_bytes(), sorted(file.parent.iterdir())) == before
    assert S_IMODE(file.stat().st_mode) == 0o400


def test_a_file_that_is_not_there_is_said_so_and_not_made(tmp_path):
    for path in (tmp_path / "none.db", tmp_path):
        with pytest.raises(LegacyUnreadable, match=r"is not a file.*db_data/api_keys\.db"):
            read_legacy(path)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_is_said_so(tmp_path):
    path = tmp_path / "x.db"
    path.write_bytes(b"not a database, and longer than its head is " * 50)
    with pytest.raises(
        LegacyUnreadable, match="cannot be read as the earlier service's database: file is not a database"
    ):
        read_legacy(path)


@pytest.mark.parametrize("table", ["api_keys", "api_key_settings"])
def test_a_database_of_something_else_is_said_so(file, table):
    run(file, f"DROP TABLE {table}")
    with pytest.raises(LegacyUnreadable, match=f"no such table: {table}"):
        read_legacy(file)


def test_what_was_read_prints_without_keys(file):
    add_key(file, "openai")
    assert "canary" not in repr(read_legacy(file))


def command(home, *arguments):
    return subprocess.run(
        [COMMAND, "import-legacy", *arguments],
        cwd=home, env={"PATH": os.defpath}, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def test_the_command_imports_once_and_tells_no_key(file, tmp_path):
    add_key(file, "openai")
    first, again, forced = (command(tmp_path, file, *options) for options in ([], [], ["--overwrite"]))
    assert [done.returncode for done in (first, again, forced)] == [0, 0, 0]
    assert first.stdout == forced.stdout == "Key of 'openai': imported\n"
    assert "skipped" in again.stdout
    assert all("canary" not in done.stdout + done.stderr for done in (first, again, forced))


def test_the_command_ends_with_2_when_there_is_nothing_to_read(tmp_path):
    done = command(tmp_path, "none.db")
    assert (done.returncode, done.stdout) == (2, "")
    assert "none.db is not a file" in done.stderr
