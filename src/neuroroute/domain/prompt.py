"""What a caller asks of a model, in nobody's dialect."""

from enum import StrEnum

from msgspec import Struct


class Role(StrEnum):
    """Who says a message."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


class Message(Struct, frozen=True):
    """One turn."""

    role: Role
    text: str


class Sampling(Struct, frozen=True, kw_only=True):
    """How the model is to answer; `None` leaves it to the provider."""

    max_tokens: int | None = None
    temperature: float | None = None


class Prompt(Struct, frozen=True):
    """Everything a model needs to answer."""

    messages: tuple[Message, ...]
    sampling: Sampling = Sampling()
    streamed: bool = False
    """Whether the caller reads pieces as they come; a provider may answer in one burst otherwise."""

    @property
    def text(self) -> str:
        """What the user says, all turns: what a classifier reads."""
        if len(self.messages) == 1:
            return self.messages[0].text
        return "\n".join(message.text for message in self.messages if message.role is Role.USER)

    @property
    def characters(self) -> int:
        """Size of all turns, the system's included."""
        return sum(len(message.text) for message in self.messages)
