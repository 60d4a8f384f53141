"""What `POST /prompt` answers: the fields of each model, and none that do not apply (CONTRACT.md 2 and 5)."""

import time

import msgspec
import pytest
from catalogs import default_entries
from dialects.cutting import heard
from factories import ExclusionFactory, FinishedFactory, RankingFactory, SelectionFactory, UsageFactory

from neuroroute.dialects.lax import Problem
from neuroroute.dialects.native_answers import (
    Told,
    write_completion,
    write_cut,
    write_end,
    write_error,
    write_start,
    write_text,
)
from neuroroute.dialects.sse import SseReader
from neuroroute.domain.completion import TextDelta
from neuroroute.domain.model import ModelId
from neuroroute.domain.routing import SelectionMethod

CARDS = {card.id: card for card in default_entries().cards}
ALWAYS = {
    "model_used", "response", "latency_ms", "request_id", "token_usage", "from_cache", "classification", "timestamp",
}  # fmt: skip
CHOSEN = {"method": SelectionMethod.CALLER, "ranking": None}


def told(model="openai", **facts):
    defaults = {
        "card": CARDS[model],
        "selection": SelectionFactory.build(model=ModelId(model), **CHOSEN),
        "switched": None,
        "failed": None,
        "request_id": "req_1",
        "latency_ms": 412,
        "cache_latency_ms": None,
    }
    return Told(**(defaults | facts))


def answer(text="Paris", finished=None, **facts):
    return msgspec.json.decode(write_completion(told(**facts), text, finished or FinishedFactory.build()))


@pytest.mark.parametrize(
    ("model", "own"),
    [
        ("local", {"finish_reason", "model_name", "cost_estimate_usd"}),
        ("openai", {"finish_reason", "model", "cost_estimate_usd"}),
        ("anthropic", {"finish_reason", "stop_reason", "model", "cost_estimate_usd"}),
    ],
)
def test_each_model_has_its_own_fields_beside_those_of_all(model, own):
    assert answer(model=model).keys() == ALWAYS | own


def test_the_fields_of_every_answer():
    before = time.time()
    said = answer(latency_ms=0)
    assert before <= said.pop("timestamp") <= time.time()
    assert said == {
        "model_used": "openai",
        "response": "Paris",
        "latency_ms": 0,
        "request_id": "req_1",
        "token_usage": {"prompt_tokens": 12, "completion_tokens": 5, "total_tokens": 17},
        "from_cache": False,
        "classification": {"selection_method": "user_specified", "selected_model": "openai"},
        "finish_reason": "stop",
        "model": "gpt-4o",
        "cost_estimate_usd": 0.00008,
    }


def test_the_local_model_says_what_was_loaded_or_its_name_and_costs_nothing():
    assert answer(model="local")["model_name"] == "some-model-2026"
    said = answer(model="local", finished=FinishedFactory.build(model=None))
    assert (said["model_name"], said["cost_estimate_usd"]) == ("local-lmstudio", 0.0)


def test_only_the_local_models_answer_is_trimmed():
    texts = {model: answer(" Paris\n", model=model)["response"] for model in CARDS}
    assert texts == {"local": "Paris", "openai": " Paris\n", "anthropic": " Paris\n"}


def test_anthropic_says_twice_why_it_stopped():
    said = answer(model="anthropic", finished=FinishedFactory.build(native_reason="end_turn"))
    assert (said["finish_reason"], said["stop_reason"]) == ("end_turn", "end_turn")


def test_an_empty_answer_is_an_answer():
    assert answer("", model="anthropic")["response"] == ""


def test_estimated_usage_is_said_to_be():
    usage = answer(finished=FinishedFactory.build(usage=UsageFactory.build(estimated=True)))["token_usage"]
    assert usage == {"prompt_tokens": 12, "completion_tokens": 5, "total_tokens": 17, "estimated": True}


def test_an_unpriced_model_has_no_cost_rather_than_none():
    unpriced = msgspec.structs.replace(CARDS["openai"], price=None)
    assert "cost_estimate_usd" not in answer(card=unpriced)


def test_a_remembered_answer_says_how_long_that_took_and_nothing_of_the_key():
    said = answer(cache_latency_ms=0)
    assert (said["from_cache"], said["cache_latency_ms"], said["latency_ms"]) == (True, 0, 412)
    assert "cache_key" not in said


def test_an_answer_after_a_failure_says_so():
    said = answer(failed=("local", "it is down"))
    assert said["fallback"] is True
    assert said["fallback_reason"] == "Primary model (local) failed: it is down"
    assert "health_fallback" not in said["classification"]


def test_an_answer_in_place_of_an_unhealthy_model_says_so_twice():
    said = answer(selection=SelectionFactory.build(model=ModelId("local"), **CHOSEN), switched=ExclusionFactory.build())
    assert said["fallback_reason"] == "Primary model (local) failed: its last health probe failed"
    assert said["classification"] == {
        "selection_method": "user_specified",
        "selected_model": "openai",
        "health_fallback": True,
        "original_model": "local",
        "fallback_reason": "its last health probe failed",
    }


def test_the_classifiers_choice_comes_with_its_reasons():
    said = answer(selection=SelectionFactory.build(ranking=RankingFactory.build(best=ModelId("openai"))))
    classification = said["classification"]
    assert (classification["selection_method"], classification["source"]) == ("classifier", "rule_based")
    assert classification["confidence"] == 0.875
    assert classification["reasoning"].keys() == {
        "keyword_matches", "features", "model_scores", "adjusted_scores",
    }  # fmt: skip


def test_required_capabilities_are_repeated():
    selection = SelectionFactory.build(method=SelectionMethod.CAPABILITIES, required=("math",), ranking=None)
    assert answer(selection=selection)["classification"] == {
        "selection_method": "capability_based",
        "selected_model": "openai",
        "required_capabilities": ["math"],
    }


def test_a_trial_says_that_it_is_one_and_neither_why_nor_whether_remembered():
    said = answer(test=True)
    assert said["test_mode"] is True
    assert not said.keys() & {"classification", "from_cache"}


@pytest.mark.parametrize("text", ["Grüße", 'a "b"\n\\', "\u2028", "🗼", "</script>"])
def test_text_is_compact_utf_8(text):
    body = write_completion(told(), text, FinishedFactory.build())
    assert msgspec.json.decode(body)["response"] == text
    assert b": " not in body
    assert text.isprintable() is False or text.replace('"', '\\"').encode() in body


def test_a_stream_says_who_then_the_text_then_the_rest():
    stream = write_start(told()) + write_text(TextDelta("Par\nis\r\r")) + write_end(told(), FinishedFactory.build())
    start, text, done = heard(SseReader(), [stream])
    assert (start.name, text.name, done.name) == (b"start", b"", b"done")
    assert msgspec.json.decode(start.data).keys() == {"model_used", "request_id", "classification"}
    assert msgspec.json.decode(text.data) == {"text": "Par\nis\r\r"}
    said = msgspec.json.decode(done.data)
    assert said.keys() == answer().keys() - {"response"}


def test_a_trials_stream_does_not_say_why_either():
    (start,) = heard(SseReader(), [write_start(told(test=True))])
    assert msgspec.json.decode(start.data).keys() == {"model_used", "request_id"}


def test_a_cut_stream_ends_with_an_error():
    (error,) = heard(SseReader(), [write_cut("it stopped", code="model_error", request_id="req_1")])
    assert error.name == b"error"
    assert msgspec.json.decode(error.data).keys() == {"detail", "timestamp", "request_id", "code"}


def test_an_error_says_what_when_which_and_of_what_kind():
    said = msgspec.json.decode(write_error("No", code="model_error", request_id="req_1"))
    assert isinstance(said.pop("timestamp"), float)
    assert said == {"detail": "No", "request_id": "req_1", "code": "model_error"}


def test_an_error_of_many_problems_lists_them():
    problem = Problem("missing", ("body", "prompt"), "Field required")
    said = msgspec.json.decode(write_error((problem,), code="validation_error", request_id="req_1"))
    assert said["detail"] == [{"type": "missing", "loc": ["body", "prompt"], "msg": "Field required"}]
