"""No secret stands anywhere but where it must: not in a log, a metric, an answer, a database, a cache, a spool."""

import json
import subprocess
import time
from contextlib import ExitStack

import httpx
import psutil
import pytest
import redis
from running import COMMAND, Service, eventually
from state.canaries import CANARIES, MASTER, PREVIOUS, Place, echoing, files_below, found
from state.placing import connected, ready, rows

ADMIN = {"x-api-key": CANARIES["the admin key"]}
STORED, AGAIN = CANARIES["a stored key"], CANARIES["a key that was stored in its place"]
PROMPT = {"prompt": CANARIES["a prompt"]}
READS = (
    "/admin/keys", "/admin/usage", "/admin/audit", "/admin/models?enabled=true", "/admin/providers", "/api-keys/",
    "/api-keys/openai", "/api-keys/settings/", "/metrics", "/health?detailed=true", "/health/ready", "/models",
    "/models/openai/health", "/openapi.json", "/models?api_key=" + STORED.replace("+", "%2B"),
)  # fmt: skip
COMMANDS = (("audit", "verify"), ("doctor",), ("keys", "list"))


class Listener:
    """Whoever calls the service, and all that they are told but for the keys that are shown once."""

    def __init__(self, service) -> None:
        self.service = service
        self.places = []
        self.client_keys = {}

    def ask(self, method, path, *, headers=ADMIN, **said) -> httpx.Response:
        with connected(self.service, headers) as client:
            answer = client.request(method, path, **said)
        self.places.append(Place(f"{answer.status_code} of {method} {path[:20]}", told(answer)))
        return answer

    def mint(self, path, **said) -> str:
        """Such an answer shows a key; no other may."""
        answer = self.ask("POST", path, json=said)
        assert answer.status_code in {200, 201}
        self.places.pop()
        text = answer.json()["key"]
        self.client_keys[f"client key {len(self.client_keys)}"] = text.split("_")[2]
        return text

    def run(self, *words) -> None:
        environ = {**self.service._environ, "COLUMNS": "500"}
        done = subprocess.run(
            [COMMAND, *words], cwd=self.service.home, env=environ, capture_output=True, check=False, timeout=60
        )
        self.places.append(Place(f"neuroroute {words}", done.stdout + done.stderr))


def told(answer) -> bytes:
    return b"\n".join([answer.content, *(b"%b: %b" % header for header in answer.headers.raw)])


def exercise(listener, stored):
    """Everything that has to do with a secret, well and badly."""
    ask = listener.ask
    for model in ("openai", "anthropic", "local"):
        ask("POST", f"/test-model/{model}", json=PROMPT)
    ask("POST", "/prompt", json={**PROMPT, "metadata": {"stream": True}})
    chat = {"model": "auto:5", "messages": [{"role": "user", "content": PROMPT["prompt"]}]}
    decision = ask("POST", "/v1/chat/completions", json=chat).headers["x-neuroroute-decision"]
    ask("GET", f"/v1/decisions/{decision}")
    ask("POST", "/v1/feedback", json={"decision_id": decision, "thumbs": "up"})
    for policy in ("learned", "rules"):
        ask("POST", "/v1/route", json={**PROMPT, "neuroroute": {"policy": policy}})
    ask("POST", "/api-keys/", json={"provider": "openai", "api_key": stored})
    ask("PUT", "/api-keys/golden", json={"provider": "golden", "api_key": stored, "is_active": "maybe"})
    ask("POST", "/api-keys/", json={"provider": "golden", "api_key": CANARIES["another provider's stored key"]})
    ask("POST", "/test-model/openai", json=PROMPT)
    broken = json.dumps({"provider": "openai", "api_key": stored}).encode()
    for body in (broken[:-1], broken + b"}", broken.replace(b'"openai"', b"[1]"), broken.replace(b"/", b"\\u0000")):
        ask("POST", "/api-keys/", content=body, headers={**ADMIN, "content-type": "application/json"})
    for said in (
        {"api_key": stored},
        {"provider": "x", "api_key": [stored]},
        {"provider": "x", "api_key": stored + "\n"},
    ):
        ask("POST", "/api-keys/", json=said)
    ask("POST", "/admin/keys", json={"name": "a", "scopes": [stored]})
    ask("POST", "/api-keys/settings/", json={"provider": "x", "api_base": f"https://user:{stored}@x.test/v1"})
    ask("PUT", "/admin/providers/x", json={"dialect": "openai", "base_url": f"https://user:{stored}@x.test/v1"})
    ask("PUT", "/admin/providers/x", json={"dialect": stored, "base_url": "https://x.test/v1", "api_key_env": stored})
    for key in (stored, ADMIN["x-api-key"][:-1], ADMIN["x-api-key"] + "x"):
        for headers in ({"x-api-key": key}, {"authorization": f"Bearer {key}"}, {"authorization": f"Basic {key}"}):
            ask("GET", "/admin/keys", headers=headers)
    for path in READS:
        ask("GET", path)


@pytest.fixture(params=["sqlite", "postgres"])
def installation(request, simulated, tmp_path, valkey):
    """A service that knows all these secrets, and hears of everything at DEBUG; and its database."""
    with ExitStack() as stack:
        with redis.Redis.from_url(valkey.url) as client:
            client.config_set("requirepass", CANARIES["the password of Redis"])
        url, postgres = "", None
        if request.param == "postgres":
            postgres = request.getfixturevalue("postgres")
            url = postgres.url.replace("postgres@", f"postgres:{CANARIES['the password of the database']}@")
        openai, shown = stack.enter_context(echoing())
        environ = {
            **simulated.environ,
            "OPENAI_BASE_URL": f"{openai}/v1",
            "ANTHROPIC_BASE_URL": openai,
            "OPENAI_API_KEY": CANARIES["OpenAI's key in the environment"],
            "ANTHROPIC_API_KEY": CANARIES["Anthropic's key in the environment"],
            "NEUROROUTE_ADMIN_KEY": CANARIES["the admin key"],
            "NEUROROUTE_MASTER_KEY": MASTER,
            "NEUROROUTE_MASTER_KEY_PREVIOUS": PREVIOUS,
            "NEUROROUTE_AUTH": "keys",
            "NEUROROUTE_SPOOL": "always",
            "LOG_LEVEL": "DEBUG",
            "REDIS_URL": valkey.url.replace("//", f"//:{CANARIES['the password of Redis']}@"),
            **({"DATABASE_URL": url} if url else {}),
        }
        yield stack.enter_context(Service(tmp_path / "home", environ=environ)), postgres, valkey, shown


def held_by_valkey(valkey):
    with redis.Redis.from_url(valkey.url, password=CANARIES["the password of Redis"]) as client:
        for name in client.scan_iter():
            yield Place("a name in Valkey", name)
            yield Place(f"Valkey: {name}", client.dump(name) or b"")


def held_by_postgres(postgres):
    names = rows(postgres.url, "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
    for (name,) in names:
        held = rows(postgres.url, f"SELECT * FROM {name}")
        values = [value if isinstance(value, bytes) else str(value).encode() for row in held for value in row]
        yield Place(f"table {name}", b"\n".join(values))
    yield from (place for place in files_below(postgres.home) if place.name.startswith(("data/base", "data/pg_wal")))


def test_no_secret_stands_where_it_need_not(installation):
    service, postgres, valkey, shown = installation
    listener = Listener(service)
    minted = listener.mint("/admin/keys", name="a test", requests_per_minute=100)
    exercise(listener, STORED)
    listener.run("vault", "rotate")
    rotated = listener.mint(f"/admin/keys/{minted.split('_')[1]}/rotate")
    for key in (minted, rotated, rotated[:-1] + "!"):
        listener.ask("GET", "/models", headers={"authorization": f"Bearer {key}"})
    spooled = outage(listener, postgres, valkey)
    exercise(listener, AGAIN)
    for words in COMMANDS:
        listener.run(*words)
    assert_keys_were_used(shown)
    families = [psutil.Process(service.process.pid), *psutil.Process(service.process.pid).children(recursive=True)]
    places = [
        *listener.places,
        *spooled,
        *(Place("a command line", " ".join(process.cmdline()).encode()) for process in families),
        *files_below(service.home),
        *held_by_valkey(valkey),
        *(held_by_postgres(postgres) if postgres else ()),
    ]
    assert any(place.name.endswith("serve.log") and b'"level"' in place.contents for place in places)
    for request in ("GET /v1/decisions", "POST /v1/feedback", "POST /v1/route"):
        assert any(place.name.startswith(f"200 of {request}") for place in listener.places)
    assert sum(len(place.contents) for place in places) > 100_000
    assert found({**CANARIES, **listener.client_keys}, places) == []


def outage(listener, postgres, valkey):
    """The same again without any database and cache, and what lay in the spool meanwhile."""
    valkey.kill()
    if postgres is not None:
        postgres.kill()
        eventually(lambda: ready(listener.service)[1] is not None, within=6)
    exercise(listener, AGAIN)
    time.sleep(0.3)
    spooled = files_below(listener.service.home)
    valkey.start()
    with redis.Redis.from_url(valkey.url) as client:
        client.config_set("requirepass", CANARIES["the password of Redis"])
    if postgres is not None:
        postgres.start()
        eventually(lambda: ready(listener.service) == (200, None), within=8)
    return spooled


def assert_keys_were_used(shown):
    """Else there was nothing to be found."""
    keys = {key.removeprefix("Bearer ") for key in shown}
    assert {CANARIES["OpenAI's key in the environment"], CANARIES["Anthropic's key in the environment"]} <= keys
    assert {STORED, AGAIN} <= keys


def test_the_search_finds_what_is_written_in_any_of_these_ways():
    for secret in CANARIES.values():
        written = [f"before {secret} after", secret.encode().hex(), f"ends with {secret[-12:]}"]
        places = [Place(form, form.encode()) for form in written]
        assert len(found({"it": secret}, places)) == len(places)
