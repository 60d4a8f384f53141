"""The content of turns, as callers of Anthropic's language write it."""

import pytest
from dialects.anthropic.speaking import PNG, asked, content

from neuroroute.domain.completion import ToolCall
from neuroroute.domain.model import Ability
from neuroroute.domain.prompt import Document, Image, Text, ToolResult

TEXT = {"type": "text", "text": "Look"}
BASE64 = {"type": "base64", "media_type": "image/png", "data": PNG}
URL = {"type": "url", "url": "https://example.com/a"}


def test_words():
    assert content(TEXT, {**TEXT, "citations": None}) == ((Text("Look"), Text("Look")), ())


@pytest.mark.parametrize(
    ("source", "url"), [(BASE64, f"data:image/png;base64,{PNG}"), (URL, "https://example.com/a")]
)  # fmt: skip
def test_images(source, url):
    assert content({"type": "image", "source": source}) == ((Image(url),), ())


@pytest.mark.parametrize(
    ("source", "url"),
    [
        ({**BASE64, "media_type": "application/pdf"}, f"data:application/pdf;base64,{PNG}"),
        (URL, "https://example.com/a"),
        ({"type": "text", "media_type": "text/plain", "data": "é"}, "data:text/plain;base64,w6k="),
    ],
)
def test_documents(source, url):
    document = {"type": "document", "source": source, "title": "Map", "citations": {"enabled": True}}
    assert content(document) == ((Document(url, "Map"),), ("messages[0].content[0].citations",))


@pytest.mark.parametrize("kind", ["image", "document"])
@pytest.mark.parametrize("source", [{"type": "file", "file_id": "f"}, {"type": "content", "content": []}])
def test_what_is_kept_at_the_provider_is_not_carried(kind, source):
    assert content({"type": kind, "source": source}) == ((), ("messages[0].content[0]",))


@pytest.mark.parametrize("kind", ["image", "document"])
def test_what_is_not_carried_of_a_source_is_named(kind):
    assert content({"type": kind, "source": URL | {"x": 1}})[1] == ("messages[0].content[0].source.x",)


def test_calls_of_tools():
    call = {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"a": [1, "é"]}, "caller": {"type": "direct"}}
    assert content(call, role="assistant") == ((ToolCall("toolu_1", "f", '{"a":[1,"é"]}'),), ())


@pytest.mark.parametrize(
    ("said", "result"),
    [
        ({}, ()),
        ({"content": ""}, ()),
        ({"content": "Paris"}, (Text("Paris"),)),
        ({"content": [TEXT, {"type": "image", "source": URL}]}, (Text("Look"), Image("https://example.com/a"))),
        ({"content": [{"type": "document", "source": URL}]}, (Document("https://example.com/a"),)),
    ],
)
def test_results_of_tools(said, result):
    block = {"type": "tool_result", "tool_use_id": "toolu_1", **said}
    assert content(block) == ((ToolResult("toolu_1", result),), ())
    assert content({**block, "is_error": True}) == ((ToolResult("toolu_1", result, failed=True),), ())


def test_what_no_other_language_has_is_named_by_its_path():
    result = {
        "type": "tool_result",
        "tool_use_id": "t",
        "content": [TEXT, {"type": "tool_reference", "tool_name": "f"}],
        "cache_control": {"type": "ephemeral"},
    }
    read, untranslated = content(
        {"type": "thinking", "thinking": "hm", "signature": "EqQB"},
        {"type": "redacted_thinking", "data": "Em8K"},
        {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}},
        {"type": "web_search_tool_result", "tool_use_id": "s", "content": {"type": "error", "text": 7}},
        result,
        TEXT,
    )
    assert read == (ToolResult("t", (Text("Look"),)), Text("Look"))
    at = "messages[0].content"
    assert untranslated == (
        *(f"{at}[{place}]" for place in range(4)),
        *(f"{at}[4].cache_control", f"{at}[4].content[1]"),
    )


def test_the_system_is_carried_in_words_alone():
    image = {"type": "image", "source": URL}
    prompt = asked(system=[TEXT, image], messages=[{"role": "system", "content": [image, TEXT]}]).prompt
    assert [message.content for message in prompt.messages] == [(Text("Look"),), (Text("Look"),)]
    assert prompt.untranslated == ("system[1]", "messages[0].content[0]")


@pytest.mark.parametrize(
    ("block", "ability"),
    [
        ({"type": "image", "source": {"type": "file", "file_id": "f"}}, Ability.IMAGES),
        ({"type": "document", "source": URL}, Ability.FILES),
        ({"type": "tool_result", "tool_use_id": "t", "content": "x"}, Ability.TOOLS),
    ],
)
def test_what_a_model_needs_to_take_it(block, ability):
    assert asked(messages=[{"role": "user", "content": [block]}]).abilities == {ability}
