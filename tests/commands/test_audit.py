"""`neuroroute audit` reads the log and says whether it is whole."""

import json
import os
import shutil
import sqlite3
import subprocess

import pytest
from running import COMMAND


def run(home, *arguments, **environ):
    return subprocess.run(
        [COMMAND, *arguments],
        cwd=home, env={"PATH": os.defpath, **environ}, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """An installation whose log has entries. To be read only."""
    home = tmp_path_factory.mktemp("home")
    for _ in range(2):
        rotated = run(home, "vault", "rotate")
        assert rotated.returncode == 0, rotated.stderr
    return home


@pytest.fixture
def tampered(home, tmp_path):
    """A copy of it of which somebody changed one entry and removed the next."""
    shutil.copytree(home, tmp_path, dirs_exist_ok=True)
    connection = sqlite3.connect(tmp_path / ".neuroroute" / "neuroroute.sqlite3")
    connection.executescript("""
        UPDATE audit_log SET actor = 'nobody' WHERE seq = 1;
        DELETE FROM audit_log WHERE seq = 2;
    """)
    connection.close()
    return tmp_path


def test_entries_are_listed_a_line_each_the_newest_last(home):
    listed = run(home, "audit", "list", "--actor", "cli")
    assert (listed.returncode, listed.stderr) == (0, "")
    lines = listed.stdout.splitlines()
    assert len(lines) == 2
    assert all("  cli  vault.rotate  " in line for line in lines)
    told = [json.loads(line) for line in run(home, "audit", "list", "--json").stdout.splitlines()]
    assert [entry["seq"] for entry in told] == list(range(1, len(told) + 1))
    assert run(home, "audit", "list", "--to", "2026-01-01").stdout == ""


def test_a_moment_that_is_none_is_told(home):
    listed = run(home, "audit", "list", "--from", "yesterday")
    assert listed.returncode == 2
    assert "ISO 8601" in listed.stderr


def test_a_whole_log_ends_with_0(home):
    verified = run(home, "audit", "verify")
    assert verified.returncode == 0, verified.stdout
    assert "entries, whole. The last one's hash: " in verified.stdout
    told = json.loads(run(home, "audit", "verify", "--json").stdout)
    assert told["whole"]
    assert told["last_hash"] in verified.stdout


def test_what_is_found_is_told_and_ends_with_1(tampered):
    verified = run(tampered, "audit", "verify")
    assert verified.returncode == 1
    assert verified.stdout.startswith("Entry 1: not what was written")
    assert "missing" in verified.stdout
    assert verified.stdout.splitlines()[-1].endswith("not whole (docs/audit.md).")
    found = json.loads(run(tampered, "audit", "verify", "--json").stdout)["findings"]
    assert [(each["flaw"], each["first"]) for each in found] == [("changed", 1), ("missing", 2)]


def test_a_log_whose_key_does_not_open_is_not_called_whole(home):
    other = "A" * 43 + "="
    verified = run(home, "audit", "verify", NEUROROUTE_MASTER_KEY=other)
    assert verified.returncode == 1
    assert "cannot be verified" in verified.stdout
    assert "NEUROROUTE_MASTER_KEY_PREVIOUS" in verified.stdout


def test_a_database_that_cannot_be_used_ends_with_2(home):
    verified = run(home, "audit", "verify", DATABASE_URL="postgresql://nobody:canary@127.0.0.1:9/none")
    assert verified.returncode == 2
    assert "canary" not in verified.stdout + verified.stderr
