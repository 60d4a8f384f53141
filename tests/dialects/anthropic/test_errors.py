"""Errors in Anthropic's language: those that are told, and those that are read."""

import anthropic
import msgspec
import pytest
from dialects.anthropic.speaking import CALLER, PROVIDER
from hypothesis import given
from hypothesis import strategies as st

from neuroroute.dialects.caller_side import ApiError
from neuroroute.domain.errors import ProviderWords


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (403, "permission_error"),
        (404, "not_found_error"),
        (405, "invalid_request_error"),
        (413, "request_too_large"),
        (422, "invalid_request_error"),
        (429, "rate_limit_error"),
        (500, "api_error"),
        (502, "api_error"),
        (503, "api_error"),
        (504, "timeout_error"),
        (529, "overloaded_error"),
    ],
)
def test_every_status_has_its_type(status, kind):
    body = CALLER.write_error(ApiError(status=status, message="No é", request_id="abc", code="ours", param="model"))
    error = {"type": kind, "message": "No é"}
    assert msgspec.json.decode(body) == {"type": "error", "error": error, "request_id": "abc"}


def test_the_providers_own_type_is_told():
    body = CALLER.write_error(ApiError(status=400, message="No", type="billing_error", request_id="abc"))
    assert msgspec.json.decode(body)["error"]["type"] == "billing_error"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            b'{"type":"error","error":{"type":"not_found_error","message":"model: x"},"request_id":"req_1"}',
            ProviderWords(type="not_found_error", message="model: x"),
        ),
        (
            b'{"error":{"type":"t","message":"m","details":{"error_code":"spend_limit"}}}',
            ProviderWords(type="t", message="m", code="spend_limit"),
        ),
        (
            b'{"error":{"type":"t","message":"m","code":"c","param":"p","details":null}}',
            ProviderWords(type="t", message="m", code="c", param="p"),
        ),
        (b'{"error":{"type":7,"message":["m"],"code":7,"details":[]}}', ProviderWords()),
        (b'{"error":"broken"}', ProviderWords(message="broken")),
        (b'{"message":"broken"}', ProviderWords(message="broken")),
        (b'{"detail":"broken"}', ProviderWords(message="broken")),
        (b'{"error":[1]}', ProviderWords()),
        (b"<html>", ProviderWords()),
        (b"", ProviderWords()),
        (b"[" * 100_000, ProviderWords()),
        (b'{"error":' + b"[" * 100_000, ProviderWords()),
        (b'{"error":{"message":"\xff"}}', ProviderWords()),
    ],
    ids=lambda value: repr(value)[:40] if isinstance(value, bytes) else "",
)
def test_reads_what_a_provider_says_of_its_failure(body, words):
    assert PROVIDER.words(body) == words


def test_a_long_story_is_cut():
    said = PROVIDER.words(msgspec.json.encode({"error": {"message": "m" * 5000, "type": "t" * 5000}}))
    assert (len(said.message), len(said.type)) == (2000, 128)


@given(st.binary(max_size=100))
def test_whatever_the_body_nothing_escapes(body):
    for whole in (body, b'{"error":' + body + b"}"):
        PROVIDER.words(whole)


def test_the_official_client_knows_every_type():
    """Its list is the language's; `timeout_error` and all others are in it."""
    known = anthropic.types.shared.error_type.ErrorType.__args__
    told = {
        msgspec.json.decode(CALLER.write_error(ApiError(status=status, message="m", request_id="i")))["error"]["type"]
        for status in range(400, 600)
    }
    assert told <= {*known, "request_too_large"}
