"""What a provider of Anthropic's language is asked, by callers of another."""

import msgspec
import pytest
from dialects.anthropic.speaking import CARD, PNG, PROVIDER, sent

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

USER = Message(Role.USER, "Capital?")
CALL = ToolCall("call_1", "lookup", '{"of": "France"}')
TOOL = Tool(name="lookup", schema={"type": "object", "properties": {"of": {}}})


def turns(*messages):
    return sent(Prompt(messages))["messages"]


def drops(*messages, **fields):
    return PROVIDER.drops(Prompt(messages or (USER,), **fields))


def test_turns_of_one_side_are_one():
    said = turns(USER, Message(Role.USER, "Of France?"), Message(Role.ASSISTANT, "Paris"), Message(Role.USER, ()))
    assert said == [
        {"role": "user", "content": [{"type": "text", "text": "Capital?"}, {"type": "text", "text": "Of France?"}]},
        {"role": "assistant", "content": "Paris"},
    ]


def test_results_come_first_in_the_turn_after_the_calls():
    result = ToolResult("call_1", (Text("Paris"),))
    called = Message(Role.ASSISTANT, (Text("I look."), CALL))
    said = turns(USER, called, Message(Role.USER, "Well?"), Message(Role.USER, (result,)))
    assert said[1]["content"] == [
        {"type": "text", "text": "I look."},
        {"type": "tool_use", "id": "call_1", "name": "lookup", "input": {"of": "France"}},
    ]
    assert said[2]["content"] == [
        {"type": "tool_result", "tool_use_id": "call_1", "content": "Paris"},
        {"type": "text", "text": "Well?"},
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ((), {}),
        ((Text(""),), {}),
        ((Text("a"), Text("b")), {"content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}),
        (
            (Image("https://example.com/a"),),
            {"content": [{"type": "image", "source": {"type": "url", "url": "https://example.com/a"}}]},
        ),
    ],
)
def test_results_of_tools(content, said):
    block = {"type": "tool_result", "tool_use_id": "t", **said}
    assert turns(Message(Role.USER, (ToolResult("t", content),)))[0]["content"] == [block]
    failed = turns(Message(Role.USER, (ToolResult("t", content, failed=True),)))[0]["content"]
    assert failed == [{**block, "is_error": True}]


@pytest.mark.parametrize(
    ("part", "block"),
    [
        (
            Image(f"data:image/png;base64,{PNG}"),
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}},
        ),
        (Image("https://x.test/a"), {"type": "image", "source": {"type": "url", "url": "https://x.test/a"}}),
        (
            Document(f"data:application/pdf;name=a;base64,{PNG}", "Map"),
            {
                "type": "document",
                "source": {"type": "base64", "media_type": "application/pdf", "data": PNG},
                "title": "Map",
            },
        ),
        (Document("https://x.test/a"), {"type": "document", "source": {"type": "url", "url": "https://x.test/a"}}),
        (
            Document("data:text/markdown;base64,w6k="),
            {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "é"}},
        ),
        (
            Document("data:text/plain;base64,/w=="),
            {"type": "document", "source": {"type": "base64", "media_type": "text/plain", "data": "/w=="}},
        ),
    ],
)
def test_images_and_documents(part, block):
    assert turns(Message(Role.USER, (part,)))[0]["content"] == [block]


def test_texts_without_a_word_are_left_out():
    said = turns(Message(Role.USER, (Text(""), Text("Capital?"), Text(" \n"))), Message(Role.ASSISTANT, ""))
    assert said == [{"role": "user", "content": [{"type": "text", "text": "Capital?"}]}]


def test_where_the_system_alone_speaks_the_model_still_has_somebody_to_answer():
    body = sent(Prompt((Message(Role.SYSTEM, "Greet."), Message(Role.SYSTEM, "Be kind."))))
    assert body["messages"] == [{"role": "user", "content": "Greet.\n\nBe kind."}]
    assert "system" not in body


@pytest.mark.parametrize("arguments", ["[1]", '{"a":', "7", '"{}"', '{"a":1}{}'])
def test_arguments_that_are_no_object_are_named_as_dropped(arguments):
    message = Message(Role.ASSISTANT, (Text("I look."), CALL, ToolCall("call_2", "f", arguments)))
    assert turns(USER, message)[1]["content"][2]["input"] == {}
    assert drops(USER, message) == ("messages[1].tool_calls[1].function.arguments",)


def test_a_message_that_is_not_carried_counts_in_the_path_of_the_next():
    message = Message(Role.ASSISTANT, (ToolCall("call_2", "f", "[1]"),))
    dropped = drops(USER, message, untranslated=("seed", "messages[1]"))
    assert dropped == ("seed", "messages[1]", "messages[2].tool_calls[0].function.arguments")


def test_no_arguments_are_an_object_without_members():
    message = Message(Role.ASSISTANT, (ToolCall("call_1", "now", ""),))
    assert turns(USER, message)[1]["content"][0]["input"] == {}
    assert drops(USER, message) == ()


def test_numbers_of_arguments_keep_their_digits():
    exact = '{"a":1.10,"b":123456789012345678901234567890}'
    prompt = Prompt((USER, Message(Role.ASSISTANT, (ToolCall("call_1", "f", exact),))))
    assert exact.encode() in PROVIDER.call(prompt, CARD).body


def test_every_tool_has_a_schema_of_an_object():
    tools = (TOOL, Tool(name="now", description="The time", strict=True), Tool(name="f", schema={"properties": {}}))
    assert sent(Prompt((USER,), tools=tools))["tools"] == [
        {"name": "lookup", "input_schema": {"type": "object", "properties": {"of": {}}}},
        {
            "name": "now",
            "description": "The time",
            "strict": True,
            "input_schema": {"type": "object", "properties": {}},
        },
        {"name": "f", "input_schema": {"type": "object", "properties": {}}},
    ]


@pytest.mark.parametrize(
    ("choice", "parallel", "said"),
    [
        (None, None, None),
        (None, False, {"type": "auto", "disable_parallel_tool_use": True}),
        (ToolChoice(ToolUse.AUTO), True, {"type": "auto", "disable_parallel_tool_use": False}),
        (ToolChoice(ToolUse.REQUIRED), False, {"type": "any", "disable_parallel_tool_use": True}),
        (ToolChoice(ToolUse.REQUIRED, "lookup"), None, {"type": "tool", "name": "lookup"}),
        (ToolChoice(ToolUse.NONE), False, {"type": "none"}),
    ],
)
def test_which_tools_are_to_be_called(choice, parallel, said):
    fields = {"tool_choice": choice, "parallel_tool_calls": parallel}
    assert sent(Prompt((USER,), tools=(TOOL,), **fields)).get("tool_choice") == said
    assert "tool_choice" not in sent(Prompt((USER,), **fields))


def test_how_the_model_is_to_answer():
    sampling = Sampling(max_tokens=10, temperature=0.5, top_p=0.25, stop=("END", " "))
    body = sent(Prompt((USER,), sampling, user="u", json=JsonFormat(schema={"type": "object"}, name="x")))
    assert body == {
        "model": "claude-opus-4-6",
        "max_tokens": 10,
        "messages": [{"role": "user", "content": "Capital?"}],
        "temperature": 0.5,
        "top_p": 0.25,
        "stop_sequences": ["END"],
        "output_config": {"format": {"type": "json_schema", "schema": {"type": "object"}}},
        "metadata": {"user_id": "u"},
    }
    assert drops(sampling=sampling) == ("stop",)


def test_what_the_language_cannot_say_is_named():
    hot = Sampling(temperature=1.5)
    assert "temperature" not in sent(Prompt((USER,), hot))
    assert drops(sampling=hot, json=JsonFormat(), untranslated=("seed",)) == ("seed", "temperature", "response_format")
    assert "output_config" not in sent(Prompt((USER,), json=JsonFormat()))
    described = JsonFormat(schema={}, description="A city")
    assert drops(json=described) == ("response_format.json_schema.description",)
    assert drops(tool_choice=ToolChoice(ToolUse.REQUIRED)) == ("tool_choice",)


def word_for_word(wire, **body):
    return Prompt((USER,), Sampling(temperature=2.0), untranslated=("top_k",), wording=Wording(wire=wire, body=body))


@pytest.mark.parametrize(
    ("wire", "path"), [(Wire.MESSAGES, "/v1/messages"), (Wire.COUNT_TOKENS, "/v1/messages/count_tokens")]
)
def test_a_caller_of_the_same_language_is_passed_on_word_for_word(wire, path):
    body = {"future": [{"a": None}], "model": "auto", "top_k": 5}
    prompt = word_for_word(wire, **body)
    call = PROVIDER.call(prompt, CARD)
    assert call.path == path
    assert list(msgspec.json.decode(call.body).items()) == list({**body, "model": "claude-opus-4-6"}.items())
    assert PROVIDER.drops(prompt) == ()
    unnamed = PROVIDER.call(prompt, msgspec.structs.replace(CARD, upstream=None))
    assert msgspec.json.decode(unnamed.body) == {"future": [{"a": None}], "top_k": 5}


def test_a_caller_of_another_language_is_translated():
    prompt = word_for_word(Wire.CHAT, model="auto", n=1)
    call = PROVIDER.call(prompt, CARD)
    assert (call.path, call.headers) == ("/v1/messages", ())
    assert "n" not in msgspec.json.decode(call.body)
    assert PROVIDER.drops(prompt) == ("top_k", "temperature")
