"""What callers ask in OpenAI's chat language, in the domain's words, and what these do not carry."""

import msgspec
import pytest
from dialects.openai.chat_wire import CALLER, HELLO, body, read

from neuroroute.domain.completion import ToolCall
from neuroroute.domain.model import Ability, Wire
from neuroroute.domain.prompt import (
    Document,
    Image,
    JsonFormat,
    Message,
    Role,
    Sampling,
    Text,
    Tool,
    ToolChoice,
    ToolResult,
    ToolUse,
)

PNG = "data:image/png;base64,iVBORw0KGgo="
PDF = "data:application/pdf;base64,JVBERi0="
WEATHER = {"name": "weather", "description": "Of a city", "parameters": {"type": "object"}, "strict": True}


def message(**fields):
    asked = read(messages=[fields])
    return asked.prompt.messages, asked.prompt.untranslated, asked.abilities


def user(*parts):
    return message(role="user", content=list(parts))


def test_reads_who_says_what():
    said = [{"role": role, "content": role} for role in ("developer", "system", "user", "assistant")]
    assert read(messages=said).prompt.messages == (
        Message(Role.SYSTEM, "developer"),
        Message(Role.SYSTEM, "system"),
        Message(Role.USER, "user"),
        Message(Role.ASSISTANT, "assistant"),
    )


def test_reads_text_pictures_and_files():
    parts, untranslated, abilities = user(
        {"type": "text", "text": "Look:"},
        {"type": "image_url", "image_url": {"url": PNG, "detail": "auto"}},
        {"type": "image_url", "image_url": "https://example.com/a.png"},
        {"type": "file", "file": {"file_data": PDF, "filename": "a.pdf"}},
    )
    content = (Text("Look:"), Image(PNG), Image("https://example.com/a.png"), Document(PDF, "a.pdf"))
    assert parts == (Message(Role.USER, content),)
    assert untranslated == ()
    assert abilities == {Ability.IMAGES, Ability.FILES}


def test_reads_calls_of_tools_and_what_the_tools_said():
    calls = [
        {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"city": broken'}},
        {"id": "c2", "function": {"name": "time", "arguments": {"zone": "UTC"}}},
    ]
    asked = read(
        messages=[
            {"role": "assistant", "content": "Wait.", "tool_calls": calls, "refusal": None, "annotations": []},
            {"role": "tool", "tool_call_id": "c1", "content": "Sunny"},
            {"role": "tool", "tool_call_id": "c2", "content": [{"type": "text", "text": "Noon"}]},
        ]
    )
    said = (Text("Wait."), ToolCall("c1", "weather", '{"city": broken'), ToolCall("c2", "time", '{"zone":"UTC"}'))
    assert asked.prompt.messages == (
        Message(Role.ASSISTANT, said),
        Message(Role.USER, (ToolResult("c1", (Text("Sunny"),)),)),
        Message(Role.USER, (ToolResult("c2", (Text("Noon"),)),)),
    )
    assert asked.prompt.untranslated == ()
    assert asked.abilities == {Ability.TOOLS}


def test_a_refusal_is_what_the_assistant_said():
    for fields in ({"content": None, "refusal": "No."}, {"content": [{"type": "refusal", "refusal": "No."}]}):
        assert message(role="assistant", **fields)[0] == (Message(Role.ASSISTANT, (Text("No."),)),)


def test_reads_tools():
    asked = read(
        tools=[{"type": "function", "function": WEATHER}, {"function": {"name": "time"}}],
        tool_choice={"type": "function", "function": {"name": "weather"}},
        parallel_tool_calls=False,
    )
    assert asked.prompt.tools == (
        Tool(name="weather", description="Of a city", schema={"type": "object"}, strict=True),
        Tool(name="time"),
    )
    assert asked.prompt.tool_choice == ToolChoice(ToolUse.REQUIRED, "weather")
    assert asked.prompt.parallel_tool_calls is False
    assert asked.abilities == {Ability.TOOLS}


@pytest.mark.parametrize(
    ("said", "use"),
    [("auto", ToolUse.AUTO), ("none", ToolUse.NONE), ("required", ToolUse.REQUIRED), ("any", ToolUse.REQUIRED)],
)
def test_reads_whether_tools_must_be_called(said, use):
    assert read(tool_choice=said).prompt.tool_choice == ToolChoice(use)


def test_reads_how_the_answer_is_to_be():
    asked = read(max_tokens=5, max_completion_tokens=7.0, temperature=0, top_p=0.5, stop="END", stream=True, user="u")
    assert asked.prompt.sampling == Sampling(max_tokens=7, temperature=0, top_p=0.5, stop=("END",))
    assert (asked.prompt.streamed, asked.prompt.user, asked.prompt.untranslated) == (True, "u", ())
    assert read(stop=["a", "b"]).prompt.sampling.stop == ("a", "b")
    assert read(safety_identifier="s").prompt.user == "s"


def test_reads_the_format():
    schema = {"name": "city", "schema": {"type": "object"}, "strict": True}
    asked = read(response_format={"type": "json_schema", "json_schema": schema})
    assert asked.prompt.json == JsonFormat(schema={"type": "object"}, name="city", strict=True)
    assert asked.abilities == {Ability.JSON_SCHEMA}
    assert read(response_format={"type": "json_object"}).prompt.json == JsonFormat()
    assert read(response_format={"type": "text"}).prompt.json is None


@pytest.mark.parametrize(
    ("options", "told"),
    [(None, False), ({}, False), ({"include_usage": False}, False), ({"include_usage": True, "x": 1}, True)],
)
def test_knows_whether_a_stream_is_to_tell_its_usage(options, told):
    assert read(stream=True, stream_options=options).tells_usage is told


def test_keeps_the_request_as_the_caller_said_it():
    said = body(metadata={"a": "b"}, unheard_of=[1, {"x": None}], messages=[HELLO | {"x_new": 1}])
    wording = CALLER.read(said, (("x-title", "t"),)).prompt.wording
    assert (wording.wire, wording.body, wording.headers) == (Wire.CHAT, said, ())


FORMAT = {"type": "json_schema", "json_schema": {"name": "f", "schema": {}}}


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"logit_bias": {"50256": -100}}, "logit_bias"),
        ({"n": 2}, "n"),
        ({"seed": 7}, "seed"),
        ({"reasoning_effort": "low"}, "reasoning_effort"),
        ({"logprobs": True}, "logprobs"),
        ({"metadata": {"a": "b"}}, "metadata"),
        ({"functions": [{"name": "f"}]}, "functions"),
        ({"unheard_of": False}, "unheard_of"),
        ({"response_format": {"type": "grammar"}}, "response_format"),
        ({"response_format": FORMAT | {"x": 1}}, "response_format.x"),
        ({"response_format": FORMAT | {"json_schema": {"name": "f", "x": 1}}}, "response_format.json_schema.x"),
        ({"tool_choice": {"type": "allowed_tools"}}, "tool_choice"),
        ({"tool_choice": {"type": "function", "function": {"name": "f"}, "x": 1}}, "tool_choice.x"),
        ({"tool_choice": {"type": "function", "function": {"name": "f", "x": 1}}}, "tool_choice.function.x"),
        ({"tools": [{"type": "web_search"}]}, "tools[0]"),
        ({"tools": [{"type": "function", "function": WEATHER, "cache_control": {}, "x": 1}]}, "tools[0].x"),
        ({"tools": [{"type": "function", "function": WEATHER | {"x": 1}}]}, "tools[0].function.x"),
        ({"messages": [HELLO, HELLO | {"name": "Ada"}]}, "messages[1].name"),
        ({"messages": [HELLO, {"role": "critic", "content": "Bad."}]}, "messages[1]"),
        ({"messages": [{"role": "assistant", "content": "", "reasoning": "Hm."}]}, "messages[0].reasoning"),
    ],
)
def test_names_what_is_not_carried(fields, path):
    assert read(**fields).prompt.untranslated == (path,)


@pytest.mark.parametrize(
    ("part", "path"),
    [
        ({"type": "input_audio", "input_audio": {"data": "", "format": "wav"}}, ""),
        ({"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}, ""),
        ({"type": "file", "file": {"file_id": "f1"}}, ".file"),
        ({"type": "image_url", "image_url": {"url": PNG, "detail": "high"}}, ".image_url.detail"),
        ({"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}}, ".cache_control"),
        ({"type": "refusal", "refusal": "No.", "x": 1}, ".x"),
    ],
)
def test_names_what_is_not_carried_of_a_content(part, path):
    _, untranslated, _ = user({"type": "text", "text": "Listen:"}, part)
    assert untranslated == (f"messages[0].content[1]{path}",)


def test_names_what_is_not_carried_of_calls():
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": ""}}
    google = call | {"extra_content": {"google": {"thought_signature": "x"}}}
    custom = {"id": "d", "type": "custom", "custom": {"name": "g", "input": "x"}}
    signed = call | {"function": call["function"] | {"thought_signature": "x"}}
    (turn,), untranslated, _ = message(role="assistant", content=None, tool_calls=[call, google, custom, signed])
    assert untranslated == (
        "messages[0].tool_calls[1].extra_content",
        "messages[0].tool_calls[2]",
        "messages[0].tool_calls[3].function.thought_signature",
    )
    assert turn.content == (ToolCall("c", "f", ""),) * 3


@pytest.mark.parametrize(
    "fields",
    [
        dict.fromkeys(
            ("logit_bias", "seed", "metadata", "tools", "response_format", "stop", "max_tokens", "unheard_of")
        ),
        {"n": 1, "logprobs": False, "store": False, "stream_options": {"include_usage": True}, "metadata": {}},
        {"frequency_penalty": 0.0, "presence_penalty": 0, "service_tier": "auto", "modalities": ["text"]},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "a", "image_url": None}], "name": None}]},
        {"messages": [{"role": "assistant", "content": "a", "prefix": False, "function_call": None, "audio": None}]},
    ],
)
def test_what_says_nothing_is_not_named(fields):
    assert read(**fields).prompt.untranslated == ()


def test_a_file_may_be_known_to_its_provider_by_an_id_alone():
    assert user({"type": "file", "file_id": "f-1"})[1:] == (("messages[0].content[0]",), {Ability.FILES})


def test_listening_is_an_ability():
    assert user({"type": "input_audio", "input_audio": {"data": "", "format": "wav"}})[2] == {Ability.AUDIO}


def test_the_most_tokens_are_no_fewer_than_the_bytes_of_all_that_is_said():
    asked = read(messages=[{"role": "user", "content": "東京" * 100}], tools=[{"function": WEATHER}])
    assert asked.most_tokens >= len(("東京" * 100).encode()) + len(msgspec.json.encode(WEATHER))


def test_a_picture_counts_as_one_whatever_its_size():
    def most(url):
        return read(messages=[{"role": "user", "content": [{"type": "image_url", "image_url": url}]}]).most_tokens

    assert most(PNG + "A" * 1_000_000) == most(PNG)
    assert 5_000 < most(PNG) < 6_000
