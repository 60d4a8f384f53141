"""OpenAI's own client, by responses and embeddings."""

import math

import pytest
from pydantic import BaseModel

TOOLS = [
    {
        "type": "function",
        "name": name,
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
        "strict": False,
    }
    for name in ("weather", "clock")
]
EMBEDDING = "text-embedding-3-small"


class City(BaseModel):
    name: str
    people: int


@pytest.fixture
def client(openai_at, same_wire):
    return openai_at(same_wire)


def test_a_response_is_created(client, same_wire):
    told = client.responses.create(
        model=same_wire.chat, input="Hello there", instructions="Be short", store=False, metadata={"a": "b"}
    )
    assert told.status == "completed"
    assert told.output_text.startswith("[simulated openai]")
    assert told.usage.input_tokens == 4
    assert told.metadata == {"a": "b"}


def test_its_events_come_in_order(client, same_wire):
    asked = {"model": same_wire.chat, "input": "Hello there"}
    events = list(client.responses.create(**asked, stream=True))
    assert [event.sequence_number for event in events] == [*range(len(events))]
    assert (events[0].type, events[-1].type) == ("response.created", "response.completed")
    text = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    assert text == client.responses.create(**asked).output_text == events[-1].response.output_text


def test_the_streaming_helper_gives_the_final_response(client, same_wire):
    with client.responses.stream(model=same_wire.chat, input="Hello") as stream:
        kinds = [event.type for event in stream]
        told = stream.get_final_response()
    assert kinds[-1] == "response.completed"
    assert told.output_text.startswith("[simulated openai]")


def test_tools_are_called_and_answered(client, same_wire):
    asked = [{"role": "user", "content": "[[call:weather,clock]]"}]
    calls = client.responses.create(model=same_wire.chat, input=asked, tools=TOOLS).output
    assert [call.name for call in calls] == ["weather", "clock"]
    results = [{"type": "function_call_output", "call_id": call.call_id, "output": "fine"} for call in calls]
    history = [*asked, *(call.model_dump(exclude_none=True) for call in calls), *results]
    told = client.responses.create(model=same_wire.chat, input=history, tools=TOOLS)
    assert "(fine; fine)" in told.output_text


def test_a_response_is_parsed_into_a_pydantic_model(client, same_wire):
    told = client.responses.parse(model=same_wire.chat, input="Which?", text_format=City)
    assert told.output_parsed == City(name="simulated", people=1)
    with client.responses.stream(model=same_wire.chat, input="Which?", text_format=City) as stream:
        assert stream.get_final_response().output_parsed == City(name="simulated", people=1)


def test_too_few_tokens_leave_a_response_incomplete(client, same_wire):
    with client.responses.stream(model=same_wire.chat, input="Hello", max_output_tokens=16) as stream:
        events = list(stream)
    assert events[-1].type in {"response.incomplete", "response.completed"}
    told = client.responses.create(model=same_wire.chat, input="Hello", max_output_tokens=3)
    assert (told.status, told.incomplete_details.reason) == ("incomplete", "max_output_tokens")


def test_reasoning_is_an_item_of_the_response(client, same_wire):
    told = client.responses.create(model=same_wire.chat, input="Hello", reasoning={"effort": "low"})
    assert [item.type for item in told.output] == ["reasoning", "message"]
    assert told.usage.output_tokens_details.reasoning_tokens > 0


def test_a_response_by_auto_is_openais(openai_at, routed):
    assert openai_at(routed).responses.create(model="auto", input="Hello").output_text.startswith("[simulated ")


@pytest.mark.parametrize("form", [{}, {"encoding_format": "float"}, {"encoding_format": "base64"}], ids=str)
def test_embeddings_are_made(client, form):
    told = client.embeddings.create(model=EMBEDDING, input=["one", "two", "one"], dimensions=64, **form)
    assert [entry.index for entry in told.data] == [0, 1, 2]
    assert told.usage.prompt_tokens == 3
    if form.get("encoding_format") != "base64":
        one, two, again = [entry.embedding for entry in told.data]
        assert one == again != two
        assert math.hypot(*one) == pytest.approx(1, rel=1e-5)
        assert len(one) == 64
