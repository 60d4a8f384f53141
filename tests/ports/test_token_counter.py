"""What every counter of tokens promises."""

from time import perf_counter

import pytest
from factories import PromptFactory
from hypothesis import given
from hypothesis import strategies as st

from neuroroute.domain.completion import ToolCall
from neuroroute.domain.prompt import Document, Image, JsonFormat, Message, Prompt, Role, Text, Tool, ToolResult
from neuroroute.infrastructure.tokens import SplintrCounter

MOST_SECONDS = 0.02
"""As the port says, of a processor that is ours alone: the best of some tries."""
SPLINTR = SplintrCounter()
SPLINTR.load()
ANY_TEXT = st.text(alphabet=st.characters())
NUMBER = 10**30


@pytest.fixture(params=[SPLINTR], ids=["splintr"])
def counter(request):
    return request.param


def saying(*content, role=Role.USER, **more):
    return Prompt((Message(role, content),), **more)


def test_more_words_are_more_tokens(counter):
    few, more = (counter.count(saying(Text("a word " * times))) for times in (10, 100))
    assert 0 < few < more


@pytest.mark.parametrize(
    "part",
    [
        Text("more"),
        Image("https://example.org/a.png"),
        Document("data:application/pdf;base64,AAAA"),
        Document("data:text/plain;base64,bW9yZQ=="),
        ToolCall("c1", "weather", '{"city": "Paris"}'),
        ToolResult("c1", (Text("more"), Image("data:image/png;base64,AAAA"))),
    ],
    ids=lambda part: type(part).__name__,
)
def test_every_part_counts(counter, part):
    assert counter.count(saying(Text("words"), part)) > counter.count(saying(Text("words")))


@pytest.mark.parametrize(
    "told",
    [
        {"tools": (Tool(name="weather", schema={"type": "object"}),)},
        {"json": JsonFormat(schema={"type": "object", "properties": {"city": {"type": "string"}}})},
    ],
    ids=["tools", "schema"],
)
def test_so_does_what_is_told_beside_the_messages(counter, told):
    assert counter.count(saying(Text("words"), **told)) > counter.count(saying(Text("words")))


def test_every_message_counts_also_an_empty_one(counter):
    assert counter.count(Prompt((Message(Role.USER, ""),) * 2)) > counter.count(Prompt((Message(Role.USER, ""),)))


@given(ANY_TEXT)
def test_any_text_is_at_most_a_token_a_byte_and_what_is_around_it(text):
    around = SPLINTR.count(saying(Text("")))
    assert around <= SPLINTR.count(saying(Text(text))) <= around + len(text.encode(errors="replace"))


@given(st.builds(PromptFactory.build))
def test_never_raises(prompt):
    assert SPLINTR.count(prompt) > 0


@pytest.mark.parametrize(
    "prompt",
    [
        saying(Text("half a character: \ud800")),
        saying(Text("x"), tools=(Tool(name="\udfff", schema={"maximum": NUMBER}),)),
        saying(Document("data:text/plain,not base64 ü")),
        saying(Document("data:text/plain;base64,!")),
        saying(Text("<|endoftext|>")),
        Prompt(()),
    ],
)
def test_nor_for_what_nobody_should_say(counter, prompt):
    assert counter.count(prompt) > 0


@pytest.mark.parametrize("text", ["words of a person, ", "a", "中文字", "🗼🎄", "\n", "Zm9vYmFy"], ids=ascii)
def test_five_megabytes_take_no_longer_than_promised(counter, text):
    prompt = saying(Text(text * (5_000_000 // len(text.encode()))))
    took = []
    for _ in range(5):
        began = perf_counter()
        counter.count(prompt)
        took.append(perf_counter() - began)
    assert min(took) < MOST_SECONDS
