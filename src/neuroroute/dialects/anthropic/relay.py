"""A provider's answers, handed on word for word to callers of the same language."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, final

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import replace

from neuroroute.dialects.anthropic.answers import read_message
from neuroroute.dialects.anthropic.counts import NO_USAGE
from neuroroute.dialects.anthropic.ending import Ending
from neuroroute.dialects.anthropic.errors import failure_told
from neuroroute.dialects.anthropic.events import (
    UNREADABLE,
    MessageHead,
    TextBlock,
    ThinkingBlock,
    ToolUseBlock,
    cut_short,
    nonsense,
    read_block,
)
from neuroroute.dialects.provider_side import EventReader, Reading
from neuroroute.dialects.sse import MAX_EVENT_BYTES, SseEvent, SseReader, check_text, relay_event
from neuroroute.domain.completion import CompletionEvent, Finished, FinishReason, Usage, Verbatim
from neuroroute.domain.errors import ProviderFailed, ProviderUnavailable


class _Said(Struct, frozen=True):
    """A delta, or a block that begins: as much as tells whether it is content, and how long."""

    type: str = ""
    text: str = ""
    thinking: str = ""
    partial_json: str = ""
    stop_reason: str | None = None
    stop_sequence: str | None = None

    @property
    def characters(self) -> int:
        return len(self.text) + len(self.thinking) + len(self.partial_json)

    @property
    def is_content(self) -> bool:
        """An empty text or thought is not: with it a block begins of which nothing may come."""
        return self.type not in _EMPTY or self.characters > 0


_EMPTY: Final = frozenset({"text", "thinking", "text_delta", "thinking_delta"})
_NOTHING: Final = _Said("text")


class _Event(Struct):
    """Of any kind: one decoding is all that there is time for."""

    type: str = ""
    delta: _Said = _NOTHING
    content_block: _Said = _NOTHING
    message: MessageHead | None = None
    usage: Raw = NO_USAGE
    error: Raw = NO_USAGE


class _Kind(Struct):
    type: str
    delta: Raw = NO_USAGE
    content_block: Raw = NO_USAGE


_KINDS: Final = frozenset({"message_start", "content_block_start", "content_block_delta", "message_delta"})
_SAID: Final = frozenset({*_EMPTY, "tool_use", "input_json_delta"})
_decode = msgspec.json.Decoder(_Event).decode
_decode_kind = msgspec.json.Decoder(_Kind).decode
_decode_count = msgspec.json.Decoder(dict[str, object]).decode


@final
class Relayed(Reading):
    """The language's answers as they are."""

    def whole(self, body: bytes) -> Iterable[CompletionEvent]:
        message = read_message(body)
        return (Verbatim(body, sum(map(_characters, message.content))), message.finished)

    def stream(self) -> EventReader:
        return _RelayingReader()


@final
class RelayedCount(Reading):
    """The count of a prompt's tokens as it is; it is never streamed."""

    def whole(self, body: bytes) -> Iterable[CompletionEvent]:
        try:
            counted = _decode_count(body)
        except UNREADABLE as error:
            raise ProviderUnavailable("The provider's answer is not a count of tokens") from error
        if "input_tokens" not in counted:
            raise failure_told(body)
        return (Verbatim(body, 0), Finished(FinishReason.STOP, "counted", Usage()))

    def stream(self) -> EventReader:
        return _RelayingReader()


@final
class _RelayingReader(EventReader):
    """One streamed message: complete at `message_stop` and not before."""

    def __init__(self) -> None:
        self._sse = SseReader()
        self._held: list[bytes] = []
        """Events that were not handed on: before the first content other models may still take over."""
        self._held_size = 0
        """Bytes, before the first content."""
        self._characters = 0
        """Of the text in them."""
        self._committed = False
        self._ending = Ending()

    def feed(self, chunk: bytes) -> Iterator[CompletionEvent]:
        return self._read(self._sse.feed(chunk))

    def end(self, *, framed: bool) -> Iterator[CompletionEvent]:
        del framed
        yield from self._read(self._sse.end())
        if not self._ending.done:
            raise cut_short()

    def _read(self, stream: Sequence[SseEvent]) -> Iterator[CompletionEvent]:
        try:
            last = self._hear(stream)
        except ProviderFailed:
            if self._committed and self._held:
                yield self._hand_on()
            raise
        if self._committed and self._held:
            yield self._hand_on()
        if last:
            yield replace(self._ending.finish(), verbatim=b"".join([*self._held, last]))

    def _hear(self, stream: Sequence[SseEvent]) -> bytes:
        """Hold what comes, until `message_stop`, which is returned."""
        for told in stream:
            if self._ending.done:
                break
            event = _event_of(told.data)
            kind = event.type
            # Clients go by the name, which some providers leave out.
            written = relay_event(told if told.name or not kind.isprintable() else SseEvent(kind.encode(), told.data))
            if kind == "message_stop":
                return written
            self._held.append(written)
            said = event.delta if kind == "content_block_delta" else self._note(event)
            self._characters += said.characters
            if not self._committed:
                self._committed = said.is_content
                self._held_size += len(written)
                if self._held_size > MAX_EVENT_BYTES and not self._committed:
                    raise ProviderUnavailable(f"The provider sent {MAX_EVENT_BYTES} bytes and said nothing in them")
        return b""

    def _hand_on(self) -> Verbatim:
        told = Verbatim(b"".join(self._held) if len(self._held) > 1 else self._held[0], self._characters)
        self._held, self._characters = [], 0
        return told

    def _note(self, event: _Event) -> _Said:
        """What a less frequent event says of the answer; returned is what it says of its content."""
        match event:
            case _Event("content_block_start"):
                return event.content_block
            case _Event("message_start", message=MessageHead(model, usage)):
                self._ending.begin(model, usage)
            case _Event("message_delta"):
                self._ending.end(event.delta.stop_reason, event.delta.stop_sequence, event.usage)
            case _:
                pass
        return _NOTHING


def _event_of(data: bytes) -> _Event:
    try:
        check_text(data)
    except UnicodeDecodeError as error:
        raise nonsense() from error
    try:
        event = _decode(data)
    except UNREADABLE as error:
        return _unknown(data, error)
    if event.type == "error" or event.error != NO_USAGE:
        raise failure_told(data)
    if not event.type:
        raise nonsense()
    return event


def _unknown(data: bytes, error: Exception) -> _Event:
    """An event, a block or a piece of a kind that came after us may mean something else by our names."""
    try:
        event = _decode_kind(data)
        if event.type not in _KINDS:
            return _Event(event.type)
        said = _Said(_decode_kind(event.delta if event.content_block == NO_USAGE else event.content_block).type)
    except UNREADABLE:
        raise nonsense() from error
    if event.type == "message_delta" or said.type in _SAID:
        raise nonsense() from error
    return _Event(event.type, said, said)


def _characters(raw: Raw) -> int:
    match read_block(raw):
        case TextBlock(text):
            return len(text)
        case ThinkingBlock(thinking):
            return len(thinking)
        case ToolUseBlock() as block:
            return len(block.name) + len(block.input)
        case None:
            return 0
