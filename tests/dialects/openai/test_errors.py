"""What providers say of their failures, and how ours are told to callers of OpenAI's language."""

import msgspec
import pytest
from dialects.openai.chat_wire import CALLER, PROVIDER
from hypothesis import given
from hypothesis import strategies as st

from neuroroute.dialects.caller_side import ApiError
from neuroroute.domain.errors import ProviderWords

DEEP = b"[" * 100_000 + b"]" * 100_000


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            {"error": {"message": "m", "type": "invalid_request_error", "param": "n", "code": "c"}},
            ProviderWords(message="m", type="invalid_request_error", param="n", code="c"),
        ),
        ({"error": {"message": "m", "code": 429, "metadata": {}}}, ProviderWords(message="m", code="429")),
        ({"error": "No model loaded"}, ProviderWords(message="No model loaded")),
        (
            {"type": "error", "error": {"type": "overloaded_error", "message": "m"}},
            ProviderWords(type="overloaded_error", message="m"),
        ),
        ({"detail": "Not Found"}, ProviderWords(message="Not Found")),
        ({"object": "error", "message": "m", "type": "t", "code": 40}, ProviderWords(message="m", type="t", code="40")),
        ([{"error": {"code": 400, "message": "m", "status": "X"}}], ProviderWords(message="m", code="400")),
        ({"error": {"message": ["m"], "type": True, "code": {}}}, ProviderWords()),
        ({"error": {"message": "x" * 3_000, "code": "y" * 300}}, ProviderWords(message="x" * 2_000, code="y" * 200)),
        ({"error": [1]}, ProviderWords()),
        ({}, ProviderWords()),
        ([], ProviderWords()),
        (b"<html>502</html>", ProviderWords()),
        (b"\xff", ProviderWords()),
        (b'{"error":{"code":' + b"9" * 5_000 + b"}}", ProviderWords()),
        (b'{"error":' + DEEP + b"}", ProviderWords()),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_reads_what_a_provider_says_of_its_failure(body, words):
    assert PROVIDER.words(body if isinstance(body, bytes) else msgspec.json.encode(body)) == words


@given(st.binary(max_size=100))
def test_anything_may_be_said(body):
    assert isinstance(PROVIDER.words(body), ProviderWords)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (403, "permission_error"),
        (404, "not_found_error"),
        (413, "invalid_request_error"),
        (422, "invalid_request_error"),
        (429, "rate_limit_error"),
        (500, "server_error"),
        (502, "server_error"),
        (503, "server_error"),
        (504, "server_error"),
    ],
)
def test_names_the_kind_that_the_sdks_know(status, kind):
    error = ApiError(status=status, message="m", code="c", param="p", request_id="r")
    assert msgspec.json.decode(CALLER.write_error(error)) == {
        "error": {"message": "m", "type": kind, "param": "p", "code": "c"}
    }


def test_the_providers_own_kind_wins():
    error = ApiError(status=400, message="m", type="billing_error", request_id="r")
    assert msgspec.json.decode(CALLER.write_error(error))["error"] == {
        "message": "m",
        "type": "billing_error",
        "param": None,
        "code": None,
    }
