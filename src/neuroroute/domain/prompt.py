"""What a caller asks of a model, in nobody's dialect.

The nouns are those that every wire language can say. What one of them says besides travels in its own `Wording`, and is
named in `untranslated` for when another one is spoken.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TypeAlias

from msgspec import Struct

from neuroroute.domain.completion import ToolCall
from neuroroute.domain.model import Wire


class Role(StrEnum):
    """Who says a message."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


class Text(Struct, frozen=True, tag="text"):
    """Words."""

    text: str


class Image(Struct, frozen=True, tag="image"):
    """A picture, which we never fetch."""

    url: str
    """`data:<type>;base64,…`, or an address for the provider to fetch."""


class Document(Struct, frozen=True, tag="document"):
    """A file to read: PDF or text. We never fetch it."""

    url: str
    """As of an `Image`."""
    name: str | None = None


class ToolResult(Struct, frozen=True, tag="tool_result"):
    """What a tool said."""

    call_id: str
    content: tuple[Text | Image | Document, ...]
    failed: bool = False


Part: TypeAlias = Text | Image | Document | ToolCall | ToolResult


class Message(Struct, frozen=True):
    """One turn. Results of tools are the user's, calls of tools the assistant's."""

    role: Role
    content: str | tuple[Part, ...]

    @property
    def text(self) -> str:
        """Its words: those of its own texts, not of tools' results."""
        if isinstance(self.content, str):
            return self.content
        return "\n".join([part.text for part in self.content if isinstance(part, Text)])

    @property
    def parts(self) -> Sequence[Part]:
        """Its content as parts; an empty text is none."""
        if isinstance(self.content, str):
            return (Text(self.content),) if self.content else ()
        return self.content

    @property
    def characters(self) -> int:
        """Of all words in it, those of tools included; pictures and files are not counted."""
        if isinstance(self.content, str):
            return len(self.content)
        return sum(map(_characters, self.content))


def _characters(part: Part) -> int:
    match part:
        case Text():
            return len(part.text)
        case ToolCall():
            return len(part.name) + len(part.arguments)
        case ToolResult():
            return sum(map(_characters, part.content))
        case Image() | Document():
            return 0


class Tool(Struct, frozen=True, kw_only=True):
    """Something that the model may have run."""

    name: str
    description: str | None = None
    schema: Mapping[str, object] | None = None
    """JSON Schema of the arguments; `None` where the caller gives none."""
    strict: bool | None = None
    """Whether the arguments must match it; `None` leaves it to the provider."""


class ToolUse(StrEnum):
    """Whether the model must call tools."""

    AUTO = "auto"
    REQUIRED = "required"
    NONE = "none"


class ToolChoice(Struct, frozen=True):
    """Which tools the model is to call."""

    use: ToolUse
    name: str | None = None
    """The only one, with `REQUIRED`."""


class JsonFormat(Struct, frozen=True, kw_only=True):
    """The answer is to be JSON."""

    schema: Mapping[str, object] | None = None
    """JSON Schema that it must match; `None` is any object."""
    name: str | None = None
    description: str | None = None
    strict: bool | None = None


class Sampling(Struct, frozen=True, kw_only=True):
    """How the model is to answer; `None` leaves it to the provider."""

    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    stop: tuple[str, ...] = ()
    """Texts before which it stops."""


class Wording(Struct, frozen=True, kw_only=True):
    """The request as the caller said it, for a provider that speaks the same wire language."""

    wire: Wire
    body: Mapping[str, object]
    """Decoded JSON, without what is said to the router. `model` is the caller's word for it."""
    headers: tuple[tuple[str, str], ...] = ()
    """Of the request, those that are part of the language; names in lower case."""


class Prompt(Struct, frozen=True):
    """Everything a model needs to answer."""

    messages: tuple[Message, ...]
    sampling: Sampling = Sampling()
    streamed: bool = False
    """Whether the caller reads pieces as they come; a provider may answer in one burst otherwise."""
    tools: tuple[Tool, ...] = ()
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    """Whether one answer may call several tools; `None` leaves it to the provider."""
    json: JsonFormat | None = None
    user: str | None = None
    """The caller's name for its own user, for the provider to tell users apart."""
    wording: Wording | None = None
    """`None` when the caller speaks a language that no provider does."""
    untranslated: tuple[str, ...] = ()
    """What the nouns above do not carry of `wording`: paths such as `logit_bias`, `messages[2].name`."""

    @property
    def text(self) -> str:
        """What the user says, all turns: what a classifier reads."""
        if len(self.messages) == 1:
            return self.messages[0].text
        return "\n".join(message.text for message in self.messages if message.role is Role.USER)

    @property
    def characters(self) -> int:
        """Size of all turns, the system's included."""
        return sum(message.characters for message in self.messages)
