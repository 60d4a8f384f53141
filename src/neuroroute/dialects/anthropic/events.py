"""The events of a provider's stream and the blocks of its answers, as far as they are translated."""

from typing import Final, TypeAlias

import msgspec
from msgspec import Raw, Struct

from neuroroute.dialects.anthropic.counts import NO_USAGE
from neuroroute.dialects.sse import check_text
from neuroroute.domain.errors import ProviderUnavailable


class TextBlock(Struct, tag_field="type", tag="text"):
    """What the model answers."""

    text: str = ""


class ThinkingBlock(Struct, tag_field="type", tag="thinking"):
    """What it thinks before; its signature is of use to its maker alone."""

    thinking: str = ""


class ToolUseBlock(Struct, tag_field="type", tag="tool_use"):
    """A call of a tool of the caller."""

    id: str
    name: str
    input: Raw = Raw(b"{}")

    @property
    def arguments(self) -> str:
        """Compact JSON."""
        return msgspec.json.format(bytes(self.input), indent=-1).decode()


Block: TypeAlias = TextBlock | ThinkingBlock | ToolUseBlock


class MessageHead(Struct):
    """What is known of a message when it begins."""

    model: str | None = None
    usage: Raw = NO_USAGE


class MessageStart(Struct, tag="message_start"):
    """The answer begins."""

    message: MessageHead


class BlockStart(Struct, tag="content_block_start"):
    """A block begins."""

    content_block: Raw
    index: int = 0


class Piece(Struct):
    """Of a block: one of the three has something, or it is of a kind that is not translated."""

    text: str = ""
    thinking: str = ""
    partial_json: str = ""


class BlockDelta(Struct, tag="content_block_delta"):
    """A piece of the block that has begun."""

    delta: Piece
    index: int = 0


class BlockStop(Struct, tag="content_block_stop"):
    """A block is whole."""

    index: int = 0


class MessageEnd(Struct):
    """Why the model stopped."""

    stop_reason: str | None = None
    stop_sequence: str | None = None


class MessageDelta(Struct, tag="message_delta"):
    """What is known of a message when all its blocks have been told."""

    delta: MessageEnd
    usage: Raw = NO_USAGE


class MessageStop(Struct, tag="message_stop"):
    """The answer is whole."""


class StreamError(Struct):
    """The answer will never be whole."""


StreamEvent: TypeAlias = MessageStart | BlockStart | BlockDelta | BlockStop | MessageDelta | MessageStop


class _Kind(Struct):
    type: str


class _EventKind(Struct):
    type: str = ""
    error: Raw = NO_USAGE


class _PieceKind(Struct):
    type: str
    delta: _Kind


_decode_kind = msgspec.json.Decoder(_Kind).decode
_decode_piece_kind = msgspec.json.Decoder(_PieceKind).decode
_decode_event_kind = msgspec.json.Decoder(_EventKind).decode
_decode_event = msgspec.json.Decoder(StreamEvent).decode
_decode_block = msgspec.json.Decoder(Block).decode
_EVENTS: Final = frozenset({
    "message_start", "content_block_start", "content_block_delta", "content_block_stop", "message_delta",
    "message_stop",
})  # fmt: skip
_BLOCKS: Final = frozenset({"text", "thinking", "tool_use"})
_PIECES: Final = frozenset({"text_delta", "thinking_delta", "input_json_delta"})
UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What reading a provider's JSON can raise."""


def read_event(data: bytes) -> StreamEvent | StreamError | None:
    """`None` for kinds that say nothing to us: pings, whatever comes later.

    Raises:
        ProviderUnavailable: it is no event of this language.
    """
    try:
        check_text(data)
        kind = _decode_event_kind(data)
        if kind.type == "error" or kind.error != NO_USAGE:
            return StreamError()
        if kind.type:
            return _decode_event(data) if kind.type in _EVENTS else None
    except UNREADABLE as error:
        if _is_unknown_piece(data):
            return None
        raise nonsense() from error
    raise nonsense()


def _is_unknown_piece(data: bytes) -> bool:
    """Whether it is a piece of a kind that came after us, which may mean something else by our names."""
    try:
        event = _decode_piece_kind(data)
    except UNREADABLE:
        return False
    return event.type == "content_block_delta" and event.delta.type not in _PIECES


def read_block(raw: Raw) -> Block | None:
    """`None` for kinds that are not translated: what the provider's own tools did, what was thought in secret.

    Raises:
        ProviderUnavailable: it is no block of this language.
    """
    try:
        return _decode_block(raw) if _decode_kind(raw).type in _BLOCKS else None
    except UNREADABLE as error:
        raise nonsense() from error


def nonsense() -> ProviderUnavailable:
    """The failure that an answer in no language is."""
    return ProviderUnavailable("The provider does not answer in the language of messages")


def cut_short() -> ProviderUnavailable:
    """The failure that an answer without its end is."""
    return ProviderUnavailable("The provider cut its answer short")
