"""What happens when models fail (CONTRACT.md 2 and 6). A service of its own: its breakers learn from this."""

import pytest
from contract.refusals import assert_refused

MODELS = ["local", "openai", "anthropic"]
NEXT = {"local": "openai", "openai": "anthropic", "anthropic": "openai"}
FAULTS = {"500": "status=500", "503": "status=503", "429": "status=429", "401": "status=401", "404": "status=404",
          "garbage": "body=garbage", "closed": "close=1"}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("model", MODELS)
def test_falls_back_in_order_and_says_so(ask, model, fault):
    answer = ask(f"hello [[fake:{model}.{FAULTS[fault]}]]", model=model).json()
    assert answer["model_used"] == NEXT[model]
    assert answer["fallback"] is True
    assert answer["fallback_reason"].startswith(f"Primary model ({model}) failed: ")


def test_tries_two_others_at_most(ask, fake):
    fake.post("/_reset")
    answer = ask("hello [[fake:local.status=500]] [[fake:openai.status=500]]", model="local").json()
    assert (answer["model_used"], answer["fallback"]) == ("anthropic", True)
    assert answer["fallback_reason"].startswith("Primary model (local) failed: ")
    stats = fake.get("/_stats").json()
    assert [stats[model] for model in MODELS] == [1, 1, 1]


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [("status=500", 502, "model_error"), ("status=429", 429, "model_throttled"), ("close=1", 502, "model_error"),
     ("body=garbage", 502, "model_error"), ("status=401", 502, "model_error"), ("delay=1", 504, "request_timeout")],
)  # fmt: skip
def test_says_that_all_models_failed(ask, fault, status, code):
    answer = ask(f"hello [[fake:all.{fault}]]", timeout=0.2)
    body = assert_refused(answer, status, code)
    assert body["detail"].startswith("Error: All models failed. Original error: ")
    assert ("retry-after" in answer.headers) is (status == 429)


def test_each_try_has_the_whole_time_out(ask):
    answer = ask("hello [[fake:local.delay=1]]", model="local", timeout=0.3).json()
    assert (answer["model_used"], answer["fallback"]) == ("openai", True)


@pytest.mark.parametrize("fault", ["status=400", "status=413", "status=422"])
def test_a_request_that_the_provider_refuses_is_not_tried_elsewhere(ask, fake, fault):
    fake.post("/_reset")
    answer = ask(f"hello [[fake:openai.{fault}]]", model="openai")
    assert answer.is_error
    assert_refused(answer, answer.status_code, answer.json()["code"])
    assert fake.get("/_stats").json() == {"openai": 1} | {
        name: count for name, count in fake.get("/_stats").json().items() if name.endswith(".models")
    }
