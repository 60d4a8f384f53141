"""`neuroroute vault rotate` says what it did, and what is left to do."""

import os
import subprocess

from running import COMMAND

from neuroroute.commands.vault import words_of
from neuroroute.infrastructure.sql.vault_rotation import Rotated


def words(*, undecryptable=(), unopened=0):
    return words_of(Rotated(rewrapped=2, resealed=3, undecryptable=undecryptable, unopened=unopened))


def test_a_whole_rotation_frees_the_earlier_master_key():
    told = words()
    assert "encrypted anew: 3." in told
    assert "present master key: 2." in told
    assert "no previous one is needed" in told


def test_what_was_left_is_told_with_what_to_do():
    told = words(undecryptable=("openai", "a\x1b[2J"))
    assert "the keys of 'openai', 'a\\x1b[2J'" in told
    assert "POST /api-keys/" in told
    assert "no previous one" not in told
    told = words(unopened=1)
    assert "belong to another master key: 1." in told
    assert "no previous one" not in told


def rotate(home, **environ):
    return subprocess.run(
        [COMMAND, "vault", "rotate"],
        cwd=home, env={"PATH": os.defpath, **environ}, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def test_the_command_rotates_the_vault_of_its_environment(tmp_path):
    for _ in range(2):
        done = rotate(tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
        assert "encrypted anew: 0." in done.stdout


def test_a_database_that_cannot_be_used_is_told_and_ends_with_2(tmp_path):
    done = rotate(tmp_path, DATABASE_URL="postgresql://nobody:canary@127.0.0.1:9/none")
    assert done.returncode == 2
    assert done.stdout == ""
    assert "canary" not in done.stderr
    assert "Traceback" not in done.stderr
