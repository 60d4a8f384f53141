"""Failures as callers of `/v1` are told of them, in either language."""

import json

import pytest
from factories import ModelCardFactory

from neuroroute.dialects.anthropic.caller import MessagesDialect
from neuroroute.dialects.caller_side import InvalidRequest
from neuroroute.dialects.embeddings import EmbeddingsDialect
from neuroroute.dialects.strict_json import MalformedBody
from neuroroute.domain.errors import (
    AllCandidatesFailed,
    CallerForbidden,
    CallerRefused,
    CallerThrottled,
    ModelNotAllowed,
    NoEligibleModel,
    NotCarried,
    NothingFits,
    PromptTooLong,
    ProviderMisconfigured,
    ProviderRefused,
    ProviderThrottled,
    ProviderUnavailable,
    ProviderWords,
    StateUnavailable,
    UnknownModel,
)
from neuroroute.domain.model import Dialect
from neuroroute.interface.api_errors import ApiTeller
from neuroroute.interface.errors import HttpRefusal
from neuroroute.interface.visit import Visit

OPENAI, ANTHROPIC = ApiTeller(EmbeddingsDialect()), ApiTeller(MessagesDialect())
WORDS = ProviderWords(type="their_type", code="their_code", param="their_param", message="Their message.")
DOWN = ProviderUnavailable("The provider has a fault of its own (HTTP 500)", status=500)


def visit():
    return Visit({"type": "http", "headers": [(b"x-request-id", b"asked-1")]})


def told(teller, error, *, spoken=None):
    reply = teller.reply(visit(), error, spoken=spoken)
    return reply.status, json.loads(reply.body), dict(reply.headers)


@pytest.mark.parametrize(
    ("error", "status", "code", "openai", "anthropic"),
    [
        (InvalidRequest("No.", param="n"), 400, "invalid_request", "invalid_request_error", "invalid_request_error"),
        (MalformedBody("No."), 400, "invalid_json", "invalid_request_error", "invalid_request_error"),
        (NotCarried(["n"]), 400, "unsupported_parameter", "invalid_request_error", "invalid_request_error"),
        (NothingFits({"m": "too small"}), 400, "no_model_fits", "invalid_request_error", "invalid_request_error"),
        (CallerRefused("No."), 401, "unauthorized", "authentication_error", "authentication_error"),
        (CallerForbidden("No."), 403, "forbidden", "permission_error", "permission_error"),
        (ModelNotAllowed("m"), 403, "model_not_allowed", "permission_error", "permission_error"),
        (UnknownModel("m"), 404, "model_not_found", "not_found_error", "not_found_error"),
        (HttpRefusal(408, "request_timeout", "No."), 408, "request_timeout", "invalid_request_error",
         "invalid_request_error"),
        (PromptTooLong(characters=2, limit=1), 413, "prompt_too_long", "invalid_request_error", "request_too_large"),
        (CallerThrottled("No.", retry_after=2), 429, "rate_limit_exceeded", "rate_limit_error", "rate_limit_error"),
        (KeyError("a secret"), 500, "internal_error", "server_error", "api_error"),
        (DOWN, 502, "model_error", "server_error", "api_error"),
        (NoEligibleModel("None."), 503, "model_unavailable", "server_error", "api_error"),
        (StateUnavailable("Away."), 503, "state_unavailable", "server_error", "api_error"),
        (ProviderUnavailable("Late.", timed_out=True), 504, "request_timeout", "server_error", "timeout_error"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)  # fmt: skip
def test_each_failure_is_told_in_the_callers_language(error, status, code, openai, anthropic):
    got, body, headers = told(OPENAI, error)
    assert (got, body["error"]["type"], body["error"]["code"]) == (status, openai, code)
    got, body, also = told(ANTHROPIC, error)
    assert (got, body["type"], body["error"]["type"]) == (status, "error", anthropic)
    assert body["request_id"] == "asked-1"
    assert also == headers | {b"request-id": b"asked-1"}, "where Anthropic's clients look for it"
    assert headers[b"x-error-code"] == code.encode()
    assert "a secret" not in str(body)


def test_a_field_at_fault_is_named():
    assert told(OPENAI, InvalidRequest("No.", param="messages[0].role"))[1]["error"]["param"] == "messages[0].role"
    assert told(OPENAI, NotCarried(["logit_bias", "n"]))[1]["error"]["param"] == "logit_bias"
    assert told(OPENAI, UnknownModel("m"))[1]["error"]["param"] == "model"


def test_overloaded_is_a_status_that_anthropics_clients_know_and_others_do_not():
    said = ProviderWords(type="overloaded_error")
    for failure in (ProviderUnavailable("No.", status=529), ProviderUnavailable("No.", words=said)):
        assert told(ANTHROPIC, failure)[0] == 529
        assert told(ANTHROPIC, failure)[1]["error"]["type"] == "overloaded_error"
        assert told(OPENAI, failure)[0] == 503


@pytest.mark.parametrize("teller", [OPENAI, ANTHROPIC])
@pytest.mark.parametrize(
    ("error", "status"),
    [(ProviderRefused("No.", status=status), status) for status in (400, 413, 422)]
    + [(ProviderMisconfigured("No.", status=status), status) for status in (403, 404)]
    + [(ProviderMisconfigured("No.", status=status), 400) for status in (409, 415, 424, 451)]
    + [(ProviderMisconfigured("No.", status=402), 403)]
    + [(ProviderMisconfigured("No.", status=status), 502) for status in (401, 405)]
    + [(ProviderUnavailable("No.", status=status), 502) for status in (None, 408, 500, 502)]
    + [(ProviderUnavailable("No.", status=status), status) for status in (503, 504)]
    + [(ProviderThrottled("No."), 429)],
)  # fmt: skip
def test_a_provider_speaks_through_where_the_request_is_at_fault_and_nowhere_else(teller, error, status):
    assert told(teller, error)[0] == status
    assert told(teller, AllCandidatesFailed([error]))[0] == status
    assert told(teller, AllCandidatesFailed([error, DOWN]))[0] == status
    assert told(teller, AllCandidatesFailed([DOWN, error]))[0] == 502


def test_throttled_says_when_to_come_back_the_soonest_of_all():
    error = AllCandidatesFailed(
        [ProviderThrottled("No.", retry_after=30), DOWN, ProviderThrottled("No.", retry_after=1.2)]
    )
    assert told(OPENAI, error)[2][b"retry-after"] == b"2"
    assert b"retry-after" not in told(OPENAI, ProviderThrottled("No."))[2]


def test_a_provider_that_is_down_says_when_to_come_back():
    for status in (503, 529):
        assert told(OPENAI, ProviderUnavailable("No.", status=status, retry_after=7))[2][b"retry-after"] == b"7"


def test_the_providers_words_are_told_to_whom_they_are_about():
    status, body, headers = told(OPENAI, ProviderRefused("Ours.", status=400, words=WORDS), spoken=Dialect.OPENAI)
    assert (status, headers[b"x-error-code"]) == (400, b"model_refused")
    assert body["error"] == {
        "message": "Their message.", "type": "their_type", "code": "their_code", "param": "their_param",
    }  # fmt: skip


def test_the_kind_of_failure_is_told_in_the_callers_language_only():
    refused = ProviderRefused("Ours.", status=400, words=WORDS)
    for teller, spoken in ((OPENAI, Dialect.ANTHROPIC), (ANTHROPIC, Dialect.OPENAI), (OPENAI, None)):
        error = told(teller, refused, spoken=spoken)[1]["error"]
        assert (error["type"], error["message"]) == ("invalid_request_error", "Their message.")
    assert told(ANTHROPIC, refused, spoken=Dialect.ANTHROPIC)[1]["error"]["type"] == "their_type"


@pytest.mark.parametrize("status", [401, 500, None])
def test_what_is_not_about_the_request_is_told_in_our_words(status):
    kind = ProviderMisconfigured if status == 401 else ProviderUnavailable
    body = told(OPENAI, kind("Ours.", status=status, words=WORDS), spoken=Dialect.OPENAI)[1]
    assert "heir" not in str(body)
    assert body["error"]["message"] == "Ours."


def test_in_the_middle_of_an_answer_the_model_is_named_and_its_provider_not_quoted():
    card = ModelCardFactory.build(id="m", dialect=Dialect.OPENAI)
    failure = ProviderThrottled("The provider limits our rate", words=WORDS)
    told = OPENAI.event(failure, "asked-1", spoken=None, cut=card)
    assert told.message == "m stopped in the middle of its answer. The provider limits our rate"
    assert (told.type, told.param) == ("their_type", None)
    assert ANTHROPIC.event(failure, "asked-1", spoken=None, cut=card).type is None
