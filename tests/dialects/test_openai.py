"""OpenAI's language, as providers speak it, and as they should not."""

import msgspec
import pytest
from dialects.cutting import cut, heard, one_by_one
from factories import ModelCardFactory
from hypothesis import given
from hypothesis import strategies as st

from neuroroute.dialects.openai.provider import OpenAIDialect
from neuroroute.domain.completion import Completion, Finished, FinishReason, TextDelta, Usage
from neuroroute.domain.errors import ProviderFailed, ProviderThrottled, ProviderUnavailable
from neuroroute.domain.prompt import Message, Prompt, Role

DIALECT = OpenAIDialect()
READING = DIALECT.call(Prompt((Message(Role.USER, "Capital?"),)), ModelCardFactory.build()).reading


def whole_of(body):
    return Completion.fold(READING.whole(body))


DEEP = b"[" * 100_000 + b"]" * 100_000


def sse(*data):
    return b"".join(b"data: " + (one if isinstance(one, bytes) else msgspec.json.encode(one)) + b"\n\n" for one in data)


def chunk(delta, finish_reason=None, **more):
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return {"id": "c1", "object": "chat.completion.chunk", "model": "gpt-4o-2024-08-06", "choices": [choice]} | more


PIECES = ["The capital", " of France — ", "東京? no: ", "Paris 🗼."]
TEXT = "".join(PIECES)
USAGE = {"prompt_tokens": 14, "completion_tokens": 9, "total_tokens": 23}
OPENING = [chunk({"role": "assistant", "content": ""}), *(chunk({"content": piece}) for piece in PIECES)]
STREAM = sse(*OPENING, chunk({}, "stop"), {"choices": [], "usage": USAGE, "model": "gpt-4o-2024-08-06"}, b"[DONE]")
SAID_WHY = len(sse(*OPENING, chunk({}, "stop")))
"""From this byte on the provider has said that it stopped, and why."""
END = Finished(FinishReason.STOP, "stop", Usage(prompt_tokens=14, completion_tokens=9), "gpt-4o-2024-08-06")


def read(*pieces):
    return heard(READING.stream(), pieces, framed=True)


def text_of(events):
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def test_reads_a_stream():
    assert read(STREAM) == [*map(TextDelta, PIECES), END]


@given(cut(STREAM))
def test_any_cutting_gives_the_same_answer(pieces):
    assert read(*pieces) == [*map(TextDelta, PIECES), END]


def test_byte_by_byte_too():
    assert read(*one_by_one(STREAM)) == [*map(TextDelta, PIECES), END]


@pytest.mark.parametrize("line_end", [b"\r\n", b"\r"])
def test_with_other_line_ends_too(line_end):
    assert read(STREAM.replace(b"\n", line_end)) == [*map(TextDelta, PIECES), END]


def test_cut_at_any_byte_it_never_says_more_than_it_was_told_and_never_that_it_is_whole():
    for at in range(len(STREAM)):
        reader = READING.stream()
        events = list(reader.feed(STREAM[:at]))
        assert TEXT.startswith(text_of(events))
        assert not any(isinstance(event, Finished) for event in events)
        if at < SAID_WHY:
            with pytest.raises(ProviderUnavailable, match="cut"):
                list(reader.end(framed=True))
        else:
            (end,) = reader.end(framed=True)
            assert text_of(events) == TEXT
            assert (end.reason, end.usage) in {(FinishReason.STOP, None), (FinishReason.STOP, END.usage)}


def test_a_finish_reason_without_done_is_an_end():
    (*_, end) = read(sse(*OPENING, chunk({}, "length")))
    assert (end.reason, end.native_reason, end.usage) == (FinishReason.LENGTH, "length", None)


def test_the_last_word_may_come_with_the_finish_reason_and_the_usage():
    events = read(sse(chunk({"content": "Paris"}, "stop", usage=USAGE), b"[DONE]"))
    assert events == [TextDelta("Paris"), END]


def test_nothing_is_read_after_done():
    assert read(STREAM + sse(chunk({"content": "more"}), b"[DONE]", b"garbage")) == [*map(TextDelta, PIECES), END]


def test_chunks_without_choices_keep_alive_and_say_nothing():
    stream = b": OPENROUTER PROCESSING\n\n" + sse({"choices": []}, {"choices": None}, {"id": "x"}) + STREAM
    assert read(stream) == [*map(TextDelta, PIECES), END]


def test_only_the_first_choice_is_read():
    other = {"choices": [{"index": 1, "delta": {"content": "no"}, "finish_reason": "length"}]}
    assert read(sse(other) + STREAM) == [*map(TextDelta, PIECES), END]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ([{"type": "text", "text": "Par"}, {"type": "text", "text": "is"}], "Paris"),
        ([{"type": "image_url", "image_url": {"url": "x"}}, {"type": "text", "text": "Paris"}], "Paris"),
        ([], ""),
        (None, ""),
        ("Paris", "Paris"),
    ],
)
def test_content_may_be_a_list_of_parts(content, text):
    body = msgspec.json.encode({"choices": [{"message": {"content": content}, "finish_reason": "stop"}]})
    assert whole_of(body).text == text
    assert text_of(read(sse(chunk({"content": content}, "stop")))) == text


@pytest.mark.parametrize(
    ("native", "reason"),
    [
        ("stop", FinishReason.STOP),
        ("length", FinishReason.LENGTH),
        ("tool_calls", FinishReason.TOOL_CALL),
        ("function_call", FinishReason.TOOL_CALL),
        ("content_filter", FinishReason.FILTERED),
        ("eos", FinishReason.OTHER),
    ],
)
def test_knows_why_a_model_stopped(native, reason):
    body = msgspec.json.encode({"choices": [{"message": {"content": "a"}, "finish_reason": native}]})
    finished = whole_of(body).finished
    assert (finished.reason, finished.native_reason) == (reason, native)


IMPOSSIBLE = [
    b"null",
    b"{}",
    b"[]",
    b'"many"',
    b"7",
    b"\xff",
    b'{"prompt_tokens":-1,"completion_tokens":2}',
    b'{"prompt_tokens":1.5,"completion_tokens":2}',
    b'{"prompt_tokens":1,"completion_tokens":"two"}',
    b'{"prompt_tokens":1,"completion_tokens":null}',
    b'{"prompt_tokens":true,"completion_tokens":2}',
    b'{"prompt_tokens":1000000001,"completion_tokens":2}',
    b'{"prompt_tokens":99999999999999999999,"completion_tokens":2}',
    b'{"prompt_tokens":' + b"9" * 5000 + b',"completion_tokens":2}',
    b'{"prompt_tokens":1e400,"completion_tokens":2}',
    b'{"completion_tokens":2}',
]


@pytest.mark.parametrize("usage", IMPOSSIBLE, ids=lambda usage: repr(usage[:40]))
def test_impossible_usage_is_none_at_all(usage):
    body = (
        b'{"choices":[{"message":{"content":"a"},"delta":{"content":"a"},"finish_reason":"stop"}],"usage":%s}' % usage
    )
    if usage != b"\xff":
        assert whole_of(body).finished.usage is None
        assert read(sse(body, b"[DONE]"))[-1].usage is None
    else:
        with pytest.raises(ProviderUnavailable):
            whole_of(body)


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        ({"message": "secret", "type": "server_error", "code": 500}, ProviderUnavailable),
        ({"code": 429}, ProviderThrottled),
        ({"code": "429"}, ProviderThrottled),
        ({"code": "rate_limit_exceeded"}, ProviderThrottled),
        ({"type": "rate_limit_error", "code": None}, ProviderThrottled),
        ("secret", ProviderUnavailable),
        (["secret"], ProviderUnavailable),
        ({"code": {"secret": 1}}, ProviderUnavailable),
    ],
)
def test_an_error_in_an_answer_is_a_failure_in_our_own_words(error, failure):
    with pytest.raises(failure) as unary:
        whole_of(msgspec.json.encode({"error": error}))
    with pytest.raises(failure) as streamed:
        read(sse(chunk({"content": "Par"})), sse({"error": error, "choices": []}))
    assert "secret" not in f"{unary.value}{streamed.value}"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"null",
        b"[]",
        b"<html>502</html>",
        b'{"choices":[]}',
        b'{"choices":null}',
        b'{"choices":{}}',
        b'{"choices":[{"message":{"content":7}}]}',
        b'{"choices":[{"message":"hello"}]}',
        b'{"choices":[{"message":{"content":"\\ud800"}}]}',
        b'{"choices":[{"message":{"content":"\xff"}}]}',
        b'{"choices":[' + b'{"index":' + b"9" * 5000 + b"}]}",
        DEEP,
        b'{"unknown":' + DEEP + b',"choices":[]}',
        b'{"choices":[],"usage":' + DEEP + b"}",
        b'{"choices":[],"error":' + DEEP + b"}",
        STREAM,
    ],
    ids=lambda body: repr(body[:30]),
)
def test_garbage_is_an_unavailable_provider(body):
    with pytest.raises(ProviderUnavailable):
        whole_of(body)


@pytest.mark.parametrize(
    "data", [b"{", b"hello", b"\xff", b"[]", b'{"choices":7}', b'{"unknown":' + DEEP + b"}"], ids=lambda d: repr(d[:30])
)
def test_garbage_in_a_stream_is_an_unavailable_provider(data):
    with pytest.raises(ProviderUnavailable):
        read(sse(data))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["choices", "index", "message", "delta", "content", "finish_reason", "usage", "error", "text"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
).map(msgspec.json.encode)


@given(st.binary(max_size=200) | JSON)
def test_nothing_but_a_providers_failure_escapes(body):
    for reading in (lambda: whole_of(body), lambda: read(body), lambda: read(sse(body), sse(b"[DONE]"))):
        try:
            reading()
        except ProviderFailed:
            continue
