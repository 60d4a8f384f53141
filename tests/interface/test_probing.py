"""What health shows, learned by probes that cost nothing, and how `/prompt` goes by it."""

import json

import httpx
import pytest
from running import Service, eventually

INTERVAL = 0.2
SOON = 5 * INTERVAL
"""A probe interval, the probe itself, and what a busy machine adds."""
DOWN = {"on": "models", "status": 500}


@pytest.fixture(scope="module")
def service(simulated, tmp_path_factory):
    environ = {**simulated.environ, "NEUROROUTE_PROBE_INTERVAL": str(INTERVAL)}
    with Service(tmp_path_factory.mktemp("probed"), environ=environ) as running:
        yield running


@pytest.fixture(autouse=True)
def mended(simulated, client):
    yield
    simulated.faults()
    eventually(lambda: client.get("/health").json()["status"] == "healthy", within=10)


def status_of(client, model):
    return client.get("/health").json()["models"][model]["status"]


def ask(client, text="hello there", **metadata):
    return client.post("/prompt", json={"prompt": text, "metadata": {"use_cache": False, **metadata}}).json()


def test_an_unhealthy_model_is_avoided_within_a_probe_interval_and_asked_again_after(client, simulated):
    eventually(lambda: status_of(client, "local") == "healthy", within=5)
    assert ask(client)["model_used"] == "local"
    simulated.faults(local=DOWN)
    assert eventually(lambda: status_of(client, "local") == "unhealthy", within=5) < SOON
    answer = ask(client)
    assert answer["model_used"] == answer["classification"]["selected_model"] == "openai"
    assert answer["fallback"] is True
    assert answer["fallback_reason"].startswith("Primary model (local) failed: ")
    why = answer["classification"]
    assert (why["health_fallback"], why["original_model"]) == (True, "local")
    assert why["fallback_reason"]
    simulated.faults()
    assert eventually(lambda: status_of(client, "local") == "healthy", within=5) < SOON
    answer = ask(client)
    assert answer["model_used"] == "local"
    assert "fallback" not in answer


def test_a_model_that_is_named_is_avoided_too_but_a_test_asks_it(client, simulated):
    simulated.faults(openai=DOWN)
    eventually(lambda: status_of(client, "openai") == "unhealthy", within=5)
    assert ask(client, model="openai")["model_used"] == "anthropic"
    assert client.post("/test-model/openai", json={"prompt": "hello"}).json()["model_used"] == "openai"


def test_when_no_model_is_left_the_chosen_one_is_asked_all_the_same(client, simulated):
    simulated.faults(all=DOWN)
    eventually(lambda: client.get("/health").json()["status"] == "unhealthy", within=5)
    answer = ask(client)
    assert answer["model_used"] == "local"
    assert "fallback" not in answer


def test_health_says_degraded_and_unhealthy_and_stays_short(client, simulated):
    simulated.faults(local=DOWN)
    eventually(lambda: client.get("/health").json()["status"] == "degraded", within=5)
    assert client.get("/health").json()["message"] == "Some models are unavailable"
    simulated.faults(all=DOWN)
    eventually(lambda: client.get("/health").json()["status"] == "unhealthy", within=5)
    answer = client.get("/health")
    assert answer.status_code == 200
    assert answer.json()["message"] == "All models are unavailable"
    assert all(model["error"] and model["status"] == "unhealthy" for model in answer.json()["models"].values())
    assert len(answer.content) < 1000
    assert client.get("/health/ready").status_code == 200


@pytest.mark.parametrize(
    "fault", [{"status": 503}, {"status": 401}, {"close": "rst"}, {"delay": 30}, {"huge": 100_000_000}]
)
def test_whatever_keeps_a_probe_from_its_answer_shows(client, simulated, fault):
    simulated.faults(anthropic={"on": "models", **fault})
    eventually(lambda: status_of(client, "anthropic") == "unhealthy", within=15)
    error = client.get("/health").json()["models"]["anthropic"]["error"]
    assert error
    assert "sk-" not in error


@pytest.mark.parametrize("fault", [{"garbage": "html"}, {"empty": "choices"}])
def test_any_good_status_is_healthy_whatever_it_lists(client, simulated, fault):
    simulated.faults(local={"on": "models", **fault})
    probed = simulated.count("local", "models")
    eventually(lambda: simulated.count("local", "models") > probed + 1, within=5)
    assert status_of(client, "local") == "healthy"


def test_a_probe_costs_no_tokens(client, simulated):
    before, probed = simulated.stats(), simulated.count("openai", "models")
    eventually(lambda: simulated.count("openai", "models") > probed + 2, within=5)
    after = simulated.stats()
    for persona in ("local", "openai", "anthropic"):
        for what in ("completions", "prompt_tokens", "completion_tokens"):
            assert after[persona].get(what, 0) == before[persona].get(what, 0)


def test_a_few_failed_calls_are_shown_but_take_no_model_out(simulated, tmp_path):
    environ = {**simulated.environ, "NEUROROUTE_PROBE_INTERVAL": "3600"}
    with (
        Service(tmp_path, environ=environ) as service,
        httpx.Client(base_url=service.url, timeout=10, trust_env=False) as client,
    ):
        eventually(lambda: status_of(client, "local") == "healthy", within=5)
        for _ in range(5):
            assert ask(client, "hello [[sim:local.status=500]]", model="local")["model_used"] == "openai"
        assert status_of(client, "local") == "unhealthy"
        assert ask(client, model="local")["model_used"] == "local"
        assert status_of(client, "local") == "healthy"
        for _ in range(5):
            ask(client, "hello [[sim:local.retry_after=60]]", model="local")
        assert status_of(client, "local") == "healthy"
        for _ in range(25):
            ask(client, "hello [[sim:local.status=500]]", model="local")
        answer = ask(client, model="local")
        assert (answer["model_used"], answer["classification"]["health_fallback"]) == ("openai", True)


def test_the_plain_health_of_all_models_in_error_stays_short(tmp_path):
    with Service(tmp_path, environ={}) as service:
        answer = httpx.get(f"{service.url}/health", trust_env=False)
        told = json.loads(answer.content)
        assert {key: model["status"] for key, model in told["models"].items() if key != "local"} == {
            "openai": "error", "anthropic": "error"
        }  # fmt: skip
        assert "key" in told["models"]["openai"]["error"]
        assert len(answer.content) < 1000
        listed = httpx.get(f"{service.url}/models", trust_env=False).json()
        assert [model["id"] for model in listed["models"]] == ["local"]
        told = httpx.get(f"{service.url}/models/openai/health", trust_env=False).json()
        assert (told["health"]["status"], told["metrics"]) == ("error", {})
