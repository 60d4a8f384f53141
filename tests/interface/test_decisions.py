"""`GET /v1/decisions/{decision_id}`: why a model was chosen, and what came of it."""

import json

import httpx
import pytest
from interface.keys import ADMIN, bearer, make_key
from interface.v1 import ALL, CHAT, named

SECRET = "the canary sings at 4711"


@pytest.fixture
def shown(client):
    def by(answer, **headers):
        return client.get(f"/v1/decisions/{answer.headers['x-neuroroute-decision']}", headers=headers)

    return by


@pytest.mark.parametrize("language", ALL, ids=named)
def test_every_answer_says_the_decision_that_it_followed(language, client, shown):
    told = shown(language.ask(client, SECRET)).json()
    assert (told["model"], told["outcome"], told["caller"]) == (language.own, "answered", "anyone")
    assert told["plan"]["order"] == [language.own]
    assert told["plan"]["method"] == "user_specified"
    assert told["feedback"] is None


def test_so_does_the_head_of_a_stream(client, shown):
    answer = CHAT.ask(client, "hello", stream=True)
    assert CHAT.ends(answer)
    assert shown(answer).json()["outcome"] == "answered"


@pytest.mark.parametrize("stream", [False, True])
def test_so_do_answers_of_the_earlier_surface(client, shown, stream):
    answer = client.post("/prompt", json={"prompt": "Hello", "metadata": {"stream": stream, "use_cache": False}})
    told = shown(answer).json()
    assert told["plan"]["policy"] == "rules"
    assert told["grounds"]["reading"]["type"] == "rules"


def test_a_keys_policy_holds_on_the_earlier_surface_too(keyed):
    key = bearer(make_key(keyed, policy="learned")["key"])
    with httpx.Client(base_url=keyed.url, timeout=20, trust_env=False, headers=key) as client:
        answer = client.post("/prompt", json={"prompt": "What is 2 + 2?", "metadata": {"priority": "quality"}})
        told = client.get(f"/v1/decisions/{answer.headers['x-neuroroute-decision']}").json()
    assert (told["plan"]["policy"], told["plan"]["foresight"]["level"]) == ("learned", 9)
    assert told["grounds"]["reading"]["type"] == "learned"
    said = answer.json()["classification"]
    assert said == {"selection_method": "classifier", "selected_model": told["plan"]["model"],
                    "confidence": said["confidence"], "source": "learned"}  # fmt: skip


def test_it_is_told_what_it_cost_and_what_it_came_from(client, shown):
    answer = CHAT.ask(client, "Hello", model="auto", neuroroute={"policy": "rules", "priority": "quality"})
    told = shown(answer).json()
    assert told["id"] == answer.headers["x-neuroroute-decision"]
    assert told["cost_usd"] == float(answer.headers["x-neuroroute-cost-usd"])
    assert told["model"] == answer.headers["x-neuroroute-model"] == told["plan"]["order"][0]
    assert told["grounds"]["objective"] == {"priority": "quality", "level": None}
    assert told["grounds"]["reading"]["features"]


def test_none_of_the_prompts_words_are_in_it(client, shown):
    body = CHAT.body(SECRET, model="auto", user=SECRET)
    text = shown(client.post(CHAT.path, json=body)).text
    assert not [word for word in SECRET.split() if len(word) > 4 and word in text]


def test_a_request_that_failed_has_one_too(client, shown):
    answer = CHAT.ask(client, "hello [[sim:openai.status=400]]")
    assert answer.status_code == 400
    told = shown(answer).json()
    assert (told["model"], told["cost_usd"], told["outcome"]) == (None, 0, "failed")


def test_an_answer_from_the_cache_has_none(client, shown):
    for path, body in (
        ("/prompt", {"prompt": "twice, please"}),
        (CHAT.path, CHAT.body("twice, please", neuroroute={"cache": "on"})),
    ):
        first, second = client.post(path, json=body), client.post(path, json=body)
        assert shown(first).status_code == 200
        if path == "/prompt":
            assert second.json()["from_cache"]
            assert "x-neuroroute-decision" not in second.headers
        else:
            assert second.headers["x-neuroroute-cache"] == "hit"
            assert shown(second).status_code == 404
            assert "cache" in shown(second).json()["error"]["message"]


@pytest.mark.parametrize(
    "decision", ["0" * 32, "f" * 32, "x", "%00", "A" * 32, "0" * 31, "0" * 4000, "'%20OR%20'1'='1", "%ff", "..%2f.."]
)
def test_what_is_not_there_is_not_found(client, decision):
    answer = client.get(f"/v1/decisions/{decision}")
    assert (answer.status_code, answer.headers["x-error-code"]) == (404, "not_found")
    assert answer.json()["error"].keys() == {"message", "type", "param", "code"}


def test_it_is_the_callers_own_and_administrators_see_all(keyed):
    owner, other, lead = (make_key(keyed, scopes=scopes)["key"] for scopes in (["client"], ["client"], ["admin"]))
    with httpx.Client(base_url=keyed.url, timeout=20, trust_env=False) as client:
        answer = CHAT.ask(client, "hello", headers=bearer(owner))
        path = f"/v1/decisions/{answer.headers['x-neuroroute-decision']}"
        allowed = [client.get(path, headers=headers) for headers in (bearer(owner), bearer(lead), ADMIN)]
        foreign = client.get(path, headers=bearer(other))
        unknown = client.get(f"/v1/decisions/{'0' * 32}", headers=bearer(other))
    assert [each.status_code for each in allowed] == [200, 200, 200]
    assert allowed[0].json()["caller"] == owner.split("_")[1]
    assert (foreign.status_code, unknown.status_code) == (404, 404)
    assert len({json.dumps(each.json())[:80] for each in allowed}) == 1


def test_head_options_and_other_methods_are_as_everywhere(client):
    decision = CHAT.ask(client, "hello").headers["x-neuroroute-decision"]
    path = f"/v1/decisions/{decision}"
    assert client.head(path).status_code == 200
    assert client.options(path).headers["allow"] == "GET, HEAD, OPTIONS"
    assert client.post(path, json={}).status_code == 405
