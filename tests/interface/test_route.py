"""`POST /v1/route`: the plan of a chat as data; nobody is asked."""

import httpx
import pytest
from interface.keys import bearer, make_key
from interface.v1 import CHAT

ROUTE = "/v1/route"
HELLO = {"prompt": "Hello"}
MODELS = {"local", "openai", "anthropic"}


@pytest.fixture
def plan(client):
    def asked(body, headers=None):
        answer = client.post(ROUTE, json=body, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()["plan"]

    return asked


def ruled_out(plan):
    return {out["model"]: out["reason"] for out in plan["excluded"]}


def test_it_is_told_who_would_be_asked_in_which_order_and_why(client):
    told = client.post(ROUTE, json={"prompt": "Hello", "neuroroute": {"policy": "rules"}}).json()
    assert told.keys() == {"id", "at", "plan"}
    assert len(told["id"]) == 32
    plan = told["plan"]
    assert (plan["policy"], plan["predictor"], plan["method"]) == ("rules", None, "classifier")
    assert plan["catalog_version"]
    assert set(plan["order"]) == {one["model"] for one in plan["candidates"]} == MODELS
    assert plan["order"][0] == plan["model"]
    assert plan["reasoning"]["adjusted_scores"].keys() == MODELS
    for candidate in plan["candidates"]:
        assert candidate.keys() == {"model", "quality", "low", "high", "cost_usd", "latency_ms"}
        assert candidate["latency_ms"] > 0


def test_nobody_is_asked_and_nothing_is_used(client, admin, service):
    before = admin.get("/admin/usage").json()["rows"]
    answer = client.post(ROUTE, json={**CHAT.body("Hello [[sim:all.status=503]]", model="auto"), "stream": True})
    assert answer.headers["content-type"] == "application/json"
    assert admin.get("/admin/usage").json()["rows"] == before
    assert client.get(f"/v1/decisions/{answer.json()['id']}").status_code == 404


def test_it_is_the_choice_that_the_same_chat_comes_to(client, plan):
    for prompt in ("Hello", "Write a Python function that sorts a list", "Prove that 2 is irrational"):
        body = {"model": "auto", "messages": [{"role": "user", "content": prompt}]}
        answered = client.post(CHAT.path, json=body).headers["x-neuroroute-model"]
        assert plan(body)["order"][0] == plan({"prompt": prompt})["order"][0] == answered


def test_a_model_that_is_named_is_the_plan(plan):
    named = plan({"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]})
    assert (named["order"], named["method"], named["reasoning"]) == (["openai"], "user_specified", None)
    fallback = plan({"model": "local", "prompt": "Hello", "neuroroute": {"fallbacks": ["anthropic"]}})
    assert fallback["order"] == ["local", "anthropic"]


@pytest.mark.parametrize(
    ("said", "out", "reason"),
    [
        ({"max_latency_ms": 1200}, "anthropic", "ms, more than 1200"),
        ({"max_cost_usd": 0.001}, "openai", "$"),
        ({"abilities": ["audio"]}, "local", "audio"),
    ],
)
def test_each_model_that_is_out_is_told_with_its_reason(client, said, out, reason):
    answer = client.post(ROUTE, json={**HELLO, "neuroroute": said})
    if answer.status_code == 400:  # none is left
        assert out in answer.json()["error"]["message"]
    else:
        assert reason in ruled_out(answer.json()["plan"])[out]


def test_what_a_key_may_not_ask_is_out(keyed):
    key = make_key(keyed, models=["local", "openai"])["key"]
    answer = httpx.post(f"{keyed.url}{ROUTE}", headers=bearer(key), json=HELLO, timeout=10, trust_env=False)
    assert answer.status_code == 200
    plan = answer.json()["plan"]
    assert "anthropic" not in {*plan["order"], *(one["model"] for one in plan["candidates"])}
    assert ruled_out(plan)["anthropic"] == "this key may not use it"


def test_options_may_come_as_headers(plan):
    assert plan(HELLO, {"x-neuroroute-priority": "cost"}) == plan({**HELLO, "neuroroute": {"priority": "cost"}})


def test_a_keys_policy_holds_unless_the_request_says_another(keyed):
    key = make_key(keyed, policy="rules")["key"]

    def policy(path, body):
        answer = httpx.post(f"{keyed.url}{path}", headers=bearer(key), json=body, timeout=10, trust_env=False)
        assert answer.status_code == 200, answer.text
        return answer

    assert policy(ROUTE, HELLO).json()["plan"]["policy"] == "rules"
    for said in ({"policy": "learned"}, {"objective": 5}, {"min_quality": 0.0}):
        assert policy(ROUTE, {**HELLO, "neuroroute": said}).json()["plan"]["policy"] == "learned"


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "messages"),
        ({"model": "auto"}, "messages"),
        ({"prompt": "Hello", "messages": [{"role": "user", "content": "Hello"}]}, "messages"),
        ({"prompt": 5}, "prompt"),
        ({"prompt": None}, "prompt"),
        ({"messages": []}, "messages"),
        ({"messages": "Hello"}, "messages"),
        ({"prompt": "Hello", "model": 5}, "model"),
        ({"prompt": "Hello", "model": None}, "model"),
        ({"prompt": "Hello", "neuroroute": {"objective": 11}}, "neuroroute.objective"),
        ({"prompt": "Hello", "neuroroute": {"objective": 1, "priority": "cost"}}, "neuroroute.objective"),
        ({"prompt": "Hello", "neuroroute": {"policy": "rules", "min_quality": 0.5}}, "neuroroute.min_quality"),
        ({"prompt": "Hello", "api_key": "sk-x"}, "api_key"),
    ],
)
def test_a_body_that_is_wrong_is_refused_by_its_field(client, body, param):
    answer = client.post(ROUTE, json=body)
    assert (answer.status_code, answer.headers["x-error-code"]) == (400, "invalid_request")
    assert answer.json()["error"]["param"] == param


def test_failures_are_those_of_the_chat(client):
    unknown = client.post(ROUTE, json={**HELLO, "model": "gpt-9"})
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "model_not_found")
    none = client.post(ROUTE, json={**HELLO, "neuroroute": {"max_latency_ms": 1}})
    assert (none.status_code, none.headers["x-error-code"]) == (400, "no_model_fits")
    assert all(model in none.json()["error"]["message"] for model in MODELS)
    assert client.get(ROUTE).status_code == 405
    assert client.options(ROUTE).headers["allow"] == "OPTIONS, POST"
