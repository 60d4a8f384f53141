"""What a caller asks in Anthropic's language."""

import pytest
from dialects.anthropic.speaking import CALLER, USER, asked, asking, sent
from hypothesis import given
from hypothesis import strategies as st

from neuroroute.dialects.anthropic.requests import read_messages
from neuroroute.domain.model import Ability, Wire
from neuroroute.domain.prompt import (
    JsonFormat,
    Message,
    Role,
    Sampling,
    Text,
    Tool,
    ToolChoice,
    ToolUse,
)

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOL = {"name": "lookup", "description": "Looks up", "input_schema": SCHEMA}


def test_the_least_that_can_be_asked():
    read = asked()
    assert read.model == "auto"
    assert read.prompt.messages == (Message(Role.USER, "Capital of France?"),)
    assert read.prompt.sampling == Sampling(max_tokens=100)
    assert read.prompt.untranslated == ()
    assert not read.prompt.streamed
    assert read.abilities == frozenset()


def test_how_the_model_is_to_answer():
    prompt = asked(max_tokens=64.0, temperature=1, top_p=0.5, stop_sequences=["END"], stream=True).prompt
    assert prompt.sampling == Sampling(max_tokens=64, temperature=1.0, top_p=0.5, stop=("END",))
    assert prompt.streamed
    assert prompt.untranslated == ()


@pytest.mark.parametrize(
    ("system", "content"),
    [
        ("Be brief.", "Be brief."),
        ([{"type": "text", "text": "Be"}, {"type": "text", "text": "brief."}], (Text("Be"), Text("brief."))),
    ],
)
def test_what_the_system_says_comes_first(system, content):
    assert asked(system=system).prompt.messages[0] == Message(Role.SYSTEM, content)
    assert len(asked(system="").prompt.messages) == 1


def test_the_system_may_speak_between_the_turns():
    prompt = asked(messages=[USER, {"role": "system", "content": "Be brief."}, USER]).prompt
    assert [message.role for message in prompt.messages] == [Role.USER, Role.SYSTEM, Role.USER]


def test_tools_are_those_that_the_caller_runs():
    read = asked(tools=[TOOL, {**TOOL, "type": "custom", "strict": True}, {"type": "web_search_20250305", "name": "w"}])
    tool = Tool(name="lookup", description="Looks up", schema=SCHEMA)
    assert read.prompt.tools == (tool, Tool(name="lookup", description="Looks up", schema=SCHEMA, strict=True))
    assert read.prompt.untranslated == ("tools[2]",)
    assert Ability.TOOLS in read.abilities


@pytest.mark.parametrize(
    ("said", "choice", "parallel"),
    [
        ({"type": "auto"}, ToolChoice(ToolUse.AUTO), None),
        ({"type": "any", "disable_parallel_tool_use": True}, ToolChoice(ToolUse.REQUIRED), False),
        ({"type": "any", "disable_parallel_tool_use": False}, ToolChoice(ToolUse.REQUIRED), True),
        ({"type": "tool", "name": "lookup"}, ToolChoice(ToolUse.REQUIRED, "lookup"), None),
        ({"type": "none"}, ToolChoice(ToolUse.NONE), None),
    ],
)
def test_which_tools_are_to_be_called(said, choice, parallel):
    prompt = asked(tools=[TOOL], tool_choice=said).prompt
    assert (prompt.tool_choice, prompt.parallel_tool_calls, prompt.untranslated) == (choice, parallel, ())


def test_an_answer_that_matches_a_schema():
    read = asked(output_config={"format": {"type": "json_schema", "schema": SCHEMA}, "effort": "low"})
    assert read.prompt.json == JsonFormat(schema=SCHEMA)
    assert read.prompt.untranslated == ("output_config.effort",)
    assert read.abilities == {Ability.JSON_SCHEMA}


def test_names_what_is_not_carried_and_not_what_says_nothing():
    prompt = asked(
        top_k=5,
        thinking={"type": "enabled", "budget_tokens": 1024},
        cache_control={"type": "ephemeral"},
        metadata={"user_id": "u", "team": "t"},
        system=[{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}],
        messages=[USER, {**USER, "name": "Ada"}, {**USER, "role": "critic"}],
        tools=[{**TOOL, "cache_control": {"type": "ephemeral"}, "defer_loading": False}],
        tool_choice={"type": "some"},
        output_config={"format": {"type": "grammar"}},
        service_tier="auto",
        container=None,
        mcp_servers=[],
    ).prompt
    assert sorted(prompt.untranslated) == sorted(
        [
            *("top_k", "thinking", "cache_control", "metadata.team", "system[0].cache_control", "messages[1].name"),
            *("messages[2]", "tools[0].cache_control", "tool_choice", "output_config.format"),
        ]
    )
    assert prompt.user == "u"
    assert asked(thinking={"type": "disabled"}).prompt.untranslated == ()


def test_the_request_travels_along_as_it_came():
    body = asking(top_k=5, future={"any": ["thing"]})
    headers = [
        *(("anthropic-version", "2023-06-01"), ("anthropic-beta", "a-2025, b-2025"), ("x-api-key", "secret")),
        ("user-agent", "me"),
    ]
    wording = CALLER.read(body, headers).prompt.wording
    assert wording.wire is Wire.MESSAGES
    assert wording.body == body
    assert wording.headers == (("anthropic-version", "2023-06-01"), ("anthropic-beta", "a-2025, b-2025"))


def test_no_token_at_all_may_be_asked_for_as_it_fills_the_providers_cache():
    prompt = asked(max_tokens=0).prompt
    assert prompt.sampling.max_tokens == 0
    assert sent(prompt)["max_tokens"] == 0


def test_a_count_needs_no_limit_and_is_never_streamed():
    body = {"model": "claude", "messages": [USER], "stream": True}
    prompt = read_messages(body, [], wire=Wire.COUNT_TOKENS).prompt
    assert prompt.sampling.max_tokens is None
    assert prompt.wording.wire is Wire.COUNT_TOKENS
    assert not prompt.streamed


@given(st.text(min_size=1, max_size=200).filter(lambda text: text.isascii() or text.isprintable()))
def test_no_tokenizer_finds_more_tokens_than_it_has_bytes(text):
    read = asked(messages=[{"role": "user", "content": text}], system=text)
    assert read.most_tokens >= 2 * len(text.encode())


def test_images_count_as_much_whatever_their_size():
    def most(data):
        image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": data}}
        return asked(messages=[{"role": "user", "content": [image]}]).most_tokens

    assert most("A" * 1_000_000) == most("AAAA") > 5_000
