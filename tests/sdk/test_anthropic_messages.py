"""Anthropic's own client, by messages."""

import anthropic
import pytest
from pydantic import BaseModel

TOOLS = [
    {
        "name": name,
        "description": f"The {name} of a city",
        "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    }
    for name in ("weather", "clock")
]
IMAGE = {"type": "base64", "media_type": "image/gif", "data": "R0lGODlhAQABAAAAACwAAAAAAQABAAA="}
THINKING = {"type": "enabled", "budget_tokens": 1024}
MARK = {"type": "ephemeral"}


class City(BaseModel):
    name: str
    people: int
    twins: list["City"] = []


def user(content):
    return [{"role": "user", "content": content}]


@pytest.fixture
def asked(place):
    """What every request of the test says."""
    return {"model": place.messages, "max_tokens": 2000}


@pytest.fixture
def messages(anthropic_at, place):
    return anthropic_at(place).messages


def test_a_text_is_answered_with_its_usage(messages, asked, place):
    told = messages.create(**asked, system="Be short", messages=user("Hello there"), stop_sequences=["never said"])
    assert (told.type, told.role, told.stop_reason, told.stop_sequence) == ("message", "assistant", "end_turn", None)
    (block,) = told.content
    assert block.text.startswith(place.messages_says)
    assert told._request_id
    assert told.usage.input_tokens == 4
    assert told.usage.output_tokens > 5


def test_raw_events_come_in_their_order(messages, asked):
    events = list(messages.create(**asked, messages=user("Hello there"), stream=True))
    kinds = [event.type for event in events]
    deltas = [event for event in events if event.type == "content_block_delta"]
    assert kinds[:2] == ["message_start", "content_block_start"]
    assert kinds[-3:] == ["content_block_stop", "message_delta", "message_stop"]
    assert kinds.count("message_delta") == 1
    whole = messages.create(**asked, messages=user("Hello there"))
    assert "".join(event.delta.text for event in deltas) == whole.content[0].text
    assert events[-2].usage.output_tokens == whole.usage.output_tokens


def test_the_streaming_helper_tells_the_text_and_the_whole(messages, asked, place):
    with messages.stream(**asked, messages=user("Hello")) as stream:
        text = "".join(stream.text_stream)
        told = stream.get_final_message()
    assert text.startswith(place.messages_says)
    assert (told.content[0].text, told.stop_reason) == (text, "end_turn")
    assert told.usage.output_tokens > 5
    with messages.stream(**asked, messages=user("Hello")) as stream:
        events = list(stream)
    assert "".join(event.text for event in events if event.type == "text") == text
    assert events[-1].type == "message_stop"


def test_too_few_tokens_end_with_max_tokens(messages, place):
    told = messages.create(model=place.messages, max_tokens=3, messages=user("Hello"))
    assert (told.stop_reason, told.usage.output_tokens) == ("max_tokens", 3)


def test_a_stop_sequence_ends_the_text(messages, asked):
    told = messages.create(**asked, messages=user("Hello"), stop_sequences=[" to a prompt"])
    assert "Answer" in told.content[0].text
    assert "to a prompt" not in told.content[0].text


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_tools_are_called_at_once_and_their_results_answered(messages, asked, streamed):
    history = user("How is it? [[call:weather,clock]]")
    if streamed:
        with messages.stream(**asked, messages=history, tools=TOOLS) as stream:
            first = stream.get_final_message()
    else:
        first = messages.create(**asked, messages=history, tools=TOOLS)
    assert first.stop_reason == "tool_use"
    assert [(block.name, block.input) for block in first.content] == [
        ("weather", {"city": "simulated"}),
        ("clock", {"city": "simulated"}),
    ]
    results = [
        {"type": "tool_result", "tool_use_id": block.id, "content": f"{block.name} is fine"} for block in first.content
    ]
    history = [*history, {"role": "assistant", "content": first.content}, *user(results)]
    second = messages.create(**asked, messages=history, tools=TOOLS)
    assert second.stop_reason == "end_turn"
    assert "(weather is fine; clock is fine)" in second.content[0].text


@pytest.mark.parametrize(
    ("choice", "called"),
    [
        ({"type": "any"}, ["weather"]),
        ({"type": "tool", "name": "clock"}, ["clock"]),
        ({"type": "auto"}, []),
        ({"type": "none"}, []),
    ],
    ids=lambda value: value["type"] if isinstance(value, dict) else "",
)
def test_the_tool_choice_is_kept_to(messages, asked, choice, called):
    told = messages.create(**asked, messages=user("Go"), tools=TOOLS, tool_choice=choice)
    assert [block.name for block in told.content if block.type == "tool_use"] == called


def test_an_answer_is_parsed_into_a_pydantic_model(messages, asked):
    told = messages.parse(**asked, messages=user("Which city?"), output_format=City)
    assert (told.parsed_output.name, told.parsed_output.people) == ("simulated", 1)
    with messages.stream(**asked, messages=user("Which city?"), output_format=City) as stream:
        assert stream.get_final_message().parsed_output.people == 1


def test_an_image_is_carried(messages, asked):
    parts = [{"type": "text", "text": "What is it?"}, {"type": "image", "source": IMAGE}]
    plain = messages.create(**asked, messages=user("What is it?"))
    shown = messages.create(**asked, messages=user(parts))
    assert shown.usage.input_tokens == plain.usage.input_tokens + 85


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_thinking_is_shown_and_taken_back_with_its_signature(anthropic_at, same_wire, streamed):
    messages = anthropic_at(same_wire).messages
    asked = {"model": same_wire.messages, "max_tokens": 2000, "thinking": THINKING, "tools": TOOLS}
    history = user("Think, then [[call:weather]]")
    if streamed:
        with messages.stream(**asked, messages=history) as stream:
            kinds = [event.type for event in stream]
            first = stream.get_final_message()
        assert "thinking" in kinds
        assert "signature" in kinds
    else:
        first = messages.create(**asked, messages=history)
    thought, call = first.content
    assert thought.thinking.startswith("[simulated anthropic] Thinking")
    assert thought.signature
    result = {"type": "tool_result", "tool_use_id": call.id, "content": "fine"}
    history = [*history, {"role": "assistant", "content": first.content}, *user([result])]
    assert "(fine)" in messages.create(**asked, messages=history).content[1].text
    history[1]["content"][0].signature = "c2ln"
    with pytest.raises(anthropic.BadRequestError, match=r"Invalid `signature`"):
        messages.create(**asked, messages=history)


def test_tokens_written_to_the_cache_and_read_from_it_are_told(anthropic_at, same_wire):
    messages = anthropic_at(same_wire).messages
    asked = {"model": same_wire.messages, "max_tokens": 100}
    system = [{"type": "text", "text": "one two three", "cache_control": MARK}]
    written = messages.create(**asked, system=system, messages=user("Hello")).usage
    read = messages.create(**asked, system=system, messages=user("Hello [[cached]]")).usage
    assert (written.cache_creation_input_tokens, written.cache_read_input_tokens) == (3, 0)
    assert (read.cache_creation_input_tokens, read.cache_read_input_tokens) == (0, 3)


def test_tokens_that_openai_read_from_its_cache_are_told_in_anthropics_way(anthropic_at, crossed):
    messages = anthropic_at(crossed).messages
    asked = {"model": crossed.messages, "max_tokens": 100, "messages": user("one two three [[cached]]")}
    with messages.stream(**asked) as stream:
        streamed = stream.get_final_message().usage
    for usage in (messages.create(**asked).usage, streamed):
        assert usage.input_tokens + usage.cache_read_input_tokens == 5
        assert usage.cache_read_input_tokens == 2


def test_what_only_anthropic_knows_passes_on_its_own_wire(anthropic_at, same_wire):
    document = {"type": "text", "media_type": "text/plain", "data": "A text"}
    told = anthropic_at(same_wire).messages.create(
        model=same_wire.messages,
        max_tokens=100,
        messages=user([{"type": "document", "source": document}, {"type": "text", "text": "Hello"}]),
        metadata={"user_id": "somebody"},
        service_tier="standard_only",
        extra_body={"x_simulated": {"deep": [1, None]}, "top_k": 5},
        extra_headers={"anthropic-beta": "something-2026-01-01"},
    )
    assert told.x_simulated == {"deep": [1, None]}
    assert told.usage.input_tokens == 86


def test_tokens_are_counted(anthropic_at, same_wire):
    told = anthropic_at(same_wire).messages.count_tokens(model=same_wire.messages, messages=user("one two three"))
    assert told.input_tokens == 3


def test_tokens_are_counted_for_the_other_language_too(anthropic_at, crossed):
    told = anthropic_at(crossed).messages.count_tokens(
        model=crossed.messages, system="Be short", messages=user("one two three"), tools=TOOLS
    )
    assert told.input_tokens > 5


def test_headers_say_who_answered(anthropic_at, routed):
    raw = anthropic_at(routed).messages.with_raw_response.create(
        model="anthropic", max_tokens=100, messages=user("Hello")
    )
    assert raw.parse().content[0].text.startswith("[simulated anthropic]")
    assert raw.headers["x-neuroroute-model"] == "anthropic"
    assert raw.headers["x-neuroroute-attempts"] == "1"
    assert raw.headers["x-request-id"]


def test_auto_chooses_a_model(anthropic_at, routed):
    told = anthropic_at(routed).messages.create(model="auto", max_tokens=100, messages=user("Hello"))
    assert told.content[0].text.startswith("[simulated ")
