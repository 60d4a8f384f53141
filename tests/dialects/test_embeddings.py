"""OpenAI's embeddings, from a caller to a provider and back."""

import msgspec
import pytest

from neuroroute.dialects.caller_side import ApiError, InvalidRequest, Told
from neuroroute.dialects.embeddings import MAX_INPUTS, EmbeddingsDialect, EmbeddingsRelay
from neuroroute.dialects.openai.errors import write_error
from neuroroute.domain.completion import Completion, Finished, FinishReason, Usage, Verbatim
from neuroroute.domain.errors import ProviderThrottled, ProviderUnavailable
from neuroroute.domain.model import Dialect, Wire
from neuroroute.domain.prompt import Message, Prompt, Role, Wording

DIALECT, RELAY = EmbeddingsDialect(), EmbeddingsRelay()
ERROR = ApiError(status=502, message="No.", request_id="req_1")
VECTORS = [{"object": "embedding", "index": 0, "embedding": [0.1, -0.25], "x_odd": 1}]
BODY = msgspec.json.format(
    msgspec.json.encode(
        {
            "object": "list",
            "data": VECTORS,
            "model": "text-embedding-3-small",
            "usage": {"prompt_tokens": 5, "total_tokens": 5},
        }
    )
)


def read(**body):
    return DIALECT.read({"model": "m", "input": "Hello"} | body, [])


def test_only_providers_of_the_same_language_can_carry_it():
    assert (DIALECT.wire, DIALECT.only) == (Wire.EMBEDDINGS, Dialect.OPENAI)


def test_a_request_travels_as_it_came():
    body = {"model": "m", "input": "Hello", "dimensions": 256, "encoding_format": "base64", "user": "u", "x_odd": [1]}
    asked = DIALECT.read(body, [("authorization", "Bearer secret")])
    wording = Wording(wire=Wire.EMBEDDINGS, body=body)
    assert asked.prompt == Prompt((Message(Role.USER, "Hello"),), user="u", wording=wording)
    assert (asked.model, asked.abilities) == ("m", frozenset())
    assert asked.most_tokens >= 5


@pytest.mark.parametrize(
    ("given", "texts"),
    [
        ("a", ["a"]),
        (["a", "b"], ["a", "b"]),
        ([1, 2, 3], []),
        ([[1, 2], [3]], []),
        (["a"] * MAX_INPUTS, ["a"] * MAX_INPUTS),
    ],
)
def test_the_input_is_one_text_or_several_or_their_tokens(given, texts):
    assert [message.text for message in read(input=given).prompt.messages] == texts


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"model": 5}, "model"),
        ({"input": None}, "input"),
        ({"input": []}, "input"),
        ({"input": ["a"] * (MAX_INPUTS + 1)}, "input"),
        ({"input": [[1]] * (MAX_INPUTS + 1)}, "input"),
        ({"input": ["a", 1]}, "input[1]"),
        ({"input": [1, "a"]}, "input[1]"),
        ({"input": [[1], []]}, "input[1]"),
        ({"input": [[1], [-2]]}, "input[1][0]"),
        ({"input": [1.5]}, "input[0]"),
        ({"input": [True]}, "input[0]"),
        ({"input": [{}]}, "input[0]"),
        ({"dimensions": 0}, "dimensions"),
        ({"dimensions": "5"}, "dimensions"),
        ({"encoding_format": 1}, "encoding_format"),
        ({"stream": True}, "stream"),
    ],
)
def test_what_cannot_be_is_refused_by_name(body, param):
    with pytest.raises(InvalidRequest) as raised:
        read(**body)
    assert raised.value.param == param


def test_an_answer_is_passed_on_as_it_came():
    said, end = RELAY.whole(BODY)
    assert said == Verbatim(BODY, 0)
    assert end == Finished(FinishReason.STOP, "", Usage(prompt_tokens=5), "text-embedding-3-small")
    assert DIALECT.write(Completion("", end, verbatim=(said,)), _told()) == BODY


@pytest.mark.parametrize("usage", [{"prompt_tokens": 5.0}, {"total_tokens": 5}])
def test_reads_what_was_read_however_it_is_told(usage):
    _, end = RELAY.whole(msgspec.json.encode({"data": VECTORS, "usage": usage}))
    assert end.usage == Usage(prompt_tokens=5)


@pytest.mark.parametrize("usage", [None, {}, {"prompt_tokens": -1}, "five"])
def test_impossible_usage_is_not_believed(usage):
    _, end = RELAY.whole(msgspec.json.encode({"data": VECTORS, "usage": usage}))
    assert end.usage is None


@pytest.mark.parametrize(
    ("body", "failure"),
    [
        (b'{"error": {"message": "Sorry.", "code": "rate_limit_exceeded"}}', ProviderThrottled),
        (b'{"error": "Sorry."}', ProviderUnavailable),
        (b'{"data": []}', ProviderUnavailable),
        (b"{}", ProviderUnavailable),
        (b"<html>", ProviderUnavailable),
        (b"[" * 100_000, ProviderUnavailable),
    ],
)
def test_what_is_no_answer_is_a_failure(body, failure):
    with pytest.raises(failure):
        RELAY.whole(body)


def test_nobody_streams_embeddings():
    with pytest.raises(ProviderUnavailable, match="never streamed"):
        RELAY.stream()


def test_errors_are_told_as_openai_does():
    assert DIALECT.write_error(ERROR) == write_error(ERROR)
    assert DIALECT.writer(_told()).cut(ERROR) == write_error(ERROR)


def _told():
    return Told(id="0" * 32, model="m", created=1, prompt_tokens=1, tells_usage=True)
