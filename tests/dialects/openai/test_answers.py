"""Providers' answers read for callers of any language: each provider has its own way."""

import pytest
from dialects.cutting import cut, heard, one_by_one
from dialects.openai.chat_wire import CARD, PROVIDER, USAGE, calls, chunk, completion, sse, usage_chunk
from hypothesis import given
from hypothesis import strategies as st

from neuroroute.domain.completion import (
    Completion,
    Finished,
    FinishReason,
    ReasoningDelta,
    TextDelta,
    ToolCall,
    ToolCallDelta,
    Usage,
)
from neuroroute.domain.errors import ProviderThrottled, ProviderUnavailable, ProviderWords
from neuroroute.domain.prompt import Message, Prompt, Role

READING = PROVIDER.call(Prompt((Message(Role.USER, "Hi"),)), CARD).reading


def read(*chunks):
    return heard(READING.stream(), [sse(*chunks, b"[DONE]")], framed=True)


def both(message, finish_reason="stop", **more):
    """The same said whole, and in one chunk: as the completion it comes to."""
    whole = Completion.fold(READING.whole(completion(message, finish_reason, **more)))
    streamed = Completion.fold(read(chunk(message, finish_reason, usage=USAGE, **more)))
    assert whole == streamed
    return whole


@pytest.mark.parametrize("name", ["reasoning", "reasoning_content"])
def test_reads_what_the_model_thinks_under_each_of_its_names(name):
    said = both({name: "Hm.", "content": "Paris"})
    assert (said.reasoning, said.text) == ("Hm.", "Paris")


def test_what_is_told_twice_is_thought_once():
    details = [{"type": "reasoning.text", "text": "Hm."}]
    said = both({"reasoning": "Hm.", "reasoning_content": "Hm.", "reasoning_details": details, "content": ""})
    assert said.reasoning == "Hm."


@pytest.mark.parametrize("thinking", ["Hm.", [{"type": "text", "text": "H"}, {"type": "text", "text": "m."}]])
def test_thoughts_may_be_parts_of_the_content(thinking):
    said = both({"content": [{"type": "thinking", "thinking": thinking}, {"type": "text", "text": "Paris"}]})
    assert (said.reasoning, said.text) == ("Hm.", "Paris")


def test_parts_of_the_content_may_be_mere_texts():
    said = both({"content": [{"type": "thinking", "thinking": ["H", "m."]}, "Par", "is"]})
    assert (said.reasoning, said.text) == ("Hm.", "Paris")


def test_the_end_may_be_followed_by_anything_as_clients_look_no_further():
    whole = sse(chunk({"content": "Paris"}, "stop"), b"[DONE] ")
    assert isinstance(heard(READING.stream(), [whole], framed=False)[-1], Finished)


def test_thoughts_that_are_no_text_are_none():
    assert both({"reasoning": {"effort": "low"}, "content": "Paris"}).reasoning == ""


def test_reads_calls_that_come_whole():
    said = both(calls((0, "a", "f", "{}"), (1, "b", "g", '{"x":1}')) | {"content": None}, "tool_calls")
    assert said.tool_calls == (ToolCall("a", "f", "{}"), ToolCall("b", "g", '{"x":1}'))
    assert said.finished.reason is FinishReason.TOOL_CALL


def test_reads_calls_that_come_in_pieces():
    more = {"tool_calls": [{"index": 0, "function": {"arguments": '{"x"'}}]}
    last = {"tool_calls": [{"index": 0, "id": None, "function": {"name": None, "arguments": ":1}"}}]}
    events = read(chunk(calls((0, "a", "f", ""))), chunk(more), chunk(last), chunk({}, "tool_calls"))
    assert events[:-1] == [
        ToolCallDelta(0, "a", "f", ""),
        ToolCallDelta(0, "", "", '{"x"'),
        ToolCallDelta(0, "", "", ":1}"),
    ]


def test_a_name_that_is_repeated_is_told_once():
    said = Completion.fold(read(chunk(calls((0, "a", "f", "{"))), chunk(calls((0, "a", "f", "}"))), chunk({}, "stop")))
    assert said.tool_calls == (ToolCall("a", "f", "{}"),)


def test_calls_that_are_all_counted_as_the_first_are_told_apart_by_id():
    said = Completion.fold(
        read(chunk(calls((0, "a", "f", "{}"))), chunk(calls((0, "b", "f", "{}"))), chunk({}, "stop"))
    )
    assert [call.id for call in said.tool_calls] == ["a", "b"]


def test_calls_that_are_all_counted_as_the_first_and_have_no_id_are_told_apart_by_their_ends():
    pieces = [calls((0, "", "f", '{"x":')), calls((0, "", "f", "1}")), calls((0, "", "f", '{"x":2}'))]
    said = Completion.fold(read(*map(chunk, pieces), chunk({}, "stop")))
    assert [(call.name, call.arguments) for call in said.tool_calls] == [("f", '{"x":1}'), ("f", '{"x":2}')]


def test_a_call_may_be_announced_before_it_is_named():
    announced = {"tool_calls": [{"index": 0, "id": "a", "type": "function"}]}
    said = Completion.fold(read(chunk(announced), chunk(calls((0, None, "f", ""))), chunk(calls((0, "", "", "{}")))))
    assert said.tool_calls == (ToolCall("a", "f", "{}"),)


def test_calls_without_an_index_are_counted_as_they_come():
    said = both(calls((None, "a", "f", "{}"), (None, "b", "g", "{}")), "tool_calls")
    assert [call.id for call in said.tool_calls] == ["a", "b"]


@pytest.mark.parametrize("native", ["", None])
def test_a_call_without_an_id_is_given_one_that_stays_the_same(native):
    said = both(calls((0, native, "f", "{}"), (1, native, "f", "{}")), "tool_calls")
    first, second = (call.id for call in said.tool_calls)
    assert (first[:7], second[:7]) == ("call_0_", "call_1_")
    assert both(calls((0, native, "f", "{}")), "tool_calls").tool_calls[0].id == first
    assert both(calls((0, native, "f", "{}")), "tool_calls", id="c2").tool_calls[0].id != first


def test_arguments_may_be_the_object_itself():
    assert both(calls((0, "a", "f", {"x": 1})), "tool_calls").tool_calls == (ToolCall("a", "f", '{"x":1}'),)


def test_a_function_call_of_the_time_before_tools_is_a_call():
    said = both({"function_call": {"name": "f", "arguments": "{}"}}, "function_call")
    ((native, name, arguments),) = [(call.id, call.name, call.arguments) for call in said.tool_calls]
    assert (native[:7], name, arguments) == ("call_0_", "f", "{}")


def test_fields_of_tools_that_say_nothing_are_no_call():
    nothing = {"content": "Hi", "tool_calls": None, "function_call": {"name": "", "arguments": ""}}
    assert both(nothing).tool_calls == ()
    assert both({"content": "Hi", "tool_calls": [{"index": 0, "id": "", "function": {"name": ""}}]}).tool_calls == ()


def test_a_stop_for_calls_is_a_call_whatever_the_provider_calls_it():
    for reason in ("stop", "", None):
        assert both(calls((0, "a", "f", "{}")), reason).finished.reason is FinishReason.TOOL_CALL
    assert both(calls((0, "a", "f", "{}")), "length").finished.reason is FinishReason.LENGTH


@pytest.mark.parametrize(
    ("native", "reason"),
    [
        ("model_length", FinishReason.LENGTH),
        ("model_context_window_exceeded", FinishReason.LENGTH),
        ("sensitive", FinishReason.FILTERED),
        ("eos", FinishReason.OTHER),
    ],
)
def test_knows_the_reasons_of_other_makers(native, reason):
    assert both({"content": "Hi"}, native).finished.reason is reason


def test_a_refusal_is_text_and_the_reason_for_the_end():
    said = both({"content": None, "refusal": "I can't."})
    assert (said.text, said.finished.reason, said.finished.native_reason) == ("I can't.", FinishReason.FILTERED, "stop")


def test_an_empty_reason_is_none():
    assert both({"content": "Hi"}, "").finished.reason is FinishReason.OTHER
    assert read(chunk({"content": "Hi"}, "stop"), chunk({"content": ""}, ""))[-1].native_reason == "stop"


def test_a_choice_may_say_nothing_at_all():
    body = b'{"choices":[{"finish_reason":"content_filter","index":0}],"usage":null}'
    assert list(READING.whole(body)) == [Finished(FinishReason.FILTERED, "content_filter", None)]


def test_the_first_choice_is_read_wherever_it_stands():
    second, first = chunk({"content": "B"}, "length", index=1), chunk({"content": "A"}, "stop")
    choices = [{**told["choices"][0], "message": told["choices"][0]["delta"]} for told in (second, first)]
    said = Completion.fold(READING.whole(completion({}, choices=choices)))
    assert (said.text, said.finished.reason) == ("A", FinishReason.STOP)
    assert Completion.fold(read(second, first)).text == "A"


def test_why_groq_broke_off_is_an_error():
    with pytest.raises(ProviderUnavailable):
        read(chunk({"content": "Par"}), chunk({}, x_groq={"id": "r", "error": "over_capacity"}))


def test_the_usage_of_a_stream_may_be_groqs():
    usage = Usage(prompt_tokens=14, completion_tokens=9)
    assert read(chunk({}, "stop", x_groq={"id": "r", "usage": USAGE}))[-1].usage == usage
    assert read(chunk({}, "stop", x_groq={"id": "r"}), usage_chunk())[-1].usage == usage
    assert read(chunk({}, "stop", x_groq="r"))[-1].usage is None


def test_the_last_of_several_usages_counts():
    grown = [chunk({"content": "a"}, usage=USAGE | {"completion_tokens": n}) for n in (1, 2)]
    assert read(*grown, chunk({}, "stop", usage=None), usage_chunk(None))[-1].usage.completion_tokens == 2


def test_an_event_named_error_is_a_failure_after_what_was_said():
    told = b'event: error\ndata: {"error":{"message":"m","type":"t","code":"tool_use_failed","param":null}}\n\n'
    events = READING.stream().feed(sse(chunk({"content": "Par"})) + told)
    assert next(events) == TextDelta("Par")
    with pytest.raises(ProviderUnavailable) as failed:
        next(events)
    assert failed.value.words == ProviderWords(type="t", code="tool_use_failed")


def test_an_error_may_be_all_of_its_chunk():
    with pytest.raises(ProviderUnavailable) as failed:
        read(chunk({"content": "Par"}), {"object": "error", "message": "m", "type": "InternalServerError", "code": 500})
    assert failed.value.words == ProviderWords(type="InternalServerError", code="500")


def test_a_limit_of_the_rate_is_told_as_one():
    with pytest.raises(ProviderThrottled):
        read({"error": {"code": 429, "message": "slow down"}})


STREAM = sse(
    chunk({"role": "assistant", "content": ""}),
    chunk({"reasoning_content": "Die Hauptstadt — "}),
    chunk({"reasoning_content": "ja."}),
    chunk({"content": "Paris 🗼"}),
    chunk(calls((0, "a", "f", ""))),
    chunk({"tool_calls": [{"index": 0, "function": {"arguments": '{"x":'}}]}),
    chunk({"tool_calls": [{"index": 0, "function": {"arguments": "1}"}}]}),
    chunk({}, "tool_calls"),
    usage_chunk(),
    b"[DONE]",
)
SAID = Completion(
    "Paris 🗼",
    Finished(FinishReason.TOOL_CALL, "tool_calls", Usage(prompt_tokens=14, completion_tokens=9), "gpt-4o-2024-08-06"),
    "Die Hauptstadt — ja.",
    (ToolCall("a", "f", '{"x":1}'),),
)


@given(cut(STREAM), st.sampled_from([b"\n", b"\r\n", b"\r"]))
def test_any_cutting_gives_the_same_answer(pieces, line_end):
    assert Completion.fold(heard(READING.stream(), pieces, framed=True)) == SAID
    pieces = one_by_one(STREAM.replace(b"\n", line_end))
    assert Completion.fold(heard(READING.stream(), pieces, framed=False)) == SAID


def test_cut_at_any_byte_it_says_no_more_than_it_was_told_and_is_not_whole():
    for at in range(len(STREAM) - 1):
        reader = READING.stream()
        events = list(reader.feed(STREAM[:at]))
        assert not any(isinstance(event, Finished) for event in events)
        assert SAID.text.startswith("".join(event.text for event in events if isinstance(event, TextDelta)))
        thought = "".join(event.text for event in events if isinstance(event, ReasoningDelta))
        assert SAID.reasoning.startswith(thought)
        with pytest.raises(ProviderUnavailable, match="cut"):
            list(reader.end(framed=False))
