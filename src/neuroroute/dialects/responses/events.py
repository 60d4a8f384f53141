"""One event of a streamed response: whether it is content, how much, and whether it is the end."""

from typing import Final

import msgspec
from msgspec import Raw, Struct

from neuroroute.dialects.responses.response import NULL, UNREADABLE, failure
from neuroroute.dialects.sse import SseEvent, check_text
from neuroroute.domain.errors import ProviderUnavailable

FAILED: Final = "response.failed"
TERMINAL: Final = frozenset({"response.completed", "response.incomplete", FAILED})
_EMPTY: Final = frozenset({"message", "reasoning"})
"""Items that begin with nothing in them. Any other is a call, of which the caller may be shown that it goes on."""
_NO_TEXT: Final = Raw(b'""')


class _Item(Struct):
    type: object = None


class Event(Struct):
    """Its data."""

    type: str = ""
    delta: Raw = NULL
    item: _Item | None = None
    response: Raw = NULL
    error: Raw = NULL

    @property
    def is_terminal(self) -> bool:
        return self.type in TERMINAL

    @property
    def is_content(self) -> bool:
        """Whether the model has said something by it, so that no other model may take over.

        Pieces of whatever kind, wholes, and the beginning of a call are; that a response, a message or a thought has
        begun is not, nor is an empty piece, or an event that nobody here has heard of.
        """
        if self.type.endswith(".delta"):
            return self.delta != _NO_TEXT
        if self.type.endswith(".done"):
            return True
        return self.type == "response.output_item.added" and self.item is not None and self.item.type not in _EMPTY

    @property
    def characters(self) -> int:
        """Of the text that it adds. Wholes say again what pieces said, and sound is no text.

        Raises:
            ProviderUnavailable: it is no text.
        """
        if not self.type.endswith(".delta") or self.type == "response.audio.delta":
            return 0
        if not bytes(self.delta).startswith(b'"'):
            return 0
        try:
            return len(_decode_text(self.delta))
        except msgspec.DecodeError as error:  # half of a surrogate pair, which is JSON and no text
            raise nonsense() from error


_decode = msgspec.json.Decoder(Event).decode
_decode_text = msgspec.json.Decoder(str).decode


def read_event(event: SseEvent) -> Event:
    """The event.

    Raises:
        ProviderFailed: it is none, or tells of an error.
    """
    try:
        check_text(event.data)
        told = _decode(event.data)
    except UNREADABLE as error:
        raise nonsense() from error
    if told.error != NULL or told.type == "error" or event.name == b"error":
        raise failure(event.data)
    return told


def nonsense() -> ProviderUnavailable:
    """The failure that an event in no language is."""
    return ProviderUnavailable("The provider's event is not one of a response")
