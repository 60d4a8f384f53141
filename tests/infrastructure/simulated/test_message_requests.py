"""What Anthropic's messages can be asked for beyond a text."""

import json

import pytest

from neuroroute.infrastructure.simulated.conversation import ATTACHMENT

pytestmark = pytest.mark.anyio

TOOLS = [{"name": name, "input_schema": {"properties": {"city": {"type": "string"}}}} for name in ("weather", "clock")]
THINKING = {"type": "enabled", "budget_tokens": 1024}
MARK = {"cache_control": {"type": "ephemeral"}}


def folded(events, answer):
    """The content blocks of a stream, whose blocks must open and close in turn."""
    blocks, opened = [], None
    for name, data in events(answer.text):
        told = json.loads(data)
        match name:
            case "content_block_start":
                assert (opened, told["index"]) == (None, len(blocks))
                opened = told["content_block"] | {"parts": ""}
            case "content_block_delta":
                delta = told["delta"]
                if delta["type"] == "signature_delta":
                    opened["signature"] = delta["signature"]
                else:
                    opened["parts"] += delta.get("text") or delta.get("thinking") or delta.get("partial_json")
            case "content_block_stop":
                blocks.append(opened)
                opened = None
    assert opened is None
    return blocks


async def test_thinking_comes_first_and_is_signed(message, events):
    for thinking in (THINKING, {"type": "adaptive"}):
        thought, said = (await message(thinking=thinking)).json()["content"]
        assert (thought["type"], said["type"]) == ("thinking", "text")
        streamed = folded(events, await message(thinking=thinking, stream=True))
        assert [block["parts"] for block in streamed] == [thought["thinking"], said["text"]]
        assert streamed[0]["signature"] == thought["signature"] != ""
    assert len((await message(thinking={"type": "disabled"})).json()["content"]) == 1


async def test_thinking_is_taken_back_only_with_its_signature(message):
    content = (await message(thinking=THINKING)).json()["content"]
    asked, more = {"role": "user", "content": "Hello there"}, {"role": "user", "content": "Go on"}
    messages = [asked, {"role": "assistant", "content": content}, more]
    assert (await message(messages=messages, thinking=THINKING)).status_code == 200
    content[0]["signature"] = "c2ln"
    refused = await message(messages=messages, thinking=THINKING)
    assert refused.status_code == 400
    assert "messages.1.content.0: Invalid `signature`" in refused.json()["error"]["message"]


async def test_tools_are_called_at_once_and_answered(message, events):
    asked = {"role": "user", "content": "Now [[call:weather,clock]]"}
    body = (await message(messages=[asked], tools=TOOLS)).json()
    assert (body["stop_reason"], [block["name"] for block in body["content"]]) == ("tool_use", ["weather", "clock"])
    streamed = folded(events, await message(messages=[asked], tools=TOOLS, stream=True))
    assert [json.loads(block["parts"]) for block in streamed] == [block["input"] for block in body["content"]]
    assert [block["id"] for block in streamed] == [block["id"] for block in body["content"]]
    results = [
        {
            "type": "tool_result",
            "tool_use_id": block["id"],
            "content": [{"type": "text", "text": f"{block['name']} ok"}],
        }
        for block in body["content"]
    ]
    replied = {"role": "assistant", "content": body["content"]}
    said = (await message(messages=[asked, replied, {"role": "user", "content": results}], tools=TOOLS)).json()
    assert "(weather ok; clock ok)" in said["content"][0]["text"]
    assert (await message(messages=[asked, {"role": "user", "content": results}])).status_code == 400


async def test_one_tool_at_a_time_and_none_when_it_is_forbidden(message):
    single = {"type": "auto", "disable_parallel_tool_use": True}
    body = (await message("[[call:weather,clock]]", tools=TOOLS, tool_choice=single)).json()
    assert [block["name"] for block in body["content"]] == ["weather"]
    body = (await message("[[call:weather]]", tools=TOOLS, tool_choice={"type": "none"})).json()
    assert body["stop_reason"] == "end_turn"


async def test_a_schema_is_answered_with_an_example(message):
    schema = {"type": "object", "properties": {"a": {"type": "array", "items": {"type": "integer"}}}}
    body = (await message(output_config={"format": {"type": "json_schema", "schema": schema}})).json()
    assert json.loads(body["content"][0]["text"]) == {"a": [1]}


async def test_what_is_marked_is_written_to_the_cache_and_read_when_told(message):
    system = [{"type": "text", "text": "one two"} | MARK, {"type": "text", "text": " three"}]
    usage = (await message("four", system=system)).json()["usage"]
    told = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
    assert [usage[name] for name in told] == [2, 2, 0]
    usage = (await message("four [[cached]]", system=system)).json()["usage"]
    assert [usage[name] for name in told][1:] == [0, 2]
    assert (await message("x", cache_control={"type": "ephemeral"})).json()["usage"]["cache_creation_input_tokens"] == 1
    assert (await message("[[cached]]")).json()["usage"]["cache_read_input_tokens"] == 0


async def test_documents_and_images_of_tools_count(message):
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AA=="}}
    document = {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "x"}}
    call = {"type": "tool_use", "id": "t", "name": "n", "input": {}}
    result = {"type": "tool_result", "tool_use_id": "t", "content": [image]}
    messages = [
        {"role": "user", "content": [document, {"type": "text", "text": "one"}]},
        {"role": "assistant", "content": [call]},
        {"role": "user", "content": [result]},
    ]
    counted = (await message(messages=messages)).json()["usage"]["input_tokens"]
    assert counted == 2 * ATTACHMENT + len(["one", "n{}"])


async def test_openais_roles_are_refused(message):
    for role in ("system", "tool", "developer"):
        assert (await message(messages=[{"role": role, "content": "x"}])).status_code == 400


async def test_a_field_that_nobody_knows_comes_back(message, events):
    assert (await message(x_simulated=[1], nobody_knows=2)).json()["x_simulated"] == [1]
    start = json.loads(events((await message(stream=True)).text)[0][1])
    assert start["message"]["x_simulated"] is True
