"""`neuroroute vault rotate` while two services answer through a stored key: nobody notices, and all is sealed anew."""

import subprocess
from collections.abc import Generator
from contextlib import ExitStack

import pytest
from interface.keys import bearer, make_key
from running import COMMAND, Service, eventually
from state.crowd import Crowd
from state.placing import MASTER_KEY, asked, environ_of, rows

KEY = "sk-stored-of-many-characters-4711"
OTHER_MASTER_KEY = "YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXphYmNkZWY="
ROTATIONS = 2


@pytest.fixture
def two(simulated, tmp_path, postgres_database) -> Generator[list[Service], None, None]:
    """Without any key of OpenAI in the environment: it is asked by the stored one or not at all."""
    environ = {**environ_of(simulated, DATABASE_URL=postgres_database, NEUROROUTE_CACHE="off"), "OPENAI_API_KEY": ""}
    with ExitStack() as stack:
        yield [stack.enter_context(Service(tmp_path / f"home{number}", environ=environ)) for number in range(2)]


def rotate(service, **environ) -> str:
    done = subprocess.run(
        [COMMAND, "vault", "rotate"],
        env={**service._environ, **environ}, cwd=service.home, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def sealed(url):
    return rows(url, "SELECT ciphertext, key_id FROM credentials")[0]


def through_the_stored_key(service) -> bool:
    return asked(service, "POST", "/test-model/openai", json={"prompt": "hello"}).status_code == 200


def is_let_in(service, key) -> bool:
    answer = asked(service, "POST", "/prompt", json={"prompt": "hello"}, headers=bearer(key))
    return answer.status_code == 200


def test_no_prompt_fails_while_the_vault_is_rotated(two, postgres_database, simulated):
    stored = asked(two[0], "POST", "/api-keys/", json={"provider": "openai", "api_key": KEY})
    assert stored.status_code == 201
    key = make_key(two[0])["key"]
    eventually(lambda: through_the_stored_key(two[1]) and is_let_in(two[1], key), within=2)
    seals = [sealed(postgres_database)]
    with Crowd([one.url for one in two], [bearer(key)], size=8) as crowd:
        crowd.until(lambda seen: len(seen) > 20 and {one.status for one in seen[-20:]} == {200}, within=5)
        for _ in range(ROTATIONS):
            rotate(two[0])
            seals.append(sealed(postgres_database))
            crowd.go_on(0.6)  # until both have followed
    assert crowd.statuses.keys() == {(200, "")}
    assert [len({seal[part] for seal in seals}) for part in range(2)] == [ROTATIONS + 1] * 2
    assert all(through_the_stored_key(one) for one in two)
    assert simulated.last()["openai"]["headers"]["authorization"] == "Bearer ****4711"
    shown = asked(two[1], "GET", "/api-keys/openai").json()
    assert (shown["status"], shown["api_key"]) == ("active", "*****4711")


def test_a_new_master_key_is_brought_in_instance_by_instance(two, postgres_database, simulated, tmp_path):
    """First everyone may open with the new one too, then the vault is rotated to it, then the old one is let go."""
    assert asked(two[0], "POST", "/api-keys/", json={"provider": "openai", "api_key": KEY}).status_code == 201
    client_key = make_key(two[0])["key"]
    environ = {**two[0]._environ, "NEUROROUTE_MASTER_KEY": OTHER_MASTER_KEY}
    rotate(two[0], NEUROROUTE_MASTER_KEY=OTHER_MASTER_KEY, NEUROROUTE_MASTER_KEY_PREVIOUS=MASTER_KEY)
    with Service(tmp_path / "new", environ=environ) as new:
        assert through_the_stored_key(new)
        answer = asked(new, "POST", "/prompt", json={"prompt": "hello"}, headers=bearer(client_key))
        assert answer.status_code == 200
