"""What `GET /models…`, `GET /health…` and the documents say (CONTRACT.md 3)."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from contract.refusals import assert_refused

CARDS = {
    "local": ("local-lmstudio", "lmstudio", 500, 0.0, 4096, ["basic_chat", "math", "fast_response", "file_creation"]),
    "openai": (
        "gpt-4o", "openai", 2000, 0.01, 128000,
        ["basic_chat", "code_generation", "reasoning", "summarization", "data_analysis", "function_calling",
         "json_mode", "structured_output", "tool_use", "multilingual", "step_by_step_reasoning"],
    ),
    "anthropic": (
        "claude-3-sonnet", "anthropic", 3000, 0.015, 200000,
        ["basic_chat", "long_context", "legal_analysis", "reasoning", "creative_writing", "scientific_knowledge",
         "multilingual", "image_understanding", "structured_output", "step_by_step_reasoning"],
    ),
}  # fmt: skip
WORDS = {"healthy", "unhealthy", "unknown", "error"}


def is_utc_text(text):
    moment = datetime.fromisoformat(text)
    return moment.utcoffset() == timedelta(0) and abs((datetime.now(UTC) - moment).total_seconds()) < 60


def test_lists_the_models_in_registry_order(client):
    told = client.get("/models").json()
    assert told.keys() == {"models", "count", "timestamp"}
    assert told["count"] == 3
    assert abs(told["timestamp"] - time.time()) < 10
    assert [model["id"] for model in told["models"]] == list(CARDS)
    for model in told["models"]:
        name, provider, latency, cost, most, capabilities = CARDS[model["id"]]
        assert (model["name"], model["provider"], model["max_tokens"]) == (name, provider, most)
        assert (model["avg_latency_ms"], model["cost_per_1k_tokens"]) == (latency, cost)
        assert isinstance(model["avg_latency_ms"], int)
        assert model["capabilities"] == capabilities
        assert (model["health"], model["metrics"]) == (None, None)


def test_adds_health_and_metrics_where_asked(client):
    for model in client.get("/models/", params={"include_health": "yes"}).json()["models"]:
        assert model["health"].keys() == {"status", "last_checked", "error", "details"}
        assert model["health"]["status"] in WORDS
        assert model["metrics"].keys() == {"requests", "success_rate", "avg_latency_ms"}


def test_lists_capabilities_by_model_in_registry_order(client):
    told = client.get("/models/capabilities").json()
    assert told["models"] == {key: card[0] for key, card in CARDS.items()}
    assert told["capabilities"] == {
        word: [key for key, card in CARDS.items() if word in card[5]] for card in CARDS.values() for word in card[5]
    }
    assert isinstance(told["timestamp"], float)


@pytest.mark.parametrize("model", CARDS)
def test_tells_one_models_health_and_metrics(client, model):
    told = client.get(f"/models/{model}/health").json()
    assert told.keys() == {"model", "health", "metrics", "timestamp"}
    assert told["model"] == model
    assert told["health"]["status"] in WORDS
    assert told["metrics"].keys() == {
        "requests", "success_rate", "avg_latency_ms", "total_tokens", "estimated_cost", "cache_hit_rate",
        "stream_requests", "timeout_count",
    }  # fmt: skip
    assert is_utc_text(told["timestamp"])


@pytest.mark.parametrize("key", ["nope", "Local", "%2e%2e", "%00", "%0d%0aset-cookie: a", "%ff", "x" * 5000])
def test_an_unknown_model_has_no_health(client, key):
    answer = client.get(f"/models/{key}/health")
    assert answer.status_code == 404
    assert "set-cookie" not in answer.headers
    if key in {"nope", "Local"}:
        body = assert_refused(answer, 404, "model_not_found")
        assert body["detail"] == f"Model '{key}' not found"
    assert len(answer.content) < 1000


def test_counts_each_request_once(client, ask):
    before = client.get("/models/local/health").json()["metrics"]
    for _ in range(3):
        ask(model="local")
    after = client.get("/models/local/health").json()["metrics"]
    assert after["requests"] - before["requests"] == 3
    assert after["total_tokens"] > before["total_tokens"]
    assert after["success_rate"] == 100.0


def test_health_says_how_everything_is(client):
    told = client.get("/health").json()
    assert told.keys() == {
        "status", "message", "timestamp", "version", "env", "uptime_seconds", "models", "metrics", "system",
        "catalog_version",
    }  # fmt: skip
    assert (told["status"], told["message"]) == ("healthy", "All systems operational")
    assert (told["env"], told["metrics"]) == ("development", None)
    assert isinstance(told["version"], str)
    assert is_utc_text(told["timestamp"])
    assert isinstance(told["uptime_seconds"], float)
    assert list(told["models"]) == list(CARDS)
    for model in told["models"].values():
        assert model.keys() == {"status", "last_checked", "error", "details"}
        assert is_utc_text(model["last_checked"])
    assert told["system"].keys() == {"cpu_percent", "memory_mib", "event_loop_lag_ms", "in_flight"}
    assert told["system"]["in_flight"] >= 1


@pytest.mark.parametrize("yes", ["true", "1", "yes", "on"])
def test_health_says_more_where_asked(client, yes):
    told = client.get("/health", params={"detailed": yes}).json()
    assert told["metrics"].keys() == set(CARDS)
    for metrics in told["metrics"].values():
        assert metrics.keys() == {"requests", "success_rate", "avg_latency_ms"}
        assert 0 <= metrics["success_rate"] <= 100
    assert {"worker_pid", "load_average", "open_files"} < told["system"].keys()
    assert client.get("/health", params={"detailed": "no"}).json()["metrics"] is None


def test_health_asks_no_provider(client, fake):
    before = fake.get("/_stats").json()
    for _ in range(20):
        client.get("/health")
        client.get("/models/local/health")
        client.get("/models?include_health=1")
    after = fake.get("/_stats").json()
    assert sum(after.values()) - sum(before.values()) <= 3  # one round of the probe may fall into this


def test_the_process_lives_and_is_ready(client):
    assert client.get("/health/live").json() == {"status": "alive"}
    assert client.get("/health/ready").json()["status"] == "ready"
