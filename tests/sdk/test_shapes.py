"""What is answered is, to the letter, of the types that the official clients declare; they themselves do not check."""

import json

import httpx
import pytest
from anthropic.types import Message, RawMessageStreamEvent
from openai.types import CreateEmbeddingResponse
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

CHAT_TOOL = {
    "type": "function",
    "function": {"name": "weather", "parameters": {"properties": {"city": {"type": "string"}}}},
}
TOOL = {"name": "weather", "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}}}
RESPONSE_TOOL = {"type": "function", "name": "weather", "parameters": {"type": "object"}, "strict": False}
THINKING = {"type": "enabled", "budget_tokens": 1024}


@pytest.fixture(scope="module")
def client():
    with httpx.Client(timeout=20, trust_env=False) as open_client:
        yield open_client


@pytest.fixture
def post(client):
    def send(url, place, **body):
        answer = client.post(url, json=body, headers={"authorization": f"Bearer {place.key}"})
        assert answer.status_code == 200, answer.text
        return answer

    return send


def told(answer):
    """The data of each event."""
    lines = [line.removeprefix("data: ") for line in answer.text.splitlines() if line.startswith("data: ")]
    return [json.loads(line) for line in lines if line != "[DONE]"]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"max_tokens": 3},
        {"tools": [CHAT_TOOL], "tool_choice": "required"},
        {"response_format": {"type": "json_object"}},
        {"reasoning_effort": "low"},
    ],
    ids=str,
)
def test_chat_completions_are_of_their_type(post, place, fields):
    url = f"{place.openai_url}/chat/completions"
    body = {"model": place.chat, "messages": [{"role": "user", "content": "Hello"}], **fields}
    whole = ChatCompletion.model_validate_json(post(url, place, **body).content, strict=True)
    streamed = told(post(url, place, **body, stream=True, stream_options={"include_usage": True}))
    chunks = [ChatCompletionChunk.model_validate_json(json.dumps(each), strict=True) for each in streamed]
    reasons = [choice.finish_reason for chunk in chunks for choice in chunk.choices if choice.finish_reason]
    assert reasons == [whole.choices[0].finish_reason]
    assert [chunk.usage for chunk in chunks if chunk.usage] == [whole.usage]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"max_tokens": 3},
        {"tools": [TOOL], "tool_choice": {"type": "any"}},
        {"stop_sequences": [" to"]},
        {"thinking": THINKING},
    ],
    ids=str,
)
def test_messages_are_of_their_type(post, place, fields):
    url = f"{place.anthropic_url}/v1/messages"
    body = {"model": place.messages, "max_tokens": 2000, "messages": [{"role": "user", "content": "Hello"}], **fields}
    whole = Message.model_validate_json(post(url, place, **body).content, strict=True)
    event = TypeAdapter(RawMessageStreamEvent)
    streamed = [each for each in told(post(url, place, **body, stream=True)) if each["type"] != "ping"]
    events = [event.validate_json(json.dumps(each), strict=True) for each in streamed]
    assert [each.delta.stop_reason for each in events if each.type == "message_delta"] == [whole.stop_reason]
    begun = [each.content_block.type for each in events if each.type == "content_block_start"]
    assert begun == [block.type for block in whole.content]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"max_output_tokens": 3},
        {"tools": [RESPONSE_TOOL], "tool_choice": "required"},
        {"reasoning": {"effort": "low", "summary": "auto"}},
    ],
    ids=str,
)
def test_responses_are_of_their_type(post, same_wire, fields):
    url = f"{same_wire.openai_url}/responses"
    body = {"model": same_wire.chat, "input": "Hello", **fields}
    whole = Response.model_validate_json(post(url, same_wire, **body).content)
    event = TypeAdapter(ResponseStreamEvent)
    events = [event.validate_json(json.dumps(each)) for each in told(post(url, same_wire, **body, stream=True))]
    assert events[-1].response.status == whole.status
    assert events[-1].response.output == whole.output


def test_embeddings_are_of_their_type(post, same_wire):
    url = f"{same_wire.openai_url}/embeddings"
    answer = post(url, same_wire, model="text-embedding-3-small", input=["one", "two"], dimensions=8)
    assert len(CreateEmbeddingResponse.model_validate_json(answer.content, strict=True).data) == 2
