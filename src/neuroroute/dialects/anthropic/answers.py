"""A provider's answers, read for callers of another language."""

from collections.abc import Iterable, Iterator, Sequence
from typing import final

import msgspec
from msgspec import Raw, Struct

from neuroroute.dialects.anthropic.counts import NO_USAGE, read_counts
from neuroroute.dialects.anthropic.ending import Ending, finish
from neuroroute.dialects.anthropic.errors import failure_told
from neuroroute.dialects.anthropic.events import (
    UNREADABLE,
    BlockDelta,
    BlockStart,
    BlockStop,
    MessageDelta,
    MessageStart,
    MessageStop,
    Piece,
    StreamError,
    TextBlock,
    ThinkingBlock,
    ToolUseBlock,
    cut_short,
    read_block,
    read_event,
)
from neuroroute.dialects.provider_side import EventReader, Reading
from neuroroute.dialects.sse import SseEvent, SseReader, check_text
from neuroroute.domain.completion import (
    Completion,
    CompletionEvent,
    Finished,
    ReasoningDelta,
    TextDelta,
    ToolCall,
    ToolCallDelta,
)
from neuroroute.domain.errors import ProviderUnavailable


class Message(Struct):
    """A whole answer."""

    content: list[Raw]
    stop_reason: str | None = None
    stop_sequence: str | None = None
    model: str | None = None
    usage: Raw = NO_USAGE

    @property
    def finished(self) -> Finished:
        return finish(self.stop_reason, self.stop_sequence, read_counts(self.usage), self.model)


class _Kind(Struct):
    type: str | None = None


_decode_kind = msgspec.json.Decoder(_Kind).decode
_decode_message = msgspec.json.Decoder(Message).decode


def read_message(body: bytes) -> Message:
    """A whole answer.

    Raises:
        ProviderFailed: it is none, or tells of an error.
    """
    try:
        check_text(body)
        if _decode_kind(body).type != "error":
            return _decode_message(body)
    except UNREADABLE as error:
        raise ProviderUnavailable("The provider's answer is not a message") from error
    raise failure_told(body)


@final
class Translated(Reading):
    """The language's answers in the domain's words."""

    def whole(self, body: bytes) -> Iterable[CompletionEvent]:
        message = read_message(body)
        text, reasoning, calls = list[str](), list[str](), list[ToolCall]()
        for block in map(read_block, message.content):
            match block:
                case TextBlock():
                    text.append(block.text)
                case ThinkingBlock():
                    reasoning.append(block.thinking)
                case ToolUseBlock():
                    calls.append(ToolCall(block.id, block.name, block.arguments))
                case None:
                    pass
        return Completion("".join(text), message.finished, "".join(reasoning), tuple(calls)).replay()

    def stream(self) -> EventReader:
        return _TranslatingReader()


@final
class _TranslatingReader(EventReader):
    """One streamed message: complete at `message_stop` and not before."""

    def __init__(self) -> None:
        self._sse = SseReader()
        self._ending = Ending()
        self._calls: dict[int, _Call] = {}
        self._begun_calls = 0

    def feed(self, chunk: bytes) -> Iterator[CompletionEvent]:
        return self._read(self._sse.feed(chunk))

    def end(self, *, framed: bool) -> Iterator[CompletionEvent]:
        del framed
        yield from self._read(self._sse.end())
        if not self._ending.done:
            raise cut_short()

    def _read(self, stream: Sequence[SseEvent]) -> Iterator[CompletionEvent]:
        for _, data in stream:
            if self._ending.done:
                break
            match read_event(data):
                case MessageStart(message):
                    self._ending.begin(message.model, message.usage)
                case MessageDelta(end, usage):
                    self._ending.end(end.stop_reason, end.stop_sequence, usage)
                case MessageStop():
                    yield self._ending.finish()
                case StreamError():
                    raise failure_told(data)
                case None:
                    pass
                case event:
                    yield from self._content(event)

    def _content(self, event: BlockStart | BlockDelta | BlockStop) -> Iterator[CompletionEvent]:
        match event:
            case BlockDelta(Piece(text=text)) if text:
                yield TextDelta(text)
            case BlockDelta(Piece(thinking=thinking)) if thinking:
                yield ReasoningDelta(thinking)
            case BlockDelta(Piece(partial_json=piece), index) if piece and (call := self._calls.get(index)):
                call.told = True
                yield ToolCallDelta(call.place, arguments=piece)
            case BlockStart(block, index):
                yield from self._begin(block, index)
            case BlockStop(index) if (call := self._calls.pop(index, None)) and not call.told:
                yield ToolCallDelta(call.place, arguments=call.block.arguments)
            case _:
                pass

    def _begin(self, raw: Raw, index: int) -> Iterator[CompletionEvent]:
        match read_block(raw):
            case TextBlock(text):
                if text:
                    yield TextDelta(text)
            case ThinkingBlock(thinking):
                if thinking:
                    yield ReasoningDelta(thinking)
            case ToolUseBlock() as block:
                call = self._calls[index] = _Call(block, self._begun_calls)
                self._begun_calls += 1
                yield ToolCallDelta(call.place, block.id, block.name)
            case None:
                pass


class _Call(Struct):
    """A call that is being told."""

    block: ToolUseBlock
    place: int
    """Among the calls of the answer."""
    told: bool = False
    """Whether any of its arguments was: if not, those of its beginning are all that there are."""
