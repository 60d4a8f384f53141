"""What chat completions can be asked for beyond a text."""

import json

import pytest

pytestmark = pytest.mark.anyio

TOOLS = [
    {"type": "function", "function": {"name": name, "parameters": {"properties": {"city": {"type": "string"}}}}}
    for name in ("weather", "clock")
]
SCHEMA = {"type": "object", "properties": {"colour": {"type": "string"}, "count": {"type": "integer"}}}


def chunks(events, answer):
    return [json.loads(data) for _, data in events(answer.text)[:-1]]


async def test_several_choices_differ_and_are_streamed_side_by_side(chat, events):
    body = (await chat(n=3)).json()
    texts = [choice["message"]["content"] for choice in body["choices"]]
    assert [choice["index"] for choice in body["choices"]] == [0, 1, 2]
    assert len(set(texts)) == 3
    assert texts[0] == (await chat()).json()["choices"][0]["message"]["content"]
    told = [chunk["choices"][0] for chunk in chunks(events, await chat(n=3, stream=True))]
    joined = [
        "".join(each["delta"].get("content", "") for each in told if each["index"] == place) for place in range(3)
    ]
    assert joined == texts
    contents = [each["index"] for each in told if each["delta"].get("content")]
    assert contents[:6] == [0, 1, 2, 0, 1, 2]
    assert [each["index"] for each in told if each["finish_reason"]] == [0, 1, 2]


@pytest.mark.parametrize("stream", [False, True])
async def test_a_marker_calls_tools_and_their_results_are_answered_in_text(chat, events, stream):
    asked = "Please [[call:weather,clock]]"
    answer = await chat(asked, tools=TOOLS, stream=stream)
    if stream:
        deltas = [chunk["choices"][0]["delta"] for chunk in chunks(events, answer)]
        pieces = [piece for delta in deltas for piece in delta.get("tool_calls", ())]
        calls = [piece | {"function": piece["function"] | {"arguments": ""}} for piece in pieces if "id" in piece]
        for piece in pieces:
            calls[piece["index"]]["function"]["arguments"] += piece["function"]["arguments"]
    else:
        calls = answer.json()["choices"][0]["message"]["tool_calls"]
    assert [call["function"]["name"] for call in calls] == ["weather", "clock"]
    assert {json.loads(call["function"]["arguments"])["city"] for call in calls} == {"simulated"}
    assert len({call["id"] for call in calls}) == 2
    results = [{"role": "tool", "tool_call_id": call["id"], "content": f"{call['id']} is fine"} for call in calls]
    messages = [{"role": "user", "content": asked}, {"role": "assistant", "tool_calls": calls}, *results]
    said = (await chat(messages=messages, tools=TOOLS)).json()["choices"][0]
    assert said["finish_reason"] == "stop"
    assert all(f"{call['id']} is fine" in said["message"]["content"] for call in calls)
    again = (await chat(messages=[*messages, {"role": "user", "content": asked}], tools=TOOLS)).json()
    assert again["choices"][0]["finish_reason"] == "tool_calls"


async def test_a_required_tool_is_the_first_that_was_not_called(chat):
    first = (await chat(tools=TOOLS, tool_choice="required")).json()["choices"][0]["message"]
    result = {"role": "tool", "tool_call_id": first["tool_calls"][0]["id"], "content": "12 degrees"}
    messages = [{"role": "user", "content": "Go"}, first, result]
    second = (await chat(messages=messages, tools=TOOLS, tool_choice="required")).json()["choices"][0]["message"]
    assert [each["tool_calls"][0]["function"]["name"] for each in (first, second)] == ["weather", "clock"]


async def test_one_tool_at_a_time_and_none_when_it_is_forbidden(chat):
    one = await chat("[[call:weather,clock]]", tools=TOOLS, parallel_tool_calls=False)
    assert len(one.json()["choices"][0]["message"]["tool_calls"]) == 1
    none = await chat("[[call:weather]]", tools=TOOLS, tool_choice="none")
    assert none.json()["choices"][0]["finish_reason"] == "stop"


@pytest.mark.parametrize(
    ("prompt", "fields"),
    [
        ("[[call:nobody]]", {"tools": TOOLS}),
        ("[[call:weather]]", {}),
        ("[[call:", {"tools": TOOLS}),
        ("x", {"tools": TOOLS, "tool_choice": {"type": "function", "function": {"name": "nobody"}}}),
        ("x", {"tool_choice": "required"}),
        ("x", {"messages": [{"role": "tool", "tool_call_id": "call_1", "content": "of no call"}]}),
    ],
)
async def test_a_tool_or_a_call_that_is_not_there_is_refused(chat, prompt, fields):
    assert (await chat(prompt, **fields)).status_code == 400


@pytest.mark.parametrize("stream", [False, True])
async def test_a_schema_is_answered_with_an_example_of_it(chat, chat_text, stream):
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": SCHEMA, "strict": True}}
    answer = await chat(response_format=wanted, stream=stream)
    text = chat_text(answer.text) if stream else answer.json()["choices"][0]["message"]["content"]
    assert json.loads(text) == {"colour": "simulated", "count": 1}


async def test_json_mode_is_answered_with_an_object(chat):
    answer = await chat(response_format={"type": "json_object"})
    assert json.loads(answer.json()["choices"][0]["message"]["content"]) == {"simulated": True}


async def test_reasoning_counts_and_only_the_local_one_shows_it(chat, events):
    body = (await chat(reasoning_effort="low")).json()
    thought = body["usage"]["completion_tokens_details"]["reasoning_tokens"]
    assert thought > 0
    assert body["usage"]["completion_tokens"] > thought
    assert "reasoning_content" not in body["choices"][0]["message"]
    body = (await chat(reasoning_effort="low", local=True)).json()
    shown = body["choices"][0]["message"]["reasoning_content"]
    assert shown.startswith("[simulated local] Thinking")
    streamed = chunks(events, await chat(reasoning_effort="low", local=True, stream=True))
    assert "".join(chunk["choices"][0]["delta"].get("reasoning_content", "") for chunk in streamed) == shown
    none = (await chat(reasoning_effort="none")).json()["usage"]
    assert none["completion_tokens_details"]["reasoning_tokens"] == 0


async def test_reasoning_is_within_the_most_tokens(chat):
    body = (await chat(reasoning_effort="high", max_completion_tokens=3)).json()
    assert (body["choices"][0]["finish_reason"], body["choices"][0]["message"]["content"]) == ("length", "")
    assert body["usage"]["completion_tokens"] == 3


async def test_logprobs_tell_each_token(chat, events):
    body = (await chat(logprobs=True, top_logprobs=2)).json()["choices"][0]
    told = body["logprobs"]["content"]
    assert "".join(each["token"] for each in told) == body["message"]["content"]
    assert {len(each["top_logprobs"]) for each in told} == {2}
    streamed = [chunk["choices"][0]["logprobs"] for chunk in chunks(events, await chat(logprobs=True, stream=True))]
    assert [each["content"][0]["token"] for each in streamed if each] == [each["token"] for each in told]
    assert (await chat()).json()["choices"][0]["logprobs"] is None


async def test_a_marker_reads_half_the_prompt_from_the_cache(chat):
    usage = (await chat("one two three [[cached]]")).json()["usage"]
    assert usage["prompt_tokens_details"]["cached_tokens"] == usage["prompt_tokens"] // 2 > 0


async def test_a_field_that_nobody_knows_comes_back(chat, events):
    assert (await chat()).json()["x_simulated"] is True
    body = (
        await chat(x_simulated={"deep": [1, None]}, nobody_knows=1, service_tier="flex", metadata={"a": "b"})
    ).json()
    assert (body["x_simulated"], body["service_tier"]) == ({"deep": [1, None]}, "flex")
    first = chunks(events, await chat(x_simulated=5, stream=True))[0]
    assert first["x_simulated"] == 5


async def test_a_tool_whose_schema_is_deep_is_called(chat):
    nested = {"type": "object"}
    for _ in range(200):
        nested = {"type": "object", "properties": {"a": nested}}
    tools = [{"type": "function", "function": {"name": "deep", "parameters": nested}}]
    assert (await chat("[[call:deep]]", tools=tools)).json()["choices"][0]["finish_reason"] == "tool_calls"
