"""What the installation makes for itself, and finds again."""

import subprocess
import sys
from pathlib import Path

import pytest

from neuroroute.domain.access import Secret
from neuroroute.infrastructure.home import HomeUnusable, admin_key, database_url, kept_secret


def test_a_key_that_was_set_is_the_key_and_nothing_is_written(tmp_path: Path):
    assert admin_key(Secret("mine"), tmp_path / "home") == Secret("mine")
    assert not (tmp_path / "home").exists()


def test_a_key_is_made_once_and_found_again(tmp_path: Path):
    made = admin_key(None, tmp_path / "deep" / "home")
    assert len(made.reveal()) >= 32
    assert admin_key(None, tmp_path / "deep" / "home") == made
    assert admin_key(None, tmp_path / "other") != made


def test_only_the_owner_can_read_it(tmp_path: Path):
    admin_key(None, tmp_path / "home")
    file = tmp_path / "home" / "admin_key"
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    file.chmod(0o644)
    admin_key(None, tmp_path / "home")
    assert file.stat().st_mode & 0o777 == 0o600


def test_processes_that_start_at_once_agree(tmp_path: Path):
    program = """
import sys, time
from pathlib import Path
from neuroroute.infrastructure.home import admin_key
home = Path(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
print(admin_key(None, home).reveal(), flush=True)
"""
    started = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path / "home")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(6)
    ]
    try:
        for process in started:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in started:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        keys = {process.communicate(timeout=30)[0].strip() for process in started}
    finally:
        for process in started:
            process.kill()
            process.communicate()
    assert len(keys) == 1
    assert len(keys.pop()) >= 32
    assert list((tmp_path / "home").iterdir()) == [tmp_path / "home" / "admin_key"]


def test_of_two_that_make_one_the_first_wins(tmp_path: Path):
    path = tmp_path / "secret"

    def make_too_late() -> str:
        path.write_text("first\n")
        return "second"

    assert kept_secret(path, make_too_late) == Secret("first")
    assert list(tmp_path.iterdir()) == [path]


def test_an_empty_file_is_told_and_not_taken_for_a_key(tmp_path: Path):
    (tmp_path / "admin_key").write_text("\n")
    with pytest.raises(HomeUnusable, match="admin_key is empty"):
        admin_key(None, tmp_path)


def test_a_file_of_something_else_is_told(tmp_path: Path):
    (tmp_path / "admin_key").write_bytes(b"\xff\xfe")
    with pytest.raises(HomeUnusable, match="not a text"):
        admin_key(None, tmp_path)


def test_a_home_that_cannot_be_is_told_with_what_to_set(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(HomeUnusable, match="NEUROROUTE_HOME"):
        admin_key(None, tmp_path / "file" / "home")


def test_the_database_of_the_home_folder_is_for_its_owner_alone(tmp_path):
    url = database_url(None, tmp_path / "home").reveal()
    path = tmp_path / "home" / "neuroroute.sqlite3"
    assert url == f"sqlite:///{path}"
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_bytes(b"kept")
    database_url(None, tmp_path / "home")
    assert path.read_bytes() == b"kept"


def test_a_database_that_is_set_needs_no_home_folder(tmp_path):
    assert database_url(Secret("postgresql://db/x"), tmp_path / "home").reveal() == "postgresql://db/x"
    assert not (tmp_path / "home").exists()
