"""Models that stop in the middle of a streamed answer."""

import time

import pytest
from interface.events import read_events, stream

MODELS = ["local", "openai", "anthropic"]
PACED = "[[sim:all.bytes_per_second=100000]]"
"""Slow enough that the first words have been handed on before the last have come."""


FAULTS = [
    "cut_after=1200]] [[sim:all.cut=rst", "cut_after=1200]] [[sim:all.cut=fin", "error_after=20",
    "malformed_after=20]] [[sim:all.malformed_sse=json", "malformed_after=20]] [[sim:all.malformed_sse=unframed",
    "no_end=finish",
]  # fmt: skip


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_model_that_stops_in_the_middle_is_told_as_an_error_and_never_as_done(client, model, fault):
    answer = stream(client, f"hello [[sim:all.words=60]] {PACED} [[sim:all.{fault}]]", model=model)
    assert answer.status_code == 200
    start, *_, last = events = read_events(answer.text)
    assert start.name == "start"
    assert [event.name for event in events].count("done") == 0
    assert last.name == "error"
    assert last.data.keys() == {"detail", "timestamp", "request_id", "code"}
    assert last.data["code"] in {"model_error", "model_throttled"}
    assert last.data["request_id"] == start.data["request_id"]
    assert last.data["detail"].startswith(f"Error: {model} stopped in the middle of its answer.")


def test_a_model_that_stalls_is_told_as_a_time_out(client):
    began = time.monotonic()
    answer = stream(client, "hello [[sim:local.stall_after=3]]", model="local", timeout=0.5)
    *_, last = read_events(answer.text)
    assert (last.name, last.data["code"]) == ("error", "request_timeout")
    assert time.monotonic() - began < 3


def test_a_half_answer_is_not_remembered(client):
    fault = f"hello half [[sim:all.words=60]] {PACED} [[sim:openai.cut_after=3000]]"
    for _ in range(2):
        *_, last = read_events(stream(client, fault, model="openai", use_cache=True).text)
        assert last.name == "error"
