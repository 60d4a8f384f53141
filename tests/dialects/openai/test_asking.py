"""What a provider is asked: a caller's own words where it speaks the same, else the prompt in this language."""

import base64

import msgspec
import pytest
from dialects.openai.chat_wire import CALLER, PROVIDER, body, read, sent
from factories import ModelCardFactory
from hypothesis import given
from hypothesis import strategies as st

from neuroroute.domain.completion import ToolCall
from neuroroute.domain.model import Wire
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
    ToolChoice,
    ToolResult,
    ToolUse,
    Wording,
)

PDF = "data:application/pdf;base64,JVBERi0="


def asked(*messages, **fields):
    return sent(Prompt(messages, **fields))


def turn(role, *parts):
    return asked(Message(role, parts))["messages"]


# The caller's own words.


@pytest.mark.parametrize("fields", [{}, {"stream": True, "stream_options": {"include_usage": True, "x": 1}}])
def test_passes_every_field_on_unchanged(fields):
    said = body(temperature=1.0, n=2, unheard_of={"a": [None, 1e2]}, metadata={"api_key": "content"}, **fields)
    assert sent(CALLER.read(said, ()).prompt) == said | {"model": "gpt-4o-mini"}
    assert list(sent(CALLER.read(said, ()).prompt)) == list(said)


def test_names_no_model_where_whichever_is_loaded_shall_answer():
    assert sent(read(x=1).prompt, ModelCardFactory.build(upstream=None)).keys() == {"messages", "x"}


@pytest.mark.parametrize("options", [None, {}, {"include_usage": False, "x": 1}])
def test_asks_a_stream_for_its_usage_whatever_the_caller_asks(options):
    said = sent(read(stream=True, stream_options=options).prompt)
    assert said["stream_options"] == (options or {}) | {"include_usage": True}


def test_does_not_ask_for_the_usage_of_what_is_not_streamed():
    assert "stream_options" not in sent(read(stream=False).prompt)


def test_drops_nothing_of_its_own_language():
    assert PROVIDER.drops(read(seed=1, unheard_of=2).prompt) == ()


# In this language.


def test_says_calls_and_their_results():
    calls = (Text("Wait."), ToolCall("c1", "f", "{}"), ToolCall("c2", "g", "broken"))
    results = (ToolResult("c1", (Text("a"), Text("b"))), ToolResult("c2", ()), Text("Go on."))
    told = asked(Message(Role.ASSISTANT, calls), Message(Role.USER, results))["messages"]
    assert told == [
        {
            "role": "assistant",
            "content": "Wait.",
            "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}},
                {"id": "c2", "type": "function", "function": {"name": "g", "arguments": "broken"}},
            ],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "ab"},
        {"role": "tool", "tool_call_id": "c2", "content": ""},
        {"role": "user", "content": "Go on."},
    ]


def test_a_picture_that_a_tool_gave_follows_its_result():
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,eA=="}}
    result = ToolResult("c", (Text("Here:"), Image(image["image_url"]["url"])))
    assert turn(Role.USER, result, Text("Nice.")) == [
        {"role": "tool", "tool_call_id": "c", "content": "Here:"},
        {"role": "user", "content": [image, {"type": "text", "text": "Nice."}]},
    ]


def test_a_file_of_text_is_text_and_others_are_files():
    text = "data:text/plain;base64," + base64.b64encode("Grüße".encode()).decode()
    broken = "data:text/plain;base64,?"
    (told,) = turn(Role.USER, Document(text), Document(PDF, "a.pdf"), Document(PDF), Document(broken))
    assert told["content"] == [
        {"type": "text", "text": "Grüße"},
        {"type": "file", "file": {"filename": "a.pdf", "file_data": PDF}},
        {"type": "file", "file": {"file_data": PDF}},
        {"type": "file", "file": {"file_data": broken}},
    ]


def test_the_system_and_the_assistant_speak_in_one_text():
    assert turn(Role.SYSTEM, Text("a"), Text("b")) == [{"role": "system", "content": "a\nb"}]
    assert turn(Role.ASSISTANT, Text("a"), Text("b")) == [{"role": "assistant", "content": "ab"}]
    assert turn(Role.ASSISTANT, ToolCall("c", "f", "{}"))[0]["content"] is None


def test_says_how_the_answer_is_to_be():
    tool = Tool(name="f", description="d", schema={"type": "object"}, strict=False)
    told = asked(
        Message(Role.USER, "Hi"),
        sampling=Sampling(max_tokens=5, temperature=0.0, top_p=0.5, stop=("END",)),
        tools=(tool, Tool(name="g")),
        tool_choice=ToolChoice(ToolUse.REQUIRED),
        parallel_tool_calls=False,
        json=JsonFormat(schema={"type": "object"}, strict=True),
        user="u",
        streamed=True,
    )
    function = {"name": "f", "description": "d", "parameters": {"type": "object"}, "strict": False}
    assert told == {
        "model": "gpt-4o-mini",
        "messages": [{"role": "user", "content": "Hi"}],
        "max_tokens": 5,
        "temperature": 0.0,
        "top_p": 0.5,
        "stop": ["END"],
        "tools": [{"type": "function", "function": function}, {"type": "function", "function": {"name": "g"}}],
        "tool_choice": "required",
        "parallel_tool_calls": False,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "answer", "schema": {"type": "object"}, "strict": True},
        },
        "user": "u",
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_says_nothing_of_choosing_where_there_are_no_tools():
    told = asked(Message(Role.USER, "Hi"), tool_choice=ToolChoice(ToolUse.NONE), parallel_tool_calls=True)
    assert told.keys() == {"model", "messages"}


def test_names_what_this_language_cannot_say():
    wording = Wording(wire=Wire.MESSAGES, body={})
    turns = (
        Message(Role.SYSTEM, "Be brief."),
        Message(Role.USER, "Hi"),
        Message(
            Role.USER, (ToolResult("a", ()), ToolResult("b", (), failed=True), Document("https://example.com/a.pdf"))
        ),
    )
    prompt = Prompt(turns, wording=wording, untranslated=("thinking",))
    assert PROVIDER.drops(prompt) == ("thinking", "messages[1].content[1].is_error", "messages[1].content[2]")
    assert [said["role"] for said in sent(prompt)["messages"]] == ["system", "user", "tool", "tool"]


# What is written can be read.

WORDS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)
SCHEMAS = st.fixed_dictionaries({"type": st.just("object")}, optional={"title": WORDS})
MEDIA = st.builds(Image, WORDS) | st.builds(Document, st.just(PDF), st.none() | WORDS)
CALLS = st.builds(ToolCall, WORDS, WORDS, WORDS)
SAID = st.one_of(
    st.builds(Message, st.sampled_from(Role), WORDS),
    st.lists(st.builds(Text, WORDS) | MEDIA, min_size=2).map(lambda parts: Message(Role.USER, tuple(parts))),
    st.builds(lambda medium: Message(Role.USER, (medium,)), MEDIA),
    st.builds(
        lambda text, calls: Message(Role.ASSISTANT, (*text, *calls)),
        st.lists(st.builds(Text, WORDS), max_size=1),
        st.lists(CALLS, min_size=1, max_size=3),
    ),
    st.builds(lambda native, text: Message(Role.USER, (ToolResult(native, (Text(text),)),)), WORDS, WORDS),
)
TOOLS = st.builds(
    Tool, name=WORDS, description=st.none() | WORDS, schema=st.none() | SCHEMAS, strict=st.none() | st.booleans()
)
CHOICES = st.builds(ToolChoice, st.sampled_from(ToolUse)) | WORDS.map(lambda name: ToolChoice(ToolUse.REQUIRED, name))


@st.composite
def prompts(draw):
    tools = tuple(draw(st.lists(TOOLS, max_size=3)))
    return Prompt(
        tuple(draw(st.lists(SAID, min_size=1, max_size=5))),
        draw(
            st.builds(
                Sampling,
                max_tokens=st.none() | st.integers(1, 100_000),
                temperature=st.none() | st.floats(0, 2),
                top_p=st.none() | st.floats(0, 1),
                stop=st.lists(WORDS, max_size=3).map(tuple),
            )
        ),
        streamed=draw(st.booleans()),
        tools=tools,
        tool_choice=draw(st.none() | CHOICES) if tools else None,
        parallel_tool_calls=draw(st.none() | st.booleans()) if tools else None,
        json=draw(
            st.none()
            | st.builds(JsonFormat)
            | st.builds(JsonFormat, schema=SCHEMAS, name=WORDS, strict=st.none() | st.booleans())
        ),
        user=draw(st.none() | WORDS),
    )


@given(prompts())
def test_reads_what_it_writes(prompt):
    again = CALLER.read(sent(prompt), ()).prompt
    assert msgspec.structs.replace(again, wording=None) == prompt
