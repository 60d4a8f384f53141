"""OpenAI's responses, whole and streamed, read strictly."""

import contextlib
import json

import httpx
import pytest

pytestmark = pytest.mark.anyio

TOOLS = [
    {"type": "function", "name": name, "parameters": {"properties": {"city": {"type": "string"}}}} for name in "ab"
]
AROUND_TEXT = [
    "response.created", "response.in_progress", "response.output_item.added", "response.content_part.added",
    "response.output_text.done", "response.content_part.done", "response.output_item.done", "response.completed",
]  # fmt: skip


def read(events, answer):
    """Its events, whose names and numbers must be right."""
    found = events(answer.text)
    told = [json.loads(data) for _, data in found]
    assert [name for name, _ in found] == [event["type"] for event in told]
    assert [event["sequence_number"] for event in told] == [*range(len(told))]
    return told


def timeless(response):
    return response | {"created_at": 0}


async def test_a_response_is_answered_whole(respond):
    body = (await respond(instructions="be short", metadata={"a": "b"}, store=False, x_simulated="1")).json()
    assert (body["object"], body["status"], body["model"]) == ("response", "completed", "gpt-4o")
    (item,) = body["output"]
    assert (item["type"], item["role"], item["status"]) == ("message", "assistant", "completed")
    assert item["content"][0]["text"].startswith("[simulated openai] ")
    assert body["usage"]["input_tokens"] == 4
    assert body["usage"]["total_tokens"] == 4 + body["usage"]["output_tokens"]
    assert (body["instructions"], body["metadata"], body["store"]) == ("be short", {"a": "b"}, False)
    assert body["x_simulated"] == "1"


async def test_its_events_come_in_order_and_say_what_the_whole_says(respond, events):
    whole = (await respond()).json()
    told = read(events, await respond(stream=True))
    deltas = [event["delta"] for event in told if event["type"] == "response.output_text.delta"]
    assert [event["type"] for event in told if not event["type"].endswith("delta")] == AROUND_TEXT
    assert "".join(deltas) == whole["output"][0]["content"][0]["text"]
    assert len(deltas) == whole["usage"]["output_tokens"]
    assert timeless(told[-1]["response"]) == timeless(whole)
    assert (told[0]["response"]["status"], told[0]["response"]["output"]) == ("in_progress", [])


async def test_too_few_tokens_leave_it_incomplete(respond, events):
    body = (await respond(max_output_tokens=3)).json()
    assert (body["status"], body["incomplete_details"]) == ("incomplete", {"reason": "max_output_tokens"})
    told = read(events, await respond(max_output_tokens=3, stream=True))
    assert told[-1]["type"] == "response.incomplete"


async def test_tools_are_called_and_answered(respond, events):
    asked = {"role": "user", "content": [{"type": "input_text", "text": "Now [[call:a,b]]"}]}
    calls = (await respond(input=[asked], tools=TOOLS)).json()["output"]
    assert [(call["type"], call["name"]) for call in calls] == [("function_call", "a"), ("function_call", "b")]
    told = read(events, await respond(input=[asked], tools=TOOLS, stream=True))
    assert timeless(told[-1]["response"])["output"] == calls
    for index, call in enumerate(calls):
        mine = [event for event in told if event.get("output_index") == index]
        parts = [event["delta"] for event in mine if event["type"] == "response.function_call_arguments.delta"]
        assert "".join(parts) == call["arguments"] == '{"city":"simulated"}'
    results = [{"type": "function_call_output", "call_id": call["call_id"], "output": "12 degrees"} for call in calls]
    body = (await respond(input=[asked, *calls, *results], tools=TOOLS)).json()
    assert "12 degrees; 12 degrees" in body["output"][0]["content"][0]["text"]
    assert (await respond(input=[asked, *results], tools=TOOLS)).status_code == 400
    named = await respond(tools=TOOLS, tool_choice={"type": "function", "name": "b"})
    assert named.json()["output"][0]["name"] == "b"


async def test_reasoning_is_an_item_of_its_own(respond, events):
    body = (await respond(reasoning={"effort": "low"})).json()
    thought, said = body["output"]
    assert (thought["type"], said["type"]) == ("reasoning", "message")
    assert body["usage"]["output_tokens_details"]["reasoning_tokens"] > 0
    told = read(events, await respond(reasoning={"effort": "low"}, stream=True))
    parts = [event["delta"] for event in told if event["type"] == "response.reasoning_summary_text.delta"]
    assert "".join(parts) == thought["summary"][0]["text"]
    assert told[-1]["response"]["output"] == body["output"]


async def test_a_schema_is_answered_with_an_example(respond):
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}}
    body = (await respond(text={"format": {"type": "json_schema", "name": "x", "schema": schema}})).json()
    assert json.loads(body["output"][0]["content"][0]["text"]) == {"a": 1}


async def test_a_response_that_is_not_held_here_is_unknown(respond):
    answer = await respond(previous_response_id="resp_1")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "previous_response_not_found")


@pytest.mark.parametrize("after", [0, 2])
async def test_an_error_in_the_stream_is_its_last_event(respond, events, after):
    answer = await respond(simulate=f"error_after={after}; error_code=server_error", stream=True)
    told = read(events, answer)
    assert (told[-1]["type"], told[-1]["code"]) == ("error", "server_error")
    assert sum(event["type"].endswith("delta") for event in told) == after


async def test_a_stream_can_lack_its_end(respond, events):
    told = read(events, await respond(simulate="no_end=terminator", stream=True))
    assert told[-1]["type"] == "response.output_item.done"
    told = read(events, await respond(simulate="no_end=finish", stream=True))
    assert told[-1]["type"] == "response.output_text.delta"


async def test_faults_befall_responses_alone_when_told(respond, chat, control):
    await control({"openai": {"status": 503, "on": "responses"}})
    assert (await respond()).status_code == 503
    assert (await chat()).status_code == 200
    await control({})
    assert (await respond("[[sim:openai.status=429]]")).headers["retry-after"] == "1"


async def test_nothing_can_be_said(respond, events):
    assert (await respond(simulate="empty=choices")).json()["output"] == []
    assert (await respond(simulate="empty=text")).json()["output"][0]["content"][0]["text"] == ""
    assert (await respond(simulate="no_usage=1")).json()["usage"] is None
    huge = json.loads((await respond(simulate="huge=100000")).text)
    assert len(huge["output"][0]["content"][0]["text"]) > 100_000


async def test_a_response_is_cut_after_so_many_bytes(simulator, client):
    got = b""
    body = {"model": "m", "input": "Hello", "stream": True}
    headers = {"x-simulate": "cut_after=2000; cut=fin"}
    async with client.stream("POST", f"{simulator.urls.openai}/responses", json=body, headers=headers) as answer:
        with contextlib.suppress(httpx.RemoteProtocolError):
            async for piece in answer.aiter_raw():
                got += piece
    assert len(got) == 2000
