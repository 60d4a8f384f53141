"""OpenAI's responses, as callers hear them."""

import msgspec
import pytest
from dialects.responses_wire import CONTENT, OPENING, STREAM, data_of, events

from neuroroute.dialects.caller_side import ApiError, Told
from neuroroute.dialects.openai.errors import write_error
from neuroroute.dialects.responses.caller import ResponsesDialect
from neuroroute.dialects.responses.relay import ResponsesRelay
from neuroroute.domain.completion import Completion, Finished, FinishReason, TextDelta, Verbatim
from neuroroute.domain.model import Dialect, Wire

DIALECT = ResponsesDialect()
TOLD = Told(id="0" * 32, model="m", created=1, prompt_tokens=1, tells_usage=True)
END = Finished(FinishReason.STOP, "completed", None)
ERROR = ApiError(status=502, message="The provider stopped.", code="model_error", param=None, request_id="req_1")


def test_only_providers_of_the_same_language_can_carry_it():
    assert (DIALECT.wire, DIALECT.only) == (Wire.RESPONSES, Dialect.OPENAI)


def test_a_stream_is_what_was_relayed():
    writer = DIALECT.writer(TOLD)
    assert b"".join(writer.write(event) for event in ResponsesRelay().stream().feed(STREAM)) == STREAM


def test_so_is_a_whole_answer():
    assert DIALECT.write(Completion("", END, verbatim=(Verbatim(b"{", 0), Verbatim(b"}", 0))), TOLD) == b"{}"


def test_what_cannot_come_says_nothing():
    assert DIALECT.writer(TOLD).write(TextDelta("a")) == b""


@pytest.mark.parametrize("pieces", [1, 3, len(CONTENT)])
def test_a_cut_is_an_error_event_with_the_next_number(pieces):
    writer = DIALECT.writer(TOLD)
    told = b"".join(
        writer.write(event) for event in ResponsesRelay().stream().feed(events(*OPENING, *CONTENT[:pieces]))
    )
    *_, last = data_of(told + writer.cut(ERROR))
    assert last == {
        "type": "error",
        "code": "model_error",
        "message": "The provider stopped.",
        "param": None,
        "sequence_number": len(OPENING) + pieces,
        "error": msgspec.json.decode(write_error(ERROR))["error"],
    }
    assert writer.cut(ERROR).startswith(b"event: error\n")


@pytest.mark.parametrize(
    "last", [None, b"", b"data: {}\n\n", b'data: {"sequence_number": "x"}\n\n', b"data: nonsense\n\n", b": alive\n\n"]
)
def test_where_nothing_was_numbered_it_is_the_first(last):
    writer = DIALECT.writer(TOLD)
    if last is not None:
        writer.write(Verbatim(last, 0))
    (error,) = data_of(writer.cut(ERROR))
    assert error["sequence_number"] == 0


def test_an_error_is_told_as_openai_does():
    assert DIALECT.write_error(ERROR) == write_error(ERROR)
