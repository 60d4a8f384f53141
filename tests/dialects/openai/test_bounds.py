"""What a request may not say, told with the field's path."""

import msgspec
import pytest
from dialects.openai.chat_wire import CALLER, HELLO, body, read
from hypothesis import given
from hypothesis import strategies as st

from neuroroute.dialects.caller_side import InvalidRequest

CALL = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}


def tool(**function):
    return [{"type": "function", "function": {"name": "f"} | function}]


def parts(*said):
    return [{"role": "user", "content": list(said)}]


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"model": None}, "model"),
        ({"model": ""}, "model"),
        ({"model": 7}, "model"),
        ({"messages": None}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": "hello"}, "messages"),
        ({"messages": [HELLO] * 10_001}, "messages"),
        ({"messages": ["hello"]}, "messages[0]"),
        ({"messages": [{"content": "a"}]}, "messages[0].role"),
        ({"messages": [HELLO, {"role": 7, "content": "a"}]}, "messages[1].role"),
        ({"messages": [HELLO, {"role": "user", "content": 7}]}, "messages[1].content"),
        ({"messages": [{"role": "assistant", "tool_calls": {}}]}, "messages[0].tool_calls"),
        ({"messages": [{"role": "assistant", "tool_calls": [CALL | {"id": 7}]}]}, "messages[0].tool_calls[0].id"),
        (
            {"messages": [{"role": "assistant", "tool_calls": [CALL | {"function": {}}]}]},
            "messages[0].tool_calls[0].function.name",
        ),
        (
            {"messages": [{"role": "assistant", "tool_calls": [CALL | {"function": 7}]}]},
            "messages[0].tool_calls[0].function",
        ),
        ({"messages": parts("a")}, "messages[0].content[0]"),
        ({"messages": parts({"type": "text"})}, "messages[0].content[0].text"),
        ({"messages": parts({"type": "text", "text": 7})}, "messages[0].content[0].text"),
        ({"messages": parts({"type": "image_url"})}, "messages[0].content[0].image_url"),
        ({"messages": parts({"type": "image_url", "image_url": {}})}, "messages[0].content[0].image_url.url"),
        ({"messages": parts({"type": "file", "file": {"file_data": 7}})}, "messages[0].content[0].file.file_data"),
        ({"n": 0}, "n"),
        ({"n": 129}, "n"),
        ({"n": 1.5}, "n"),
        ({"n": True}, "n"),
        ({"max_tokens": True}, "max_tokens"),
        ({"max_tokens": "5"}, "max_tokens"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": -5}, "max_tokens"),
        ({"max_tokens": 1.5}, "max_tokens"),
        ({"max_tokens": 1_000_000_001}, "max_tokens"),
        ({"max_completion_tokens": -1}, "max_completion_tokens"),
        ({"temperature": "hot"}, "temperature"),
        ({"temperature": -1}, "temperature"),
        ({"top_p": 2}, "top_p"),
        ({"stop": ["a"] * 65}, "stop"),
        ({"stop": [7]}, "stop[0]"),
        ({"stream": "yes"}, "stream"),
        ({"stream_options": 7}, "stream_options"),
        ({"logit_bias": {str(token): 1 for token in range(10_001)}}, "logit_bias"),
        ({"tools": tool() * 1_001}, "tools"),
        ({"tools": [7]}, "tools[0]"),
        ({"tools": [{"type": "function"}]}, "tools[0].function"),
        ({"tools": tool(name="x" * 257)}, "tools[0].function.name"),
        ({"tools": tool(parameters=[])}, "tools[0].function.parameters"),
        ({"tool_choice": {"type": "function"}}, "tool_choice.function"),
        ({"tool_choice": 7}, "tool_choice"),
        ({"response_format": "json"}, "response_format"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema"),
        (
            {"response_format": {"type": "json_schema", "json_schema": {"schema": 7}}},
            "response_format.json_schema.schema",
        ),
        ({"functions": [{}] * 1_001}, "functions"),
        ({"user": 7}, "user"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_refuses_what_a_field_does_not_allow(fields, param):
    with pytest.raises(InvalidRequest) as refused:
        read(**fields)
    assert refused.value.param == param
    assert str(refused.value).startswith(param)


@pytest.mark.parametrize("missing", ["model", "messages"])
def test_names_what_is_missing(missing):
    with pytest.raises(InvalidRequest, match="required") as refused:
        CALLER.read({name: value for name, value in body().items() if name != missing}, ())
    assert refused.value.param == missing


def test_refuses_what_no_wire_carries():
    with pytest.raises(InvalidRequest, match="surrogate"):
        read(metadata={"a": "\ud800"})


@pytest.mark.parametrize(
    "fields",
    [
        {"n": 128, "max_tokens": 1_000_000_000, "stop": ["a"] * 64},
        {"max_tokens": 1.0, "temperature": 2, "top_p": 0},
        {"messages": [HELLO] * 10_000, "tools": tool(name="x" * 256) * 1_000},
        {"messages": [{"role": "critic", "content": [{"type": "unheard of", "text": 7}]}]},
        {"messages": [{"role": "assistant"}]},
        {"messages": [{"role": "assistant", "tool_calls": [{"type": {}}, {"type": []}]}]},
        {"messages": [{"role": "user", "content": [{"type": {}}, {}]}], "tools": [{"type": {}}, {"type": []}]},
        {"tools": [{"type": "unheard of", "function": 7}], "tool_choice": "sometimes", "stream_options": {}},
    ],
)
def test_takes_what_is_at_the_bounds_and_what_only_the_provider_knows(fields):
    assert read(**fields).prompt.wording.body == body(**fields)


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(1 << 63), 1 << 63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["role", "content", "type", "text", "image_url", "url", "file", "function", "name", "tool_calls", "id"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)
FIELDS = st.sampled_from(
    ["messages", "tools", "tool_choice", "response_format", "stop", "max_tokens", "n", "stream_options", "model", "x"]
)


@given(st.dictionaries(FIELDS, ANYTHING) | st.lists(ANYTHING, min_size=1).map(lambda said: {"messages": said}))
def test_anything_is_read_or_refused(fields):
    try:
        asked = read(**fields)
    except InvalidRequest:
        return
    assert msgspec.json.encode(asked.prompt.wording.body) == msgspec.json.encode(body(**fields))
