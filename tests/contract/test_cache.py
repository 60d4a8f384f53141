"""What the response cache does to `POST /prompt`, and how it is emptied (CONTRACT.md 4)."""

import time

import pytest
from contract.refusals import assert_refused

PROMPT = {"prompt": "what is cached", "metadata": {"model": "openai", "user_id": "u", "temperature": 0.5}}


@pytest.fixture
def emptied(client):
    client.post("/admin/cache/clear")
    yield
    client.post("/admin/cache/clear")


def with_metadata(**metadata):
    return {"prompt": PROMPT["prompt"], "metadata": PROMPT["metadata"] | metadata}


@pytest.mark.parametrize(
    "change",
    [{"request_id": "x"}, {"timeout": 5}, {"use_cache": True}, {"use_cache": None}, {"cache_ttl": 5}, {"unknown": 1}],
    ids=str,
)
def test_hits_whatever_cannot_change_the_answer(client, emptied, change):
    client.post("/prompt", json=PROMPT)
    assert client.post("/prompt", json=with_metadata(**change)).json()["from_cache"] is True


@pytest.mark.parametrize(
    "change",
    [
        {"temperature": 0.7}, {"temperature": None}, {"max_tokens": 5}, {"user_id": "v"}, {"user_id": ""},
        {"user_id": None}, {"model": "anthropic"}, {"model": None}, {"priority": "cost"}, {"language": "de"},
        {"system_prompt": "Be brief."},
        {"required_capabilities": ["reasoning"]},
    ],
    ids=str,
)  # fmt: skip
def test_misses_whatever_can_change_the_answer(client, emptied, change):
    client.post("/prompt", json=PROMPT)
    assert client.post("/prompt", json=with_metadata(**change)).json()["from_cache"] is False


def test_neither_reads_nor_writes_where_the_caller_says_no(client, emptied):
    client.post("/prompt", json=with_metadata(use_cache=False))
    assert client.post("/prompt", json=PROMPT).json()["from_cache"] is False
    assert client.post("/prompt", json=with_metadata(use_cache=False)).json()["from_cache"] is False


def test_an_entry_ends_when_its_own_time_is_over(client, emptied):
    client.post("/prompt", json=with_metadata(cache_ttl=1))
    assert client.post("/prompt", json=PROMPT).json()["from_cache"] is True
    time.sleep(1.1)
    assert client.post("/prompt", json=PROMPT).json()["from_cache"] is False


def test_remembers_no_failure_and_no_fallback(client, emptied):
    for fault in ("all.status=500", "openai.status=500"):
        body = {"prompt": f"hello [[fake:{fault}]]", "metadata": {"model": "openai"}}
        for _ in range(2):
            answer = client.post("/prompt", json=body)
            assert answer.is_error or answer.json()["from_cache"] is False


def test_clears_all_or_one_model(client, emptied):
    for model in ("local", "openai", "anthropic"):
        client.post("/prompt", json=with_metadata(model=model))
    answer = client.post("/admin/cache/clear", params={"model": "openai"}).json()
    assert (answer["success"], answer["cleared_entries"], answer["model"]) == (True, 1, "openai")
    answer = client.post("/admin/cache/clear/").json()
    assert (answer["success"], answer["cleared_entries"], answer["model"]) == (True, 2, None)
    answer = client.post("/admin/cache/clear?model=zzz").json()
    assert (answer["success"], answer["cleared_entries"], answer["model"]) == (True, 0, "zzz")
    assert_refused(client.post("/admin/cache/clear?model="), 422, "validation_error", loc=["query", "model"])


def test_a_hit_is_the_same_answer_with_an_id_and_a_time_of_its_own(client, emptied):
    first, second = (client.post("/prompt", json=PROMPT).json() for _ in range(2))
    assert (first["from_cache"], second["from_cache"]) == (False, True)
    assert isinstance(second.pop("cache_latency_ms"), int)
    assert "cache_key" not in second
    assert first["request_id"] != second["request_id"]
    assert first["timestamp"] < second["timestamp"]
    own = ("from_cache", "request_id", "timestamp")
    assert {k: v for k, v in first.items() if k not in own} == {k: v for k, v in second.items() if k not in own}


def test_a_clear_is_in_the_audit_log(client):
    client.post("/admin/cache/clear", params={"model": "openai"})
    (entry,) = client.get("/admin/audit", params={"limit": 1}).json()["entries"]
    assert (entry["action"], entry["target"], entry["actor"]) == ("cache.clear", "openai", "admin")
    assert entry["after"].keys() == {"cleared"}
