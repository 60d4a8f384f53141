"""The asynchronous halves of both official clients, and an agent framework over them."""

import anthropic
import anyio
import openai
import pytest
from pydantic import BaseModel
from pydantic_ai import Agent
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.openai import OpenAIProvider
from running import eventually

pytestmark = pytest.mark.anyio


class City(BaseModel):
    name: str
    people: int


def user(text):
    return [{"role": "user", "content": text}]


async def test_openais_client_asks_many_at_once(async_openai_at, place):
    completions = (await async_openai_at(place)).chat.completions
    texts = {}

    async def ask(number):
        told = await completions.create(model=place.chat, messages=user(f"Question {number}"))
        texts[number] = told.choices[0].message.content

    async with anyio.create_task_group() as tasks:
        for number in range(20):
            tasks.start_soon(ask, number)
    assert len(set(texts.values())) == 20
    assert all(text.startswith(place.chat_says) for text in texts.values())


async def test_openais_client_streams_and_parses(async_openai_at, place):
    completions = (await async_openai_at(place)).chat.completions
    async with completions.stream(model=place.chat, messages=user("Hello")) as stream:
        text = "".join([event.delta async for event in stream if event.type == "content.delta"])
        told = await stream.get_final_completion()
    assert told.choices[0].message.content == text
    told = await completions.parse(model=place.chat, messages=user("Which?"), response_format=City)
    assert told.choices[0].message.parsed == City(name="simulated", people=1)


async def test_openais_client_has_responses_embeddings_and_models(async_openai_at, same_wire):
    client = await async_openai_at(same_wire)
    async with client.responses.stream(model=same_wire.chat, input="Hello") as stream:
        told = await stream.get_final_response()
    assert told.output_text.startswith("[simulated openai]")
    made = await client.embeddings.create(model="text-embedding-3-small", input="one")
    assert len(made.data[0].embedding) == 1536
    assert {model.id async for model in client.models.list()} >= same_wire.listed


async def test_anthropics_client_streams_and_parses(async_anthropic_at, place):
    messages = (await async_anthropic_at(place)).messages
    asked = {"model": place.messages, "max_tokens": 500}
    async with messages.stream(**asked, messages=user("Hello")) as stream:
        text = "".join([part async for part in stream.text_stream])
        told = await stream.get_final_message()
    assert told.content[0].text == text
    assert text.startswith(place.messages_says)
    told = await messages.parse(**asked, messages=user("Which?"), output_format=City)
    assert told.parsed_output == City(name="simulated", people=1)


async def test_errors_are_raised_asynchronously_too(async_openai_at, async_anthropic_at, place):
    completions = (await async_openai_at(place)).chat.completions
    messages = (await async_anthropic_at(place)).messages
    with pytest.raises(openai.RateLimitError):
        await completions.create(model=place.chat, messages=user("[[sim:all.status=429]]"))
    with pytest.raises(anthropic.RateLimitError):
        await messages.create(model=place.messages, max_tokens=9, messages=user("[[sim:all.status=429]]"))


async def test_who_leaves_a_stream_is_not_waited_for(async_openai_at, simulated, routed):
    before = simulated.count("openai", "abandoned")
    asked = user("[[sim:openai.stall_after=2]]")
    completions = (await async_openai_at(routed)).chat.completions
    stream = await completions.create(model="openai", messages=asked, stream=True)
    async for _ in stream:
        break
    await stream.close()
    await anyio.to_thread.run_sync(
        lambda: eventually(lambda: simulated.count("openai", "abandoned") > before, within=5)
    )


PLACES = ("itself", "routed", "crossed")
MODELS = [("chat", place) for place in PLACES] + [("messages", place) for place in PLACES]
# Responses are spoken by OpenAI's models only.
MODELS += [("responses", "itself"), ("responses", "routed")]


@pytest.fixture(params=MODELS, ids="-".join)
async def model(request, async_openai_at, async_anthropic_at):
    """A model of the framework."""
    surface, name = request.param
    place = request.getfixturevalue(name)
    if surface == "messages":
        provider = AnthropicProvider(anthropic_client=await async_anthropic_at(place))
        return AnthropicModel(place.messages, provider=provider)
    provider = OpenAIProvider(openai_client=await async_openai_at(place))
    kind = OpenAIChatModel if surface == "chat" else OpenAIResponsesModel
    return kind(place.chat, provider=provider)


async def test_an_agent_uses_its_tools_and_gives_its_output(model):
    asked = []
    agent = Agent(model, output_type=City, system_prompt="You know cities.")

    @agent.tool_plain
    def weather(city: str) -> str:
        """The weather of a city."""
        asked.append(city)
        return f"{city} is sunny"

    ran = await agent.run("How is it? [[call:weather]]")
    assert asked == ["simulated"]
    assert ran.output == City(name="simulated", people=1)
    assert ran.usage.requests == 2


async def test_an_agent_streams_its_text(model):
    agent = Agent(model)

    @agent.tool_plain
    def weather(city: str) -> str:
        """The weather of a city."""
        return f"{city} is sunny"

    async with agent.run_stream("How is it? [[call:weather]]") as run:
        parts = [part async for part in run.stream_text(delta=True, debounce_by=None)]
    assert "(simulated is sunny)" in "".join(parts)
    assert len(parts) > 1
