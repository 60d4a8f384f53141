"""`POST /v1/messages/count_tokens`: by the provider that will read them, else by us."""

import anthropic
import httpx
import pytest
from anthropic import Anthropic

PATH = "/v1/messages/count_tokens"
HELLO = [{"role": "user", "content": "Hello, how many tokens are you?"}]
TOOL = {"name": "weather", "description": "Of a city.", "input_schema": {"type": "object"}}


@pytest.fixture(scope="module")
def sdk(service):
    with Anthropic(base_url=service.url, api_key="unused", max_retries=0) as client:
        yield client


def ask(client, model, **body):
    return client.post(PATH, json={"model": model, "messages": HELLO} | body)


def test_a_model_that_speaks_the_language_counts_itself(client, sdk, simulated):
    before = simulated.count("anthropic", "count_tokens")
    answer = ask(client, "anthropic", system="Be short.", tools=[TOOL])
    assert simulated.count("anthropic", "count_tokens") == before + 1
    assert answer.headers["x-neuroroute-model"] == "anthropic"
    assert "x-neuroroute-estimated" not in answer.headers
    counted = sdk.messages.count_tokens(model="anthropic", messages=HELLO, system="Be short.", tools=[TOOL])
    assert counted.input_tokens == answer.json()["input_tokens"] > 0
    assert simulated.last()["anthropic"]["body"]["model"] != "anthropic"


@pytest.mark.parametrize("model", ["openai", "local", "auto", "auto:cost"])
def test_for_any_other_the_count_is_ours_and_says_so(client, sdk, simulated, model):
    before = simulated.stats()
    answer = ask(client, model)
    assert simulated.stats() == before
    assert answer.headers["x-neuroroute-estimated"] == "true"
    assert 8 < answer.json()["input_tokens"] < 30
    assert sdk.messages.count_tokens(model=model, messages=HELLO).input_tokens == answer.json()["input_tokens"]


def test_all_of_a_message_is_counted(client):
    few = ask(client, "auto").json()["input_tokens"]
    more = ask(client, "auto", system="Be short.", tools=[TOOL]).json()["input_tokens"]
    assert more > few


@pytest.mark.parametrize(
    ("model", "body", "status", "kind"),
    [
        ("nobody", {}, 404, "not_found_error"),
        ("auto", {"messages": []}, 400, "invalid_request_error"),
        ("auto", {"api_key": "sk-x"}, 400, "invalid_request_error"),
        ("auto", {"neuroroute": {"odd": 1}}, 400, "invalid_request_error"),
    ],
)
def test_what_is_wrong_is_told_in_the_language(client, model, body, status, kind):
    answer = ask(client, model, **body)
    assert (answer.status_code, answer.json()["type"], answer.json()["error"]["type"]) == (status, "error", kind)
    assert answer.json()["error"]["message"]


def test_so_is_a_body_that_is_none(client):
    answer = client.post(PATH, content=b"[]", headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["error"]["type"]) == (400, "invalid_request_error")


def test_a_provider_that_does_not_answer_is_a_failure_that_the_client_knows(sdk, simulated):
    simulated.faults(anthropic={"status": 500})
    try:
        with pytest.raises(anthropic.InternalServerError) as raised:
            sdk.messages.count_tokens(model="anthropic", messages=HELLO)
    finally:
        simulated.faults()
    assert raised.value.status_code == 502
    assert raised.value.response.headers["x-neuroroute-attempts"] == "1"


def test_where_keys_are_needed_it_needs_one(keyed):
    answer = httpx.post(keyed.url + PATH, json={"model": "auto", "messages": HELLO}, trust_env=False)
    assert (answer.status_code, answer.json()["error"]["type"]) == (401, "authentication_error")
