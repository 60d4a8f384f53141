"""What `POST /prompt` and `POST /test-model` answer (CONTRACT.md 2, 4, 5 and 6)."""

import time

import pytest
from contract.refusals import assert_refused

ALWAYS = {
    "model_used",
    "response",
    "latency_ms",
    "request_id",
    "token_usage",
    "from_cache",
    "classification",
    "timestamp",
}
OWN = {
    "local": {"finish_reason", "model_name", "cost_estimate_usd"},
    "openai": {"finish_reason", "model", "cost_estimate_usd"},
    "anthropic": {"finish_reason", "stop_reason", "model", "cost_estimate_usd"},
}
MODELS = list(OWN)


@pytest.mark.parametrize("model", MODELS)
def test_answers_with_the_fields_of_its_model_and_no_null(ask, model):
    answer = ask("hello you", model=model).json()
    assert answer.keys() == ALWAYS | OWN[model]
    assert None not in answer.values()
    assert answer["model_used"] == model
    assert answer["response"] == f"fake {model} reply to: hello you"
    assert answer["token_usage"] == {"prompt_tokens": 2, "completion_tokens": 6, "total_tokens": 8}
    assert answer["from_cache"] is False
    assert answer["classification"] == {"selection_method": "user_specified", "selected_model": model}
    assert abs(answer["timestamp"] - time.time()) < 10
    assert isinstance(answer["latency_ms"], int)


def test_says_the_models_by_their_upstream_names(ask):
    assert ask(model="openai").json()["model"] == "gpt-4o"
    told = ask(model="anthropic").json()
    assert (told["model"], told["stop_reason"], told["finish_reason"]) == (
        "claude-3-sonnet-20240229",
        "end_turn",
        "end_turn",
    )
    told = ask(model="local").json()
    assert (told["model_name"], told["cost_estimate_usd"], told["finish_reason"]) == ("fake-local", 0.0, "stop")


@pytest.mark.parametrize("model", MODELS)
def test_estimates_a_usage_that_the_provider_does_not_tell(ask, model):
    used = ask(f"hello [[fake:{model}.nousage=1]]", model=model).json()["token_usage"]
    assert used["total_tokens"] == used["prompt_tokens"] + used["completion_tokens"] > 0
    assert used["estimated"] is True


def test_answers_in_utf8_unescaped_and_compact(ask):
    answer = ask("\u4f60\u597d", model="openai")
    assert "\u4f60\u597d".encode() in answer.content
    assert b'", "' not in answer.content
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("metadata", "method", "model"),
    [
        ({"model": "openai"}, "user_specified", "openai"),
        ({"model": "auto"}, "fallback_classification", "local"),
        ({"model": "OpenAI"}, "fallback_classification", "local"),
        ({"model": ""}, "classifier", "local"),
        ({}, "classifier", "local"),
        ({"required_capabilities": ["legal_analysis"]}, "capability_based", "anthropic"),
        ({"required_capabilities": ["legal_analysis"], "model": "local"}, "capability_based", "anthropic"),
        ({"required_capabilities": ["reasoning"]}, "capability_based", "openai"),
        ({"required_capabilities": ["multilingual"], "priority": "speed"}, "capability_based", "openai"),
        ({"required_capabilities": ["basic_chat"], "priority": "speed"}, "capability_based", "local"),
        ({"required_capabilities": ["basic_chat"], "priority": "cost"}, "capability_based", "local"),
        ({"required_capabilities": ["basic_chat"], "priority": "quality"}, "capability_based", "openai"),
        ({"required_capabilities": ["math", "image_understanding"]}, "capability_based", "anthropic"),
        ({"required_capabilities": ["no_such_thing"]}, "capability_based", "local"),
        ({"required_capabilities": []}, "classifier", "local"),
    ],
)  # fmt: skip
def test_says_how_the_model_was_chosen(ask, metadata, method, model):
    answer = ask("hello there", **metadata).json()
    why = answer["classification"]
    assert (why["selection_method"], why["selected_model"], answer["model_used"]) == (method, model, model)
    assert why.get("required_capabilities", []) == metadata.get("required_capabilities", [])
    if "classif" in method:
        assert 0 < why["confidence"] <= 1
        assert why["confidence"] == round(why["confidence"], 3)
        assert why["source"] == "rule_based"
        assert why["reasoning"].keys() == {"keyword_matches", "features", "model_scores", "adjusted_scores"}


def test_forwards_the_sampling_and_the_system_prompt(ask, fake):
    ask("hello", model="openai", temperature=0.25, max_tokens=77, system_prompt="Be brief.")
    sent = fake.get("/_last").json()["openai"]["body"]
    assert (sent["model"], sent["temperature"], sent["max_tokens"]) == ("gpt-4o", 0.25, 77)
    assert sent["messages"] == [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "hello"}]
    ask("hello", model="local")
    sent = fake.get("/_last").json()["local"]["body"]
    assert (sent["temperature"], sent["max_tokens"]) == (0.7, 4096)
    assert "model" not in sent


def test_caps_max_tokens_at_what_the_model_can(ask, fake):
    ask("hello", model="local", max_tokens=1_000_000)
    assert fake.get("/_last").json()["local"]["body"]["max_tokens"] == 4096


def test_never_does_what_a_caller_says_of_places_and_keys(client, fake):
    evil = {"api_base": "http://169.254.169.254", "base_url": "http://169.254.169.254", "api_key": "sk-evil",
            "extra_headers": {"authorization": "evil"}, "headers": {"authorization": "evil"}}  # fmt: skip
    body = {"prompt": "hello", **evil, "metadata": {"use_cache": False, "model": "openai", **evil, "metadata": evil}}
    assert client.post("/prompt", json=body).status_code == 200
    seen = fake.get("/_last").json()["openai"]
    assert seen["headers"]["authorization"] == "Bearer sk-fake-openai"
    assert not any(name in str(seen["body"]) for name in evil)
    assert "169.254" not in str(seen)


@pytest.mark.parametrize("model", MODELS)
def test_tries_one_model_and_says_that_it_was_a_test(client, model):
    answer = client.post(f"/test-model/{model}", json={"prompt": "hello"}).json()
    assert answer.keys() == (ALWAYS | OWN[model] | {"test_mode"}) - {"classification", "from_cache"}
    assert (answer["model_used"], answer["test_mode"]) == (model, True)


def test_a_test_takes_no_fallback_and_no_cache(ask, client, fake):
    answer = ask("hello [[fake:local.status=500]]", path="/test-model/local")
    body = assert_refused(answer, 502, "model_error")
    assert "All models failed" in body["detail"]
    fake.post("/_reset")
    for _ in range(2):
        assert client.post("/test-model/local", json={"prompt": "cache me not"}).status_code == 200
    assert fake.get("/_stats").json()["local"] == 2


@pytest.mark.parametrize("key", ["nope", "LOCAL", "gpt-4o", "..%2f", "%00", "%0d%0ax: y", "%ff", "x" * 10_000])
def test_a_test_of_an_unknown_model_is_404(client, key):
    body = assert_refused(client.post(f"/test-model/{key}", json={"prompt": "hello"}), 404, "model_not_found")
    assert body["detail"].startswith("Model ")
    assert body["detail"].endswith(" not available")
    assert len(body["detail"]) < 300


def test_the_body_is_looked_at_before_the_key(client):
    assert_refused(client.post("/test-model/nope", json={}), 422, "validation_error")
