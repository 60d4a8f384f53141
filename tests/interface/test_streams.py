"""Streamed answers: their events in order, and what happens when a model stops in the middle."""

import time

import pytest
from contract.refusals import assert_refused
from interface.events import read_events, stream, streaming, text_of

MODELS = ["local", "openai", "anthropic"]


@pytest.mark.parametrize("model", MODELS)
def test_a_stream_starts_says_its_text_and_is_done(client, model):
    answer = stream(client, "hello [[sim:all.words=30]]", model=model)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    start, *texts, done = events = read_events(answer.text)
    assert [event.name for event in events] == ["start", *[""] * len(texts), "done"]
    assert len(texts) > 10
    assert all(event.data.keys() == {"text"} and event.data["text"] for event in texts)
    assert len(text_of(events).split()) == 30
    assert start.data.keys() == {"model_used", "request_id", "classification"}
    assert start.data["model_used"] == done.data["model_used"] == model
    assert start.data["request_id"] == done.data["request_id"] == answer.headers["x-request-id"]
    assert start.data["classification"] == done.data["classification"]
    assert done.data["token_usage"]["completion_tokens"] > 10
    assert done.data["from_cache"] is False
    assert "response" not in done.data


@pytest.mark.parametrize("model", MODELS)
def test_a_stream_says_what_a_whole_answer_says(client, model):
    body = {"prompt": "the same please", "metadata": {"model": model, "use_cache": False}}
    whole = client.post("/prompt", json=body).json()
    events = read_events(stream(client, "the same please", model=model).text)
    assert text_of(events).strip() == whole["response"]
    own = {"request_id", "timestamp", "latency_ms", "response"}
    done = events[-1].data
    assert {k: v for k, v in done.items() if k not in own} == {k: v for k, v in whole.items() if k not in own}


def test_pieces_come_as_they_are_said(client):
    with streaming(client, "hello [[sim:local.stall_after=3]] [[sim:local.stall_for=0.8]]", model="local") as answer:
        began = time.monotonic()
        pieces = answer.iter_text()
        first = next(pieces)
        assert first.startswith("event: start")
        assert time.monotonic() - began < 0.5
        rest = "".join(pieces)
        assert "event: error" in rest


def test_a_stream_is_never_compressed(client):
    answer = stream(client, "hello [[sim:local.words=400]]", model="local", headers={"accept-encoding": "gzip"})
    assert "content-encoding" not in answer.headers
    assert len(answer.content) > 1000


def test_a_stream_falls_over_before_its_first_event(client):
    answer = stream(client, "hello [[sim:local.status=500]]", model="local")
    start, *_, done = read_events(answer.text)
    assert (start.data["model_used"], done.data["model_used"]) == ("openai", "openai")
    assert done.data["fallback"] is True
    assert done.data["fallback_reason"].startswith("Primary model (local) failed: ")


def test_a_stream_that_cannot_start_is_a_plain_error(client):
    assert_refused(stream(client, "hello [[sim:all.status=500]]"), 502, "model_error")
    assert_refused(stream(client, "hello [[sim:all.delay=2]]", timeout=0.2), 504, "request_timeout")
    assert_refused(stream(client, ""), 422, "validation_error")


def test_a_stream_is_remembered_for_streams_and_for_whole_answers(client, admin):
    admin.post("/admin/cache/clear")
    first = read_events(stream(client, "remember me", model="openai", use_cache=True).text)
    second = read_events(stream(client, "remember me", model="openai", use_cache=True).text)
    assert (first[-1].data["from_cache"], second[-1].data["from_cache"]) == (False, True)
    assert text_of(first) == text_of(second)
    assert isinstance(second[-1].data["cache_latency_ms"], int)
    assert second[0].data["request_id"] == second[-1].data["request_id"] != first[-1].data["request_id"]
    body = {"prompt": "remember me", "metadata": {"model": "openai"}}
    whole = client.post("/prompt", json=body).json()
    assert (whole["from_cache"], whole["response"]) == (True, text_of(first))


def test_a_whole_answer_is_remembered_for_streams(client, admin):
    admin.post("/admin/cache/clear")
    body = {"prompt": "remember me whole", "metadata": {"model": "openai"}}
    whole = client.post("/prompt", json=body).json()
    events = read_events(stream(client, "remember me whole", model="openai", use_cache=True).text)
    assert events[-1].data["from_cache"] is True
    assert text_of(events) == whole["response"]


def test_a_test_of_a_model_may_be_streamed(client):
    events = read_events(stream(client, "hello", path="/test-model/anthropic").text)
    assert events[0].data.keys() == {"model_used", "request_id"}
    assert events[-1].name == "done"
    assert events[-1].data["test_mode"] is True
    assert "from_cache" not in events[-1].data
