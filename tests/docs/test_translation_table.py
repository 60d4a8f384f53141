"""Every row of docs/translation.md happens as it says, and every field that callers may send has a row."""

import json
from typing import NamedTuple, get_args, get_type_hints

import anthropic.types as of_anthropic
import msgspec
import openai.types.chat as of_openai
import pytest
from anthropic.types.message_create_params import MessageCreateParamsStreaming
from docs.tables import ROOT, codes, members, tables_of
from factories import ModelCardFactory
from openai.types.chat.chat_completion_content_part_image_param import ImageURL
from openai.types.chat.completion_create_params import CompletionCreateParamsStreaming

from neuroroute.dialects.anthropic import requests as messages_requests
from neuroroute.dialects.anthropic import tools as messages_tools
from neuroroute.dialects.anthropic.caller import MessagesDialect
from neuroroute.dialects.anthropic.provider import AnthropicDialect
from neuroroute.dialects.caller_side import CallerDialect, InvalidRequest
from neuroroute.dialects.openai import requests as chat_requests
from neuroroute.dialects.openai.caller import ChatDialect
from neuroroute.dialects.openai.messages import SaidMessage
from neuroroute.dialects.openai.provider import OpenAIDialect
from neuroroute.dialects.provider_side import ProviderDialect

TABLES = tables_of(ROOT / "docs/translation.md")
CARD = ModelCardFactory.build(upstream="theirs", max_tokens=100_000)
HI = {"role": "user", "content": "Hi"}
SCHEMA = {"type": "object", "properties": {}}
TEXTS = [{"type": "text", "text": "Hi"}, {"type": "text", "text": "there"}]


class Crossing(NamedTuple):
    """From one language into the other."""

    heading: str
    caller: CallerDialect
    provider: ProviderDialect
    base: dict[str, object]
    """The request that the rows add to. It has a tool, without which a choice among them says nothing."""
    sdk: tuple[object, ...]
    """What the official client knows: of a request, of messages, of parts of their content and of tools."""
    ours: tuple[type[msgspec.Struct], ...]
    """What we read of a request, of messages and of tools."""


CROSSINGS = [
    Crossing(
        "OpenAI's chat to Anthropic",
        ChatDialect(),
        AnthropicDialect(),
        {"model": "a", "tools": [{"function": {"name": "base", "parameters": SCHEMA}}]},
        (
            CompletionCreateParamsStreaming,
            of_openai.ChatCompletionMessageParam,
            of_openai.ChatCompletionContentPartParam,
            of_openai.ChatCompletionToolUnionParam,
            ImageURL,
        ),
        (chat_requests._Request, chat_requests._Besides, SaidMessage, chat_requests._Function),
    ),
    Crossing(
        "Anthropic's messages to OpenAI",
        MessagesDialect(),
        OpenAIDialect(),
        {"model": "a", "max_tokens": 500, "tools": [{"name": "base", "input_schema": SCHEMA}]},
        (
            MessageCreateParamsStreaming,
            of_anthropic.MessageParam,
            of_anthropic.TextBlockParam | of_anthropic.ImageBlockParam,
            of_anthropic.DocumentBlockParam,
            of_anthropic.ToolUseBlockParam | of_anthropic.ToolResultBlockParam,
            of_anthropic.ThinkingBlockParam | of_anthropic.RedactedThinkingBlockParam,
            of_anthropic.ToolParam,
            of_anthropic.MetadataParam | of_anthropic.OutputConfigParam,
        ),
        (
            messages_requests._Request,
            messages_requests._Turn,
            messages_tools._Tool,
            messages_tools._Choice,
            messages_requests._Output,
        ),
    ),
]


class Row(NamedTuple):
    crossing: Crossing
    kind: str
    line: int
    said: dict[str, object]
    told: dict[str, object] | None
    dropped: tuple[str, ...]
    refused: str | None


def _rows():
    for crossing in CROSSINGS:
        for table in TABLES:
            outer, _, kind = table.heading.partition(" / Of ")
            if outer != crossing.heading:
                continue
            for line, (said, told, _) in table.rows:
                shown, _, left_out = told.partition("dropped as")
                refused = codes(shown)[0] if shown.startswith("refused") else None
                fragment = members(codes(shown)[0]) if codes(shown) and not refused else None
                assert refused or fragment or left_out or shown == "nothing", f"line {line}: {told}"
                yield Row(crossing, kind, line, members(codes(said)[0]), fragment, tuple(codes(left_out)), refused)


ROWS = list(_rows())


def _before(role: object) -> list[dict[str, object]]:
    """What must come before a turn of `role`, so that it is a turn of its own."""
    talk = [HI, {"role": "assistant", "content": "Yes?"}]
    return talk[:1] if role == "assistant" else talk


def _asked(row: Row) -> dict[str, object]:
    base = row.crossing.base
    match row.kind:
        case "the request":
            return {**base, "messages": [HI], **row.said}
        case "the messages":
            return {**base, "messages": [*_before(row.said["role"]), row.said]}
        case "a message's content":
            return {**base, "messages": [{"role": "user", "content": [row.said, *TEXTS]}]}
        case "a tool":
            return {**base, "messages": [HI], "tools": [row.said, *base["tools"]]}
        case _:
            raise AssertionError(row.kind)


def _expected(row: Row) -> dict[str, object]:
    """What the provider is told of the base, and of the row what it says."""
    base = row.crossing.base
    told = {} if row.told is None else row.told
    match row.kind:
        case "the request":
            return {**_sent(row.crossing, {**base, "messages": [HI]}), **told}
        case "the messages":
            sent = _sent(row.crossing, {**base, "messages": _before(row.said["role"])})
            return {**sent, "messages": [*sent["messages"], told]} if "role" in told else {**sent, **told}
        case "a message's content":
            sent = _sent(row.crossing, {**base, "messages": [HI]})
            return {**sent, "messages": [{"role": "user", "content": [*([told] if told else []), *TEXTS]}]}
        case _:
            sent = _sent(row.crossing, {**base, "messages": [HI]})
            return {**sent, "tools": [*([told] if told else []), *sent["tools"]]}


def _sent(crossing: Crossing, body: dict[str, object]) -> dict[str, object]:
    return msgspec.json.decode(crossing.provider.call(crossing.caller.read(body, ()).prompt, CARD).body)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"line {row.line}")
def test_a_field_is_carried_named_or_refused_as_its_row_says(row):
    body = _asked(row)
    if row.refused:
        with pytest.raises(InvalidRequest) as refusal:
            row.crossing.caller.read(body, ())
        assert refusal.value.param == row.refused
        return
    prompt = row.crossing.caller.read(body, ()).prompt
    assert _sent(row.crossing, body) == _expected(row)
    assert sorted(row.crossing.provider.drops(prompt)) == sorted(row.dropped)


@pytest.mark.parametrize("crossing", CROSSINGS, ids=lambda crossing: crossing.heading)
def test_every_field_that_callers_may_send_has_a_row(crossing):
    told = {name for row in ROWS if row.crossing is crossing for name in _names(row.said)}
    known = {name for shape in crossing.sdk for name in _fields(shape)}
    read = {name for struct in crossing.ours for name in struct.__struct_fields__}
    in_every_request = {"model", "messages", "tools"}
    assert (known | read) - told - in_every_request == set()


@pytest.mark.parametrize("crossing", CROSSINGS, ids=lambda crossing: crossing.heading)
def test_nothing_is_dropped_where_both_speak_the_same(crossing):
    same = OpenAIDialect() if crossing.caller.wire == "chat" else AnthropicDialect()
    for row in ROWS:
        if row.crossing is crossing and not row.refused:
            body = _asked(row)
            prompt = crossing.caller.read(body, ()).prompt
            sent = msgspec.json.decode(same.call(prompt, CARD).body)
            assert {**body, "model": "theirs"} == {name: sent.get(name) for name in body}
            assert same.drops(prompt) == ()


def _names(value: object):
    match value:
        case dict():
            for name, inner in value.items():
                yield name
                yield from _names(inner)
        case list():
            for inner in value:
                yield from _names(inner)


def _fields(shape: object):
    """Of a typed dictionary, or of each of a union of them."""
    if args := get_args(shape):
        for one in args:
            yield from _fields(one)
    else:
        yield from get_type_hints(shape)


def test_the_tables_are_read():
    assert len(ROWS) > 100
    assert json.dumps(ROWS[0].said) == '{"max_tokens": 100}'
