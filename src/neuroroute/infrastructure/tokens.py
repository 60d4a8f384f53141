"""Tokens counted as a tokenizer does, offline."""

from base64 import b64decode
from collections.abc import Iterator
from functools import cached_property
from math import ceil
from typing import Final, final

import msgspec
from splintr import AnyTokenizer, Tokenizer

from neuroroute.application.ports import TokenCounter
from neuroroute.domain.completion import ToolCall
from neuroroute.domain.prompt import Document, Image, Part, Prompt, Text, ToolResult

VOCABULARY: Final = "o200k_base"
"""OpenAI's, of GPT-4o and later; for the models of other makers it is an estimate."""
EXACT_BYTES: Final = 48 << 10
"""Of UTF-8 that are counted one by one: 1.3 ms of prose, 9 ms of noise, in which nothing else runs."""
MESSAGE_TOKENS: Final = 4
"""Around each message, as OpenAI counts them (cookbook, "How to count tokens with tiktoken")."""
TOOL_TOKENS: Final = 12
"""Around each tool, as there: seven, and three a parameter's list, rounded up."""
PROMPT_TOKENS: Final = 3
"""Which begin the answer, as there."""
IMAGE_TOKENS: Final = 1600
"""The most that Anthropic says a picture costs after it was scaled down; OpenAI's is at most 1,445."""
DOCUMENT_TOKENS: Final = 3000
"""Of a file that is not text: the most that Anthropic says a page of a PDF costs. Nobody here counts its pages."""
_SLICES: Final = 16
_SLICE: Final = EXACT_BYTES // _SLICES
_MARGIN: Final = 1.02
"""Of a text that repeats itself, slices may hold a little less of the dense than the whole does."""
_WARMING: Final = "It's 1 word,\n  or two: Ärger, 東京 {}"

_encode = msgspec.json.Encoder().encode


@final
class SplintrCounter(TokenCounter):
    """Counts by splintr, which has the vocabulary in it."""

    def load(self) -> None:
        """Read the vocabulary, which else the first count does: 0.3 s in which nothing else runs, and 42 MB."""
        self._exactly(_WARMING)

    def count(self, prompt: Prompt) -> int:
        texts = list[str]()
        around = PROMPT_TOKENS + MESSAGE_TOKENS * len(prompt.messages) + TOOL_TOKENS * len(prompt.tools)
        for message in prompt.messages:
            if isinstance(message.content, str):
                texts.append(message.content)
            else:
                around += sum([_hear(part, texts) for part in message.content])
        texts.extend(_told(prompt))
        return around + self._of("\n".join(texts))

    @cached_property
    def _tokenizer(self) -> AnyTokenizer:
        return Tokenizer.from_pretrained(VOCABULARY)

    def _of(self, text: str) -> int:
        """Of a long text, as many as if all of it were like the densest of sixteen slices."""
        if len(text) <= EXACT_BYTES and len(text.encode(errors="replace")) <= EXACT_BYTES:
            return self._exactly(text)
        step = (len(text) - _SLICE) / (_SLICES - 1)
        slices = [_bounded(text, round(at * step)) for at in range(_SLICES)]
        return ceil(_MARGIN * len(text) * max([self._exactly(piece) / len(piece) for piece in slices]))

    def _exactly(self, text: str) -> int:
        try:
            return len(self._tokenizer.encode_ordinary(text))
        except UnicodeEncodeError:  # half a character
            return len(self._tokenizer.encode_ordinary(text.encode(errors="replace").decode()))


def _bounded(text: str, at: int) -> str:
    """As much from there on as a slice holds."""
    return text[at : at + _SLICE].encode(errors="replace")[:_SLICE].decode(errors="ignore")


def _hear(part: Part, texts: list[str]) -> int:
    """Gathers the part's words, and returns the tokens of what else it is."""
    match part:
        case Text():
            texts.append(part.text)
        case ToolCall():
            texts += (part.name, part.arguments)
        case ToolResult():
            return sum([_hear(inner, texts) for inner in part.content])
        case Image():
            return IMAGE_TOKENS
        case Document():
            kind, _, content = part.url.partition(",")
            if not kind.startswith("data:text/"):
                return DOCUMENT_TOKENS
            texts.append(_decoded(content))
    return 0


def _decoded(content: str) -> str:
    try:
        return b64decode(content).decode(errors="replace")
    except ValueError:  # it is no base64, and so the text itself
        return content


def _told(prompt: Prompt) -> Iterator[str]:
    """What is told to the model besides the messages."""
    for tool in prompt.tools:
        yield _written((tool.name, tool.description, tool.schema))
    if prompt.json is not None:
        yield _written(prompt.json.schema)


def _written(value: object) -> str:
    try:
        return _encode(value).decode()
    except UnicodeEncodeError:  # half a character
        return repr(value)
