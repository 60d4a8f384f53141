"""Both wire languages, whole and streamed, read strictly."""

import json

import pytest

from neuroroute.infrastructure.simulated.conversation import ATTACHMENT

pytestmark = pytest.mark.anyio

WEATHER = {
    "type": "object",
    "properties": {
        "city": {"type": "string"},
        "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
        "days": {"type": "integer"},
        "hours": {"type": "array", "items": {"type": "number"}},
        "wind": {"type": ["boolean", "null"]},
    },
    "required": ["city"],
}
EXAMPLE = {"city": "simulated", "unit": "celsius", "days": 1, "hours": [1.5], "wind": True}


async def test_openai_answers_whole(chat):
    answer = await chat(model="gpt-9")
    assert (answer.status_code, answer.headers["x-simulated"]) == (200, "true")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-request-id"].startswith("req_")
    body = answer.json()
    assert (body["object"], body["model"]) == ("chat.completion", "gpt-9")
    (choice,) = body["choices"]
    assert choice["finish_reason"] == "stop"
    assert choice["message"]["role"] == "assistant"
    assert choice["message"]["content"].startswith("[simulated openai] ")
    usage = body["usage"]
    assert usage["prompt_tokens"] == len(["Hello", " there"])
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]


async def test_openai_streams_one_chunk_a_token_and_the_usage_only_when_asked(chat, events):
    whole = (await chat()).json()
    answer = await chat(stream=True, stream_options={"include_usage": True})
    assert answer.headers["content-type"].startswith("text/event-stream")
    *chunks, done = events(answer.text)
    assert done == (None, "[DONE]")
    first, *deltas, last, usage = [json.loads(data) for _, data in chunks]
    assert first["choices"][0]["delta"]["role"] == "assistant"
    text = "".join(chunk["choices"][0]["delta"]["content"] for chunk in deltas)
    assert text == whole["choices"][0]["message"]["content"]
    assert len(deltas) == whole["usage"]["completion_tokens"]
    assert (last["choices"][0]["delta"], last["choices"][0]["finish_reason"]) == ({}, "stop")
    assert (usage["choices"], usage["usage"]) == ([], whole["usage"])
    assert {chunk["object"] for chunk in (first, last, usage)} == {"chat.completion.chunk"}
    assert "usage" not in (await chat(stream=True)).text


async def test_anthropic_answers_whole(message):
    answer = await message()
    assert (answer.status_code, answer.headers["x-simulated"]) == (200, "true")
    assert answer.headers["request-id"].startswith("req_")
    body = answer.json()
    assert (body["type"], body["role"], body["model"]) == ("message", "assistant", "claude-3-sonnet-20240229")
    (block,) = body["content"]
    assert block["type"] == "text"
    assert block["text"].startswith("[simulated anthropic] ")
    assert (body["stop_reason"], body["stop_sequence"]) == ("end_turn", None)
    assert body["usage"]["input_tokens"] == 2


async def test_anthropic_streams_its_events_in_order(message, events):
    whole = (await message()).json()
    found = events((await message(stream=True)).text)
    told = [json.loads(data) for _, data in found]
    assert [name for name, _ in found] == [event["type"] for event in told]
    deltas = [event for event in told if event["type"] == "content_block_delta"]
    around = [event["type"] for event in told if event["type"] != "content_block_delta"]
    assert around == [
        "message_start",
        "content_block_start",
        "ping",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
    assert "".join(event["delta"]["text"] for event in deltas) == whole["content"][0]["text"]
    assert told[0]["message"]["usage"]["input_tokens"] == whole["usage"]["input_tokens"]
    assert told[-2]["usage"]["output_tokens"] == whole["usage"]["output_tokens"] == len(deltas)


async def test_the_local_one_answers_without_a_model(chat):
    answer = await chat(local=True)
    assert answer.json()["model"] == "simulated-local"
    assert answer.json()["choices"][0]["message"]["content"].startswith("[simulated local] ")


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
async def test_openai_keeps_to_the_most_tokens(chat, name):
    uncut = (await chat()).json()["choices"][0]["message"]["content"]
    body = (await chat(**{name: 5})).json()
    assert body["choices"][0]["finish_reason"] == "length"
    assert body["usage"]["completion_tokens"] == 5
    assert uncut.startswith(body["choices"][0]["message"]["content"])


async def test_anthropic_keeps_to_the_most_tokens(message):
    body = (await message(max_tokens=5)).json()
    assert (body["stop_reason"], body["usage"]["output_tokens"]) == ("max_tokens", 5)


async def test_a_stop_sequence_ends_the_text_before_itself(chat, message):
    said = (await chat(stop=["never", " to a"])).json()["choices"][0]
    assert said["message"]["content"].endswith(" Answer " + said["message"]["content"].split()[-1])
    assert said["finish_reason"] == "stop"
    body = (await message(stop_sequences=[" prompt", " to a"])).json()
    assert (body["stop_reason"], body["stop_sequence"]) == ("stop_sequence", " to a")
    assert " to a" not in body["content"][0]["text"]


async def test_openai_calls_a_tool_that_it_must(chat, events):
    tools = [{"type": "function", "function": {"name": "weather", "parameters": WEATHER}}]
    choice = (await chat(tools=tools, tool_choice="required")).json()["choices"][0]
    assert choice["finish_reason"] == "tool_calls"
    (call,) = choice["message"]["tool_calls"]
    assert json.loads(call["function"]["arguments"]) == EXAMPLE
    named = {"type": "function", "function": {"name": "weather"}}
    streamed = events((await chat(tools=tools, tool_choice=named, stream=True)).text)
    deltas = [json.loads(data)["choices"][0]["delta"] for _, data in streamed[:-1]]
    first, *rest = [delta["tool_calls"][0] for delta in deltas if "tool_calls" in delta]
    assert (first["id"], first["function"]["name"]) == (call["id"], "weather")
    assert json.loads("".join(piece["function"]["arguments"] for piece in rest)) == EXAMPLE
    unforced = (await chat(tools=tools)).json()["choices"][0]
    assert unforced["message"]["content"].startswith("[simulated openai]")


async def test_anthropic_calls_a_tool_that_it_must(message, events):
    tools = [{"name": "weather", "input_schema": WEATHER}]
    body = (await message(tools=tools, tool_choice={"type": "any"})).json()
    assert (body["stop_reason"], body["content"][0]["type"]) == ("tool_use", "tool_use")
    assert body["content"][0]["input"] == EXAMPLE
    choice = {"type": "tool", "name": "weather"}
    streamed = [
        json.loads(data) for _, data in events((await message(tools=tools, tool_choice=choice, stream=True)).text)
    ]
    parts = [event["delta"]["partial_json"] for event in streamed if event["type"] == "content_block_delta"]
    assert json.loads("".join(parts)) == EXAMPLE


async def test_texts_in_parts_images_and_the_system_count(chat, message):
    parts = [{"type": "text", "text": "one two"}, {"type": "image_url", "image_url": {"url": "x"}}]
    messages = [{"role": "system", "content": "be short"}, {"role": "user", "content": parts}]
    assert (await chat(messages=messages)).json()["usage"]["prompt_tokens"] == 4 + ATTACHMENT
    image = {"type": "image", "source": {"type": "url", "url": "x"}}
    body = (await message(system="be short", messages=[{"role": "user", "content": [parts[0], image]}])).json()
    assert body["usage"]["input_tokens"] == 4 + ATTACHMENT


async def test_tokens_are_counted_without_a_completion(simulator, client):
    body = {"model": "claude", "messages": [{"role": "user", "content": "one two three"}]}
    answer = await client.post(f"{simulator.urls.anthropic}/v1/messages/count_tokens", json=body)
    assert answer.json() == {"input_tokens": 3}


async def test_models_are_listed_and_found(simulator, client):
    for base in (simulator.urls.openai, f"{simulator.urls.anthropic}/v1", simulator.urls.lmstudio):
        listed = (await client.get(f"{base}/models")).json()["data"]
        assert listed[0]["id"].startswith("simulated-")
        assert (await client.get(f"{base}/models/{listed[0]['id']}")).json() == listed[0]
        assert (await client.get(f"{base}/models/nobody")).status_code == 404


async def test_any_key_is_accepted_but_invalid(chat, message, simulator, client):
    refused = await chat(key="invalid")
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "invalid_api_key")
    refused = await message(key="invalid")
    assert (refused.status_code, refused.json()["error"]["type"]) == (401, "authentication_error")
    bearer = {"authorization": "Bearer invalid"}
    refused = await client.get(f"{simulator.urls.anthropic}/v1/models", headers=bearer)
    assert refused.status_code == 401
    assert (await chat(key="invalid", local=True)).status_code == 200
    assert (await chat(key="anything")).status_code == 200


@pytest.mark.parametrize("fields", [{"messages": []}, {"messages": "x"}, {"max_tokens": 0}, {"n": 9}, {"model": None}])
async def test_a_malformed_request_is_refused_in_openais_shape(chat, fields):
    answer = await chat(**fields)
    assert (answer.status_code, answer.json()["error"]["type"]) == (400, "invalid_request_error")


async def test_a_malformed_request_is_refused_in_anthropics_shape(message):
    answer = await message(max_tokens=None)
    assert answer.status_code == 400
    assert answer.json() == {
        "type": "error",
        "error": {"type": "invalid_request_error", "message": "max_tokens: Field required"},
        "request_id": answer.headers["request-id"],
    }


async def test_an_unknown_path_is_answered_as_each_provider_does(simulator, client):
    assert (await client.get(f"{simulator.urls.openai}/nothing")).status_code == 404
    assert (await client.get(f"{simulator.urls.anthropic}/v1/nothing")).json()["error"]["type"] == "not_found_error"
    local = await client.get(f"{simulator.urls.lmstudio}/nothing")
    assert (local.status_code, local.json()) == (200, {"error": "Unexpected endpoint or method. (GET /v1/nothing)"})
