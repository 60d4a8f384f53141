"""The catalogue of a running service: a change holds for the next prompt, and no address set over HTTP leads inside."""

import subprocess

import httpx
import pytest
from contract.refusals import assert_refused
from running import ADMIN_KEY, COMMAND, Service, eventually

PROMPT = {"prompt": "Hello"}
REFUSED = "its address is none that one set over HTTP may lead to"


@pytest.fixture
def clean(admin):
    """Each test leaves off what it began with."""
    yield
    for model in ("extra", "aimed"):
        admin.delete(f"/admin/models/{model}")
    admin.delete("/admin/providers/aimed")
    admin.delete("/api-keys/aimed")


def put_model(admin, name="extra", provider="lmstudio", **fields):
    answer = admin.put(f"/admin/models/{name}", json={"provider": provider, "max_tokens": 100, **fields})
    assert answer.status_code == 200, answer.text


def test_out_of_the_box_three_are_enabled_and_many_are_known(admin, client):
    assert [model["id"] for model in client.get("/models").json()["models"]] == ["local", "openai", "anthropic"]
    enabled = admin.get("/admin/models?enabled=true").json()
    assert [model["id"] for model in enabled["models"]] == ["local", "openai", "anthropic"]
    assert admin.get("/admin/models").json()["count"] > 200
    assert client.get("/health").json()["catalog_version"] == enabled["catalog_version"]


def test_a_model_is_there_for_the_next_prompt_and_gone_for_the_next(admin, client, clean):
    version = admin.get("/admin/providers").json()["catalog_version"]
    put_model(admin)
    assert client.post("/test-model/extra", json=PROMPT).json()["model_used"] == "extra"
    assert "extra" in [model["id"] for model in client.get("/models").json()["models"]]
    assert admin.get("/admin/providers").json()["catalog_version"] != version
    assert admin.delete("/admin/models/extra").status_code == 204
    assert_refused(client.post("/test-model/extra", json=PROMPT), 404, "model_not_found")
    assert admin.get("/admin/providers").json()["catalog_version"] == version


def test_a_known_model_is_enabled_by_putting_it(admin, client):
    (known,) = [one for one in admin.get("/admin/models").json()["models"] if one["id"] == "openai:gpt-4o-mini"]
    assert admin.put("/admin/models/openai:gpt-4o-mini", json={**known, "enabled": True}).status_code == 200
    try:
        shown = {model["id"]: model for model in client.get("/models").json()["models"]}
        assert shown["openai:gpt-4o-mini"]["cost_per_1k_tokens"] == pytest.approx(0.0006)
    finally:
        assert admin.put("/admin/models/openai:gpt-4o-mini", json=known).status_code == 200


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "[::ffff:127.0.0.1]", "169.254.169.254"])
def test_an_address_set_over_http_does_not_lead_into_this_network(admin, client, simulated, clean, host):
    port = httpx.URL(simulated.urls.openai).port
    provider = {"dialect": "openai", "base_url": f"http://{host}:{port}/v1"}
    assert admin.put("/admin/providers/aimed", json=provider).status_code == 200
    assert admin.post("/api-keys/", json={"provider": "aimed", "api_key": "sk-canary-aimed"}).status_code == 201
    put_model(admin, "aimed", "aimed", upstream="x")
    refused = client.post("/test-model/aimed", json=PROMPT)
    body = assert_refused(refused, 502, "model_error")
    assert REFUSED in body["detail"]
    assert not any(told in refused.text for told in (host, str(port), "canary"))


def test_an_address_in_the_stored_settings_is_guarded_too(admin, client, simulated, clean):
    settings = {"provider": "anthropic", "api_base": simulated.urls.anthropic.replace("127.0.0.1", "localhost")}
    assert admin.post("/api-keys/settings/", json=settings).status_code == 201
    try:
        # The simulated key of the environment does not go there, so one has to be entered.
        assert_refused(client.post("/test-model/anthropic", json=PROMPT), 404, "model_not_found")
        assert admin.post("/api-keys/", json={"provider": "anthropic", "api_key": "sk-x"}).status_code == 201
        assert REFUSED in client.post("/test-model/anthropic", json=PROMPT).json()["detail"]
    finally:
        assert admin.delete("/api-keys/settings/anthropic").status_code == 204
        admin.delete("/api-keys/anthropic")
    assert client.post("/test-model/anthropic", json=PROMPT).status_code == 200


def test_a_provider_marked_local_may_be_on_this_machine(admin, client, simulated, clean):
    provider = {"dialect": "openai", "base_url": simulated.urls.lmstudio, "local": True}
    assert admin.put("/admin/providers/aimed", json=provider).status_code == 200
    put_model(admin, "aimed", "aimed")
    assert client.post("/test-model/aimed", json=PROMPT).json()["model_used"] == "aimed"


def test_a_command_reaches_a_running_service_within_a_second(simulated, tmp_path):
    (tmp_path / "catalog.toml").write_text(
        '[[models]]\nid = "extra"\nprovider = "lmstudio"\nmax_tokens = 100\n\n[[models]]\nid = "local"\n'
        'provider = "lmstudio"\nmax_tokens = 5\n'
    )
    with Service(tmp_path, environ=simulated.environ) as service:
        headers = {"authorization": f"Bearer {ADMIN_KEY}"}
        with httpx.Client(base_url=service.url, headers=headers, timeout=20, trust_env=False) as caller:
            applied = subprocess.run(
                [COMMAND, "catalog", "apply", "catalog.toml", "--prune"],
                cwd=tmp_path, env=service._environ, capture_output=True, text=True, check=False, timeout=60,
            )  # fmt: skip
            assert applied.returncode == 0, applied.stderr
            assert "- model openai" in applied.stdout
            eventually(
                lambda: [one["id"] for one in caller.get("/models").json()["models"]] == ["local", "extra"], within=1.0
            )
