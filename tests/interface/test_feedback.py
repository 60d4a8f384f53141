"""`POST /v1/feedback`: a caller's first word on each of its own decisions."""

import httpx
import pytest
from interface.keys import ADMIN, bearer, make_key
from interface.v1 import CHAT, MESSAGES
from running import eventually

FEEDBACK = "/v1/feedback"
UNKNOWN = "0193a6f0c1d27a3b8c4d5e6f7a8b9c0d"


@pytest.fixture
def decision(client):
    return CHAT.ask(client, "hello").headers["x-neuroroute-decision"]


def given(client, decision, headers=None, **said):
    return client.post(FEEDBACK, json={"decision_id": decision, **said}, headers=headers)


@pytest.mark.parametrize(
    ("said", "score"),
    [({"score": 0.25}, 0.25), ({"score": 0}, 0), ({"score": 1}, 1), ({"thumbs": "up"}, 1), ({"thumbs": "down"}, 0)],
)
def test_a_word_is_kept_and_shown_with_the_decision(client, decision, said, score):
    answer = given(client, decision, **said)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told == {"decision_id": decision, "score": score, "at": told["at"], "model": "openai", "counted": False}
    assert client.get(f"/v1/decisions/{decision}").json()["feedback"] == told


def test_the_first_word_stands_and_whoever_says_more_gets_it_again(client, decision):
    first = given(client, decision, thumbs="up")
    for said in ({"thumbs": "up"}, {"thumbs": "down"}, {"score": 0.5}):
        again = given(client, decision, **said)
        assert (again.status_code, again.json()) == (200, first.json())


def test_what_was_predicted_can_be_taught(client):
    answer = CHAT.ask(client, "What is 2 + 2?", model="auto:5")
    assert given(client, answer.headers["x-neuroroute-decision"], score=0.5).json()["counted"] is True


def test_what_callers_say_moves_what_is_predicted_but_not_far(keyed):
    key = bearer(make_key(keyed, models=["local", "openai"])["key"])
    with httpx.Client(base_url=keyed.url, timeout=20, trust_env=False, headers=key) as client:

        def predicted():
            plan = client.post("/v1/route", json={"prompt": "What is 2 + 2?", "model": "auto:10"}).json()["plan"]
            return {one["model"]: one["quality"] for one in plan["candidates"]}

        before = predicted()
        for _ in range(25):
            answer = CHAT.ask(client, "What is 2 + 2?", model="auto:10", neuroroute={"max_cost_usd": 0})
            assert answer.headers["x-neuroroute-model"] == "local"
            assert given(client, answer.headers["x-neuroroute-decision"], thumbs="up").json()["counted"]
        eventually(lambda: predicted()["local"] != before["local"], within=5)
        after = predicted()
    most = (1 - before["local"]) / 3  # twenty-five words against fifty that find the prediction right
    assert before["local"] < after["local"] <= before["local"] + most + 1e-9
    assert after["openai"] == before["openai"]


def test_answers_of_every_surface_can_be_judged(client):
    prompt = client.post("/prompt", json={"prompt": "Hello", "metadata": {"use_cache": False}})
    for answer in (prompt, MESSAGES.ask(client, "hello"), CHAT.ask(client, "hello", stream=True)):
        assert given(client, answer.headers["x-neuroroute-decision"], thumbs="up").status_code == 200


@pytest.mark.parametrize("decision", [UNKNOWN, "0" * 32, "x", "A" * 32, "'; DROP TABLE decisions; --", "ü" * 100])
def test_what_is_not_there_is_not_found(client, decision):
    answer = given(client, decision, thumbs="up")
    assert (answer.status_code, answer.headers["x-error-code"]) == (404, "not_found")


def test_a_foreign_decision_is_as_one_that_is_not_there(keyed):
    owner, other = make_key(keyed)["key"], make_key(keyed)["key"]
    with httpx.Client(base_url=keyed.url, timeout=20, trust_env=False) as client:
        decision = CHAT.ask(client, "hello", headers=bearer(owner)).headers["x-neuroroute-decision"]
        for foreign in (bearer(other), ADMIN):
            assert given(client, decision, foreign, thumbs="down").status_code == 404
        assert given(client, decision, bearer(owner), thumbs="up").json()["score"] == 1


def test_where_nobody_answered_there_is_nothing_to_judge(client):
    failed = CHAT.ask(client, "hello [[sim:openai.status=400]]")
    answer = given(client, failed.headers["x-neuroroute-decision"], thumbs="down")
    assert answer.status_code == 404
    assert "Nobody answered" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("said", "param"),
    [
        ({}, "score"),
        ({"score": 1, "thumbs": "up"}, "score"),
        ({"score": None}, "score"),
        ({"score": -0.01}, "score"),
        ({"score": 1.01}, "score"),
        ({"score": 10**400}, "score"),
        ({"score": "1"}, "score"),
        ({"score": True}, "score"),
        ({"score": [1]}, "score"),
        ({"thumbs": "sideways"}, "thumbs"),
        ({"thumbs": True}, "thumbs"),
        ({"thumbs": "up", "comment": "fine"}, None),
        ({"thumbs": "up", "decision_id": 5}, "decision_id"),
        ({"thumbs": "up", "decision_id": ""}, "decision_id"),
        ({"thumbs": "up", "decision_id": "x" * 101}, "decision_id"),
    ],
)
def test_what_is_no_feedback_is_refused_by_its_field(client, said, param):
    answer = given(client, **{"decision": UNKNOWN, **said})
    assert (answer.status_code, answer.headers["x-error-code"]) == (400, "invalid_request")
    assert answer.json()["error"]["param"] == param
    assert "sideways" not in answer.text


@pytest.mark.parametrize(
    "body",
    [b"[]", b"5", b"null", b'"x"', b"{", b"", b'{"decision_id": "x", "score": NaN}',
     b'{"decision_id": "x", "score": 1e999}', b'{"decision_id": "x", "score": 1, "score": 0}',
     b'{"decision_id": "\\u0000", "score": 1}', b'{"decision_id": "\\ud800", "score": 1}', b"\xff"],
)  # fmt: skip
def test_what_is_no_json_object_is_refused(client, body):
    answer = client.post(FEEDBACK, content=body, headers={"content-type": "application/json"})
    assert answer.status_code in {400, 404}
    assert answer.json()["error"]["message"]


def test_a_word_is_carried_out_though_its_caller_has_none_to_wait_for(client, decision):
    assert client.post(FEEDBACK, content=b"a=b", headers={"content-type": "text/plain"}).status_code == 415
    assert client.get(FEEDBACK).status_code == 405
    assert client.options(FEEDBACK).headers["allow"] == "OPTIONS, POST"
