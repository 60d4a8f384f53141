"""`neuroroute keys …` as a process, beside nothing that serves."""

import json
import os
import subprocess

import pytest
from running import ADMIN_KEY, COMMAND

from neuroroute.domain.key_text import is_key


@pytest.fixture
def keys(tmp_path):
    def keys(*arguments, code=0):
        done = subprocess.run(
            [COMMAND, "keys", *arguments], cwd=tmp_path, capture_output=True, text=True, timeout=40, check=False,
            env={"PATH": os.defpath, "NEUROROUTE_ADMIN_KEY": ADMIN_KEY, "NEUROROUTE_HOME": str(tmp_path / "home")},
        )  # fmt: skip
        assert "Traceback" not in done.stderr + done.stdout
        assert done.returncode == code, done.stderr
        return done

    return keys


def test_a_key_is_made_shown_once_rotated_and_revoked(keys):
    made = keys("create", "the shop", "--rpm", "60", "--model", "local", "--model", "openai", "--expires", "30d")
    text = made.stdout.strip()
    assert is_key(text.encode())
    assert "never shown again" in made.stderr
    key_id = text.split("_")[1]
    rotated = keys("rotate", key_id, "--overlap", "1h").stdout.strip()
    assert is_key(rotated.encode())
    assert rotated != text
    assert rotated.split("_")[1] == key_id
    assert f"The key {key_id} (the shop) opens nothing any more." in keys("revoke", key_id).stdout
    listed = keys("list").stdout
    assert [word in listed for word in (key_id, "the shop", "revoked", "60", "local, openai")] == [True] * 5
    assert not [secret for secret in (text, rotated) if secret.split("_")[2] in listed]
    assert "was revoked" in keys("rotate", key_id, code=2).stderr


def test_programs_read_json(keys):
    made = json.loads(keys("create", "a", "--scope", "metrics", "--scope", "admin", "--json").stdout)
    assert is_key(made["key"].encode())
    assert made["client_key"]["scopes"] == ["admin", "metrics"]
    assert made["client_key"]["expires_at"] is made["client_key"]["models"] is made["client_key"]["policy"] is None
    assert json.loads(keys("list", "--json").stdout) == [made["client_key"]]


def test_without_any_key_the_list_says_how_to_make_one(keys):
    assert "neuroroute keys create" in keys("list").stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["create", ""], "a name of 1 to 100 characters"),
        (["create", "a\nb"], "a name of 1 to 100 characters"),
        (["create", "a", "--expires", "0d"], "opens nothing"),
        (["create", "a", "--scope", "root"], "root"),
        (["create", "a", "--rpm", "0"], "0"),
        (["create", "a", "--expires", "5y"], "30d"),
        (["create", "a", "--model", ""], "models"),
        (["create", "a", "--model", "b\udcff"], "models"),
        (["create", "a", "--policy", "best"], "'learned', 'rules'"),
        (["rotate", "nope"], "no key's id"),
        (["revoke", "0123456789Ab"], "0123456789Ab"),
    ],
)
def test_what_cannot_be_done_is_told_in_words(keys, arguments, told):
    assert told in keys(*arguments, code=2).stderr
