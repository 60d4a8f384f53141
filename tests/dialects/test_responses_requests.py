"""What callers ask in the language of OpenAI's responses, read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuroroute.dialects.caller_side import InvalidRequest
from neuroroute.dialects.fields import IMAGE_TOKENS
from neuroroute.dialects.responses.caller import ResponsesDialect
from neuroroute.dialects.responses.requests import MAX_ITEMS, MAX_TOOLS
from neuroroute.domain.completion import ToolCall
from neuroroute.domain.model import Ability, Wire
from neuroroute.domain.prompt import (
    Document,
    Image,
    JsonFormat,
    Message,
    Prompt,
    Role,
    Sampling,
    Text,
    Tool,
    ToolResult,
    Wording,
)

PIXEL = "data:image/png;base64," + "A" * 10_000
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def read(**body):
    return ResponsesDialect().read({"model": "m", "input": "Capital?"} | body, [("x-api-key", "secret")])


def said(*items):
    return list(read(input=list(items)).prompt.messages)


def message(content, role="user", **more):
    return {"role": role, "content": content} | more


def test_a_request_is_what_it_says_and_travels_as_it_came():
    body = {"model": "m", "input": "Capital?", "instructions": "Be short.", "x_unknown": {"deep": [1]}, "user": None}
    assert ResponsesDialect().read(body, []).prompt == Prompt(
        (Message(Role.SYSTEM, "Be short."), Message(Role.USER, "Capital?")),
        wording=Wording(wire=Wire.RESPONSES, body=body),
    )


def test_how_it_is_to_be_answered():
    asked = read(stream=True, max_output_tokens=50.0, temperature=1, top_p=0.5, user="u1")
    assert asked.model == "m"
    assert asked.prompt.streamed
    assert asked.prompt.user == "u1"
    assert asked.prompt.sampling == Sampling(max_tokens=50, temperature=1.0, top_p=0.5)


def test_items_are_turns():
    assert said(
        message("Hello", "developer"),
        message([{"type": "input_text", "text": "Capital?"}], type="message"),
        {"type": "reasoning", "encrypted_content": "…", "summary": []},
        {"type": "function_call", "call_id": "c1", "name": "weather", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c1", "output": "sunny"},
        {"type": "custom_tool_call", "call_id": "c2", "name": "shell", "input": "ls"},
        {"type": "custom_tool_call_output", "call_id": "c2", "output": [{"type": "input_image", "image_url": PIXEL}]},
        message([{"type": "output_text", "text": "Paris"}, {"type": "odd"}], "assistant"),
    ) == [
        *(Message(Role.SYSTEM, "Hello"), Message(Role.USER, (Text("Capital?"),))),
        Message(Role.ASSISTANT, (ToolCall("c1", "weather", "{}"),)),
        Message(Role.USER, (ToolResult("c1", (Text("sunny"),)),)),
        Message(Role.ASSISTANT, (ToolCall("c2", "shell", "ls"),)),
        Message(Role.USER, (ToolResult("c2", (Image(PIXEL),)),)),
        Message(Role.ASSISTANT, (Text("Paris"),)),
    ]


@pytest.mark.parametrize(
    ("body", "abilities"),
    [
        ({}, set()),
        ({"tools": [{"type": "web_search"}]}, {Ability.TOOLS}),
        ({"input": [message([{"type": "input_image", "file_id": "f"}])]}, {Ability.IMAGES}),
        ({"input": [message([{"type": "input_file", "file_id": "f"}])]}, {Ability.FILES}),
        ({"input": [message([{"type": "input_audio", "input_audio": {}}])]}, {Ability.AUDIO}),
        ({"text": {"format": {"type": "json_schema", "name": "n", "schema": SCHEMA}}}, {Ability.JSON_SCHEMA}),
        ({"text": {"format": {"type": "json_object"}}}, set()),
        ({"text": {"verbosity": "low"}}, set()),
    ],
)
def test_knows_what_a_model_needs_to_take_it(body, abilities):
    assert read(**body).abilities == abilities


def test_tools_and_schemas_are_known_for_their_size():
    function = {"type": "function", "name": "weather", "description": "It.", "parameters": SCHEMA, "strict": True}
    form = {"type": "json_schema", "name": "n", "schema": SCHEMA}
    prompt = read(tools=[function, {"type": "mcp", "server_url": "https://example.org"}], text={"format": form}).prompt
    assert prompt.tools == (Tool(name="weather", description="It.", schema=SCHEMA, strict=True),)
    assert prompt.json == JsonFormat(schema=SCHEMA, name="n")


def test_a_file_is_known_by_what_it_holds():
    part = {"type": "input_file", "file_data": "data:application/pdf;base64,AA", "filename": "a.pdf"}
    assert said(message([part])) == [Message(Role.USER, (Document("data:application/pdf;base64,AA", "a.pdf"),))]


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"model": None}, "model"),
        ({"model": ""}, "model"),
        ({"input": 5}, "input"),
        ({"input": ["text"]}, "input[0]"),
        ({"input": [{}] * (MAX_ITEMS + 1)}, "input"),
        ({"stream": "yes"}, "stream"),
        ({"max_output_tokens": 0}, "max_output_tokens"),
        ({"max_output_tokens": True}, "max_output_tokens"),
        ({"max_output_tokens": "5"}, "max_output_tokens"),
        ({"max_output_tokens": 1.5}, "max_output_tokens"),
        ({"max_output_tokens": 10**10}, "max_output_tokens"),
        ({"temperature": -1}, "temperature"),
        ({"top_p": 2}, "top_p"),
        ({"instructions": ["x"]}, "instructions"),
        ({"tools": [{"type": "web_search"}] * (MAX_TOOLS + 1)}, "tools"),
        ({"tools": [{"type": "web_search"}, {"type": "function"}]}, "tools[1].name"),
        ({"tools": [{"type": "function", "name": "n" * 257}]}, "tools[0].name"),
        ({"text": {"format": {"type": "json_schema", "schema": "x"}}}, "text.format.schema"),
        ({"metadata": "x"}, "metadata"),
        ({"input": "\ud800"}, None),
    ],
)
def test_what_cannot_be_is_refused_by_name(body, param):
    with pytest.raises(InvalidRequest) as raised:
        read(**body)
    assert raised.value.param == param


def test_a_request_names_its_model():
    with pytest.raises(InvalidRequest, match="model: Field required"):
        ResponsesDialect().read({"input": "x"}, [])


@given(st.dictionaries(st.text(), ANY_JSON, max_size=4), st.lists(ANY_JSON, max_size=3))
def test_what_nobody_here_has_heard_of_is_passed_on(item, content):
    body = {"model": "m", "input": [item, message(content), {"type": "function_call_output", "output": content}]}
    asked = ResponsesDialect().read(body, [])
    assert asked.prompt.wording.body == body
    assert asked.prompt.untranslated == ()


@given(st.text(max_size=200))
def test_its_tokens_are_bounded_by_its_bytes(text):
    assert read(input=text).most_tokens >= len(text.encode())


def test_an_image_is_bounded_by_what_makers_count_for_one():
    bound = read(input=[message([{"type": "input_image", "image_url": PIXEL}])]).most_tokens
    assert IMAGE_TOKENS < bound < IMAGE_TOKENS + 500


@pytest.mark.parametrize(
    "body",
    [
        {"previous_response_id": "resp_1"},
        {"conversation": "conv_1"},
        {"prompt": {"id": "pmpt_1"}, "input": None},
        {"input": [{"type": "item_reference", "id": "msg_1"}]},
        {"input": [message([{"type": "input_file", "file_id": "f"}])]},
    ],
)
def test_nobody_knows_the_size_of_what_lies_with_the_provider(body):
    assert read(**body).most_tokens is None
