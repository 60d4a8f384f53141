"""Anthropic's language, as it is spoken, and as it should not be."""

import msgspec
import pytest
from dialects.cutting import cut, heard, one_by_one
from factories import ModelCardFactory
from hypothesis import given
from hypothesis import strategies as st

from neuroroute.dialects.anthropic.provider import AnthropicDialect
from neuroroute.domain.completion import Completion, Finished, FinishReason, TextDelta, Usage
from neuroroute.domain.errors import ProviderFailed, ProviderThrottled, ProviderUnavailable
from neuroroute.domain.model import Dialect
from neuroroute.domain.prompt import Message, Prompt, Role, Sampling

DIALECT = AnthropicDialect()
READING = DIALECT.call(Prompt((Message(Role.USER, "Capital?"),)), ModelCardFactory.build()).reading


def whole_of(body):
    return Completion.fold(READING.whole(body))


DEEP = b"[" * 100_000 + b"]" * 100_000


def sse(*told):
    return b"".join(b"event: %s\ndata: %s\n\n" % (one["type"].encode(), msgspec.json.encode(one)) for one in told)


def delta(text):
    return {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}


def started(**usage):
    message = {"id": "msg_1", "role": "assistant", "model": "claude-3-sonnet-20240229", "content": [], "usage": usage}
    return {"type": "message_start", "message": message}


def stopping(reason="end_turn", **usage):
    return {"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": None}, "usage": usage}


STOP = {"type": "message_stop"}
PIECES = ["The capital", " of France — ", "東京? no: ", "Paris 🗼."]
TEXT = "".join(PIECES)
STREAM = sse(
    started(input_tokens=14, output_tokens=1),
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "ping"},
    *map(delta, PIECES),
    {"type": "content_block_stop", "index": 0},
    stopping(output_tokens=9),
    STOP,
)
END = Finished(FinishReason.STOP, "end_turn", Usage(prompt_tokens=14, completion_tokens=9), "claude-3-sonnet-20240229")


def read(*pieces):
    return heard(READING.stream(), pieces, framed=True)


def text_of(events):
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def whole(usage=b'{"input_tokens":14,"output_tokens":9}', content=b'[{"type":"text","text":"Paris"}]'):
    return b'{"type":"message","model":"claude","content":%s,"stop_reason":"end_turn","usage":%s}' % (content, usage)


def test_reads_a_stream():
    assert read(STREAM) == [*map(TextDelta, PIECES), END]


@given(cut(STREAM))
def test_any_cutting_gives_the_same_answer(pieces):
    assert read(*pieces) == [*map(TextDelta, PIECES), END]


def test_byte_by_byte_too():
    assert read(*one_by_one(STREAM)) == [*map(TextDelta, PIECES), END]


def test_cut_at_any_byte_it_never_says_more_than_it_was_told_and_never_that_it_is_whole():
    for at in range(len(STREAM)):
        reader = READING.stream()
        events = list(reader.feed(STREAM[:at]))
        assert TEXT.startswith(text_of(events))
        assert not any(isinstance(event, Finished) for event in events)
        with pytest.raises(ProviderUnavailable, match="cut"):
            list(reader.end(framed=True))


def test_nothing_is_read_after_the_stop():
    assert read(STREAM + sse(delta("more"), STOP) + b"data: garbage\n\n") == [*map(TextDelta, PIECES), END]


def test_passes_over_kinds_that_it_does_not_know():
    thinking = {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "hm"}}
    tool = {"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": '{"a"'}}
    assert read(sse({"type": "something_new", "delta": 7}, thinking, tool) + STREAM)[-1] == END


def test_the_text_of_a_whole_answer_is_that_of_its_text_blocks():
    content = msgspec.json.encode(
        [
            {"type": "text", "text": "Par"},
            {"type": "tool_use", "id": "t", "name": "f", "input": {}},
            {"type": "something_new", "text": "not said"},
            {"type": "text", "text": "is"},
        ]
    )
    completion = whole_of(whole(content=content))
    assert completion.text == "Paris"
    assert completion.finished.usage == Usage(prompt_tokens=14, completion_tokens=9)
    assert whole_of(whole(content=b"[]")).text == ""


@pytest.mark.parametrize(
    ("native", "reason"),
    [
        ("end_turn", FinishReason.STOP),
        ("stop_sequence", FinishReason.STOP),
        ("max_tokens", FinishReason.LENGTH),
        ("tool_use", FinishReason.TOOL_CALL),
        ("refusal", FinishReason.FILTERED),
        ("pause_turn", FinishReason.OTHER),
    ],
)
def test_knows_why_a_model_stopped(native, reason):
    end = read(sse(started(), stopping(native), STOP))[-1]
    assert (end.reason, end.native_reason) == (reason, native)


def test_tokens_of_the_providers_own_cache_are_prompt_tokens_too():
    begun = started(input_tokens=3, cache_creation_input_tokens=10, cache_read_input_tokens=100, output_tokens=1)
    expected = Usage(prompt_tokens=113, completion_tokens=9, cached_tokens=100, cache_write_tokens=10)
    assert read(sse(begun, stopping(output_tokens=9), STOP))[-1].usage == expected


def test_a_count_may_be_written_as_any_whole_number():
    usage = whole_of(whole(b'{"input_tokens":14.0,"output_tokens":9.0}')).finished.usage
    assert usage == Usage(prompt_tokens=14, completion_tokens=9)


@pytest.mark.parametrize(
    "usage",
    [
        b"null",
        b"{}",
        b"[]",
        b'"many"',
        b'{"input_tokens":-1,"output_tokens":2}',
        b'{"input_tokens":1.5,"output_tokens":2}',
        b'{"input_tokens":1,"output_tokens":"two"}',
        b'{"input_tokens":1}',
        b'{"output_tokens":1}',
        b'{"input_tokens":1000000001,"output_tokens":2}',
        b'{"input_tokens":99999999999999999999,"output_tokens":2}',
        b'{"input_tokens":' + b"9" * 5000 + b',"output_tokens":2}',
    ],
    ids=lambda usage: repr(usage[:40]),
)
def test_impossible_usage_is_none_at_all(usage):
    assert whole_of(whole(usage)).finished.usage is None
    start = b'data: {"type":"message_start","message":{"usage":%s}}\n\n' % usage
    stop = b'data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":null}\n\n'
    assert read(start, stop, sse(STOP))[-1].usage is None


@pytest.mark.parametrize(
    ("kind", "failure"),
    [
        ("overloaded_error", ProviderUnavailable),
        ("api_error", ProviderUnavailable),
        ("rate_limit_error", ProviderThrottled),
    ],
)
@pytest.mark.parametrize("before", [b"", sse(started(input_tokens=3), delta("Par"))])
def test_an_error_in_a_stream_is_a_failure_in_our_own_words(kind, failure, before):
    with pytest.raises(failure) as caught:
        read(before, sse({"type": "error", "error": {"type": kind, "message": "secret"}}))
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"null",
        b"<html>502</html>",
        b'{"type":"error","error":{"type":"overloaded_error"}}',
        b'{"content":"hello"}',
        b'{"content":[{"text":"no type"}]}',
        b'{"content":[{"type":"text","text":"\\ud800"}]}',
        b'{"content":[{"type":"text","text":"\xff"}]}',
        DEEP,
        b'{"unknown":' + DEEP + b',"content":[]}',
        b'{"content":[],"usage":' + DEEP + b"}",
    ],
    ids=lambda body: repr(body[:30]),
)
def test_garbage_is_an_unavailable_provider(body):
    with pytest.raises(ProviderUnavailable):
        whole_of(body)


@pytest.mark.parametrize(
    "data",
    [b"{", b"hello", b"\xff", b"[]", b"{}", b'{"type":7}', b'{"type":"message_start"}',
     b'{"unknown":' + DEEP + b',"type":"ping"}', b'{"type":"message_stop","unknown":' + DEEP + b"}"],
    ids=lambda data: repr(data[:30]),
)  # fmt: skip
def test_garbage_in_a_stream_is_an_unavailable_provider(data):
    with pytest.raises(ProviderUnavailable):
        read(b"data: " + data + b"\n\n")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5)
    | st.sampled_from(["message_start", "content_block_delta", "message_delta", "message_stop", "error", "text"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["type", "message", "delta", "content", "text", "usage", "error", "stop_reason"]),
        inner,
        max_size=4,
    ),
    max_leaves=12,
).map(msgspec.json.encode)  # fmt: skip


@given(st.binary(max_size=200) | JSON)
def test_nothing_but_a_providers_failure_escapes(body):
    for reading in (
        lambda: whole_of(body),
        lambda: read(body),
        lambda: read(b"data: " + body + b"\n\n"),
    ):
        try:
            reading()
        except ProviderFailed:
            continue


# What is asked of a provider.

USER = Message(Role.USER, "Capital?")


def asked(*messages, **sampling):
    card = ModelCardFactory.build(dialect=Dialect.ANTHROPIC, upstream="claude-3-sonnet-20240229", max_tokens=5000)
    return msgspec.json.decode(DIALECT.call(Prompt(messages or (USER,), Sampling(**sampling)), card).body)


def test_asks_in_the_providers_words():
    assert asked(USER, max_tokens=10, temperature=0.0) == {
        "model": "claude-3-sonnet-20240229",
        "max_tokens": 10,
        "messages": [{"role": "user", "content": "Capital?"}],
        "temperature": 0.0,
    }


def test_what_the_system_says_goes_beside_the_turns():
    body = asked(Message(Role.SYSTEM, "Be brief."), USER, Message(Role.SYSTEM, "Be kind."))
    assert body["system"] == "Be brief.\n\nBe kind."
    assert body["messages"] == [{"role": "user", "content": "Capital?"}]
    assert "system" not in asked(USER)


def test_always_states_a_limit_and_none_beyond_the_models():
    assert asked()["max_tokens"] == 4096
    assert asked(max_tokens=10**9)["max_tokens"] == 5000


def test_asks_for_a_stream_only_where_one_is_read():
    card = ModelCardFactory.build()
    assert b'"stream":true' in DIALECT.call(Prompt((USER,), streamed=True), card).body
    assert b"stream" not in DIALECT.call(Prompt((USER,)), card).body


def test_shows_its_key_and_the_version_of_the_language():
    assert DIALECT.headers("sk-ant") == (("anthropic-version", "2023-06-01"), ("x-api-key", "sk-ant"))
    assert DIALECT.headers(None) == (("anthropic-version", "2023-06-01"),)
