"""Requests in Anthropic's language that ask nothing: each is refused with the field that is wrong."""

from contextlib import suppress

import pytest
from dialects.anthropic.speaking import CALLER, USER, asking
from hypothesis import given
from hypothesis import strategies as st

from neuroroute.dialects.caller_side import InvalidRequest

TOOL = {"name": "f", "input_schema": {}}


def turn(*blocks):
    return {"messages": [{"role": "user", "content": list(blocks)}]}


BAD = [
    ({"model": ""}, "model"),
    ({"model": 7}, "model"),
    ({"max_tokens": None}, "max_tokens"),
    ({"max_tokens": True}, "max_tokens"),
    ({"max_tokens": "5"}, "max_tokens"),
    ({"max_tokens": -5}, "max_tokens"),
    ({"max_tokens": 1.5}, "max_tokens"),
    ({"max_tokens": 1_000_000_001}, "max_tokens"),
    ({"messages": []}, "messages"),
    ({"messages": "Hello"}, "messages"),
    ({"messages": [USER] * 10_001}, "messages"),
    ({"messages": [USER, "Hello"]}, "messages[1]"),
    ({"messages": [{"content": "Hello"}]}, "messages[0].role"),
    ({"messages": [{"role": "user"}]}, "messages[0].content"),
    ({"messages": [{"role": "user", "content": None}]}, "messages[0].content"),
    ({"messages": [{"role": "user", "content": ["Hello"]}]}, "messages[0].content[0]"),
    (turn({"text": "Hello"}), "messages[0].content[0].type"),
    (turn({"type": "text"}), "messages[0].content[0].text"),
    (turn({"type": "text", "text": 7}), "messages[0].content[0].text"),
    (turn({"type": "image"}), "messages[0].content[0].source"),
    (turn({"type": "image", "source": {"type": "base64", "data": 7}}), "messages[0].content[0].source.data"),
    (turn({"type": "tool_use", "id": "t", "name": "f", "input": "{}"}), "messages[0].content[0].input"),
    (turn({"type": "tool_result", "content": "x"}), "messages[0].content[0].tool_use_id"),
    (turn({"type": "tool_result", "tool_use_id": "t", "content": [{}]}), "messages[0].content[0].content[0].type"),
    ({"system": 7}, "system"),
    ({"system": [{"type": "text"}]}, "system[0].text"),
    ({"stop_sequences": ["x"] * 65}, "stop_sequences"),
    ({"stop_sequences": "x"}, "stop_sequences"),
    ({"temperature": 3}, "temperature"),
    ({"temperature": "hot"}, "temperature"),
    ({"top_p": -0.1}, "top_p"),
    ({"stream": "yes"}, "stream"),
    ({"metadata": {"user_id": 7}}, "metadata.user_id"),
    ({"tools": [TOOL] * 1_001}, "tools"),
    ({"tools": [{**TOOL, "name": "f" * 257}]}, "tools[0].name"),
    ({"tools": [{"type": "bash_20250124", "name": "f" * 257}]}, "tools[0].name"),
    ({"tools": [{"name": "f"}]}, "tools[0].input_schema"),
    ({"tools": [TOOL, {**TOOL, "input_schema": "{}"}]}, "tools[1].input_schema"),
    ({"tool_choice": "any"}, "tool_choice"),
    ({"tool_choice": {}}, "tool_choice.type"),
    ({"output_config": {"format": {}}}, "output_config.format.type"),
]


@pytest.mark.parametrize(("fields", "param"), BAD, ids=[f"{place}-{param}" for place, (_, param) in enumerate(BAD)])
def test_names_the_field(fields, param):
    with pytest.raises(InvalidRequest) as caught:
        CALLER.read(asking(**fields), [])
    assert caught.value.param == param
    assert str(caught.value).startswith(f"{param}: ")


def test_a_limit_must_be_stated():
    body = asking()
    del body["max_tokens"]
    with pytest.raises(InvalidRequest, match="max_tokens: Field required"):
        CALLER.read(body, [])


def test_what_could_not_be_sent_on_is_refused_at_the_door():
    with pytest.raises(InvalidRequest, match="half a surrogate") as caught:
        CALLER.read(asking(anything={"deep": ["\ud800"]}), [])
    assert caught.value.param is None


@pytest.mark.parametrize("value", ["a\r\nx-evil: 1", "é", "a" * 1025, "\x00"])
def test_headers_of_the_language_are_one_line_of_visible_text(value):
    with pytest.raises(InvalidRequest) as caught:
        CALLER.read(asking(), [("anthropic-beta", value)])
    assert caught.value.param == "anthropic-beta"


def test_an_error_does_not_repeat_the_prompt():
    with pytest.raises(InvalidRequest) as caught:
        CALLER.read(asking(messages=[{"role": "user", "content": {"my": "secret"}}]), [])
    assert "secret" not in str(caught.value)


NAMES = st.sampled_from([
    "type", "role", "content", "text", "source", "system", "messages", "tools", "input", "id", "name", "tool_choice",
    "output_config", "format", "schema", "metadata", "max_tokens", "model", "tool_use_id", "input_schema",
])  # fmt: skip
WORDS = st.sampled_from(
    ["text", "image", "document", "tool_use", "tool_result", "base64", "user", "json_schema", "any"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | WORDS | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=20,
)  # fmt: skip


@given(st.dictionaries(NAMES, JSON))
def test_nothing_but_a_refusal_escapes(fields):
    for body in (fields, asking(**fields)):
        with suppress(InvalidRequest):
            CALLER.read(body, [])
