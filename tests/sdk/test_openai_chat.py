"""OpenAI's own client, by chat completions."""

import json

import openai
import pytest
from pydantic import BaseModel

TOOLS = [
    {
        "type": "function",
        "function": {
            "name": name,
            "description": f"The {name} of a city",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
        },
    }
    for name in ("weather", "clock")
]
IMAGE = "data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA="


class City(BaseModel):
    name: str
    people: int
    mayor: "Mayor | None"


class Mayor(BaseModel):
    name: str


def user(text):
    return [{"role": "user", "content": text}]


@pytest.fixture
def chat(openai_at, place):
    return openai_at(place).chat.completions


def test_a_text_is_answered_with_its_usage(chat, place):
    told = chat.create(
        model=place.chat,
        messages=[{"role": "system", "content": "Be short"}, *user("Hello there")],
        max_completion_tokens=100,
        temperature=0.5,
        stop=["never said"],
    )
    assert told.object == "chat.completion"
    (choice,) = told.choices
    assert (choice.message.role, choice.finish_reason) == ("assistant", "stop")
    assert choice.message.content.startswith(place.chat_says)
    assert told.usage.prompt_tokens == 4
    assert told.usage.total_tokens == told.usage.prompt_tokens + told.usage.completion_tokens


def test_a_stream_says_what_the_whole_answer_says(chat, place):
    asked = {"model": place.chat, "messages": user("Hello there")}
    whole = chat.create(**asked)
    chunks = list(chat.create(**asked, stream=True, stream_options={"include_usage": True}))
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == whole.choices[0].message.content
    assert len(chunks) > 5
    assert len({chunk.id for chunk in chunks}) == 1
    assert chunks[-1].usage.model_dump() == whole.usage.model_dump()
    assert [chunk.usage for chunk in chunks[:-1]] == [None] * (len(chunks) - 1)


def test_no_usage_is_streamed_unless_it_was_asked_for(chat, place):
    chunks = list(chat.create(model=place.chat, messages=user("Hello"), stream=True))
    assert [chunk.usage for chunk in chunks] == [None] * len(chunks)
    assert all(chunk.choices for chunk in chunks)


def test_the_streaming_helper_tells_its_events_and_the_whole(chat, place):
    with chat.stream(model=place.chat, messages=user("Hello"), stream_options={"include_usage": True}) as stream:
        events = list(stream)
        told = stream.get_final_completion()
    text = "".join(event.delta for event in events if event.type == "content.delta")
    assert text == told.choices[0].message.content
    assert text.startswith(place.chat_says)
    assert [event.content for event in events if event.type == "content.done"] == [text]
    assert told.usage.completion_tokens > 0


def test_too_few_tokens_end_with_length(chat, place):
    told = chat.create(model=place.chat, messages=user("Hello"), max_tokens=3)
    assert (told.choices[0].finish_reason, told.usage.completion_tokens) == ("length", 3)


def test_tools_are_called_at_once_and_their_results_answered(chat, place):
    messages = user("How is it? [[call:weather,clock]]")
    first = chat.create(model=place.chat, messages=messages, tools=TOOLS).choices[0]
    assert first.finish_reason == "tool_calls"
    calls = first.message.tool_calls
    assert [call.function.name for call in calls] == ["weather", "clock"]
    assert [json.loads(call.function.arguments) for call in calls] == [{"city": "simulated"}] * 2
    results = [{"role": "tool", "tool_call_id": call.id, "content": f"{call.function.name} is fine"} for call in calls]
    messages = [*messages, first.message.model_dump(exclude_none=True), *results]
    second = chat.create(model=place.chat, messages=messages, tools=TOOLS).choices[0]
    assert second.finish_reason == "stop"
    assert "(weather is fine; clock is fine)" in second.message.content


@pytest.mark.parametrize(
    ("choice", "called"),
    [
        ("required", "weather"),
        ({"type": "function", "function": {"name": "clock"}}, "clock"),
        ("auto", None),
        ("none", None),
    ],
    ids=["required", "named", "auto", "none"],
)
def test_the_tool_choice_is_kept_to(chat, place, choice, called):
    told = chat.create(model=place.chat, messages=user("Go"), tools=TOOLS, tool_choice=choice).choices[0]
    assert [call.function.name for call in told.message.tool_calls or ()] == ([called] if called else [])


def test_streamed_tool_calls_add_up(chat, place):
    with chat.stream(model=place.chat, messages=user("[[call:weather,clock]]"), tools=TOOLS) as stream:
        events = list(stream)
        told = stream.get_final_completion().choices[0]
    assert told.finish_reason == "tool_calls"
    done = [event for event in events if event.type == "tool_calls.function.arguments.done"]
    assert [(event.name, event.index) for event in done] == [("weather", 0), ("clock", 1)]
    assert [json.loads(call.function.arguments) for call in told.message.tool_calls] == [{"city": "simulated"}] * 2
    assert len({call.id for call in told.message.tool_calls}) == 2


def test_an_answer_is_parsed_into_a_pydantic_model(chat, place):
    told = chat.parse(model=place.chat, messages=user("Which city?"), response_format=City)
    assert told.choices[0].message.parsed == City(name="simulated", people=1, mayor=Mayor(name="simulated"))
    with chat.stream(model=place.chat, messages=user("Which city?"), response_format=City) as stream:
        assert stream.get_final_completion().choices[0].message.parsed.people == 1


def test_a_tool_call_is_parsed_into_a_pydantic_model(chat, place):
    tool = openai.pydantic_function_tool(City, name="found")
    told = chat.parse(model=place.chat, messages=user("[[call:found]]"), tools=[tool])
    (call,) = told.choices[0].message.tool_calls
    assert isinstance(call.function.parsed_arguments, City)


def test_an_image_is_carried(chat, place):
    parts = [{"type": "text", "text": "What is it?"}, {"type": "image_url", "image_url": {"url": IMAGE}}]
    plain = chat.create(model=place.chat, messages=user("What is it?"))
    shown = chat.create(model=place.chat, messages=user(parts))
    assert shown.usage.prompt_tokens == plain.usage.prompt_tokens + 85


def test_tokens_read_from_the_cache_are_told(openai_at, same_wire):
    told = openai_at(same_wire).chat.completions.create(model=same_wire.chat, messages=user("one two three [[cached]]"))
    assert told.usage.prompt_tokens_details.cached_tokens == told.usage.prompt_tokens // 2 > 0


def test_what_only_openai_knows_passes_on_its_own_wire(openai_at, same_wire):
    told = openai_at(same_wire).chat.completions.create(
        model=same_wire.chat,
        messages=user("Hello"),
        n=3,
        logprobs=True,
        top_logprobs=2,
        seed=5,
        reasoning_effort="low",
        service_tier="flex",
        metadata={"team": "a"},
        user="somebody",
        extra_body={"x_simulated": {"deep": [1, None]}},
    )
    assert len({choice.message.content for choice in told.choices}) == 3
    assert len(told.choices[0].logprobs.content[0].top_logprobs) == 2
    assert told.usage.completion_tokens_details.reasoning_tokens > 0
    assert (told.service_tier, told.x_simulated) == ("flex", {"deep": [1, None]})


def test_several_choices_are_streamed(openai_at, same_wire):
    with openai_at(same_wire).chat.completions.stream(model=same_wire.chat, messages=user("Hi"), n=3) as stream:
        told = stream.get_final_completion()
    assert len({choice.message.content for choice in told.choices}) == 3


def test_headers_say_who_answered(openai_at, routed):
    raw = openai_at(routed).chat.completions.with_raw_response.create(model="openai", messages=user("Hello"))
    assert raw.parse().choices[0].message.content.startswith("[simulated openai]")
    assert raw.headers["x-neuroroute-model"] == "openai"
    assert raw.headers["x-neuroroute-provider"] == "openai"
    assert raw.headers["x-neuroroute-attempts"] == "1"
    assert raw.headers["x-request-id"]
    assert float(raw.headers["x-neuroroute-cost-usd"]) > 0


def test_auto_chooses_a_model(openai_at, routed):
    told = openai_at(routed).chat.completions.create(model="auto", messages=user("Hello"))
    assert told.choices[0].message.content.startswith("[simulated ")


def test_models_are_listed(openai_at, place):
    assert {model.id for model in openai_at(place).models.list()} >= place.listed
