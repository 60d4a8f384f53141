"""What both sides of Anthropic's language say: the one reads what the other writes."""

import msgspec
from dialects.anthropic.speaking import CALLER, CARD, PROVIDER
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from neuroroute.domain.completion import ToolCall
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
)

CHARACTERS = st.characters(exclude_categories=["Cs"])
WORDS = st.text(CHARACTERS, min_size=1, max_size=8).filter(str.strip)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(CHARACTERS, max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(WORDS, inner, max_size=2),
    max_leaves=4,
)
OBJECTS = st.dictionaries(WORDS, JSON, max_size=2)
SCHEMAS = OBJECTS.map(lambda members: {"type": "object", **members, "properties": {}})
URLS = st.sampled_from(["https://example.com/a", "data:image/png;base64,AAAA", "data:application/pdf;base64,"])
TEXTS = st.builds(Text, WORDS)
MEDIA = TEXTS | st.builds(Image, URLS) | st.builds(Document, URLS, st.none() | WORDS)
RESULTS = st.builds(ToolResult, WORDS, st.lists(MEDIA, max_size=2).map(tuple), st.booleans())
CALLS = st.builds(ToolCall, WORDS, WORDS, OBJECTS.map(lambda members: msgspec.json.encode(members).decode()))


@st.composite
def conversations(draw):
    """Turns of alternating sides, results first in the user's."""
    messages = [Message(Role.SYSTEM, text) for text in draw(st.lists(WORDS, max_size=1))]
    for _ in range(draw(st.integers(1, 3))):
        results, media = draw(st.lists(RESULTS, max_size=2)), draw(st.lists(MEDIA, min_size=1, max_size=2))
        messages.append(Message(Role.USER, draw(WORDS | st.just((*results, *media)))))
        said = draw(st.lists(TEXTS | CALLS, min_size=1, max_size=3))
        messages.append(Message(Role.ASSISTANT, draw(WORDS | st.just(tuple(said)))))
    return tuple(messages)


@st.composite
def tools_and_choices(draw):
    tool = st.builds(Tool, name=WORDS, description=st.none() | WORDS, schema=SCHEMAS, strict=st.none() | st.booleans())
    tools = tuple(draw(st.lists(tool, min_size=1, max_size=2)))
    choice = draw(
        st.builds(ToolChoice, st.sampled_from(ToolUse)) | WORDS.map(lambda name: ToolChoice(ToolUse.REQUIRED, name))
    )
    return tools, choice, None if choice.use is ToolUse.NONE else draw(st.none() | st.booleans())  # fmt: skip


SHARES = st.none() | st.floats(0, 1)
SAMPLINGS = st.builds(
    Sampling,
    max_tokens=st.integers(1, CARD.max_tokens),
    temperature=SHARES,
    top_p=SHARES,
    stop=st.lists(WORDS, max_size=3).map(tuple),
)


@given(
    conversations(),
    SAMPLINGS,
    st.just(((), None, None)) | tools_and_choices(),
    st.none() | SCHEMAS.map(lambda schema: JsonFormat(schema=schema)),
    st.none() | WORDS,
    st.booleans(),
)
def test_what_is_written_is_what_is_read(messages, sampling, tools, json, user, streamed):
    prompt = Prompt(messages, sampling, streamed, *tools, json=json, user=user)
    asked = CALLER.read(msgspec.json.decode(PROVIDER.call(prompt, CARD).body), [])
    assert replace(asked.prompt, wording=None) == prompt
    assert PROVIDER.drops(prompt) == ()
