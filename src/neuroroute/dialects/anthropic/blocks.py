"""The blocks of a streamed answer, one after the other, whichever way their pieces come."""

from collections import deque
from typing import Final, final

import msgspec
from msgspec import Raw, Struct

from neuroroute.dialects.anthropic.writing import WrittenBlock, WrittenText, WrittenThinking, WrittenToolUse
from neuroroute.dialects.sse import write_event


class _Started(Struct, tag_field="type", tag="content_block_start"):
    index: int
    content_block: WrittenBlock


class _TextDelta(Struct, tag_field="type", tag="text_delta"):
    text: str


class _ThinkingDelta(Struct, tag_field="type", tag="thinking_delta"):
    thinking: str


class _InputDelta(Struct, tag_field="type", tag="input_json_delta"):
    partial_json: str


class _Piece(Struct, tag_field="type", tag="content_block_delta"):
    index: int
    delta: _TextDelta | _ThinkingDelta | _InputDelta


class _Stopped(Struct, tag_field="type", tag="content_block_stop"):
    index: int


_encode: Final = msgspec.json.Encoder().encode


@final
class _Block:
    def __init__(self, begun: WrittenBlock) -> None:
        self.begun = begun
        self.waiting = list[str]()
        """Pieces that cannot be told before the blocks in front are."""
        self.input = list[str]()
        """All pieces of a call's arguments."""

    @property
    def is_whole(self) -> bool:
        """Whether it can be closed once another has begun; of a call that is known by its arguments alone."""
        if not isinstance(self.begun, WrittenToolUse):
            return True
        if not (self.input and self.input[-1].rstrip().endswith("}")):
            return False
        try:
            msgspec.json.decode("".join(self.input), type=Raw)
        except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
            return False
        return True


@final
class BlockSequence:
    """Opens and closes each block once, in order: the language tells one at a time.

    The pieces of the first are told as they come. Those of calls that are told side by side wait for the ones in front.
    """

    def __init__(self) -> None:
        self._blocks = deque[_Block]()
        self._calls: dict[int, _Block] = {}
        self._index = -1
        self._open = False

    @property
    def calls(self) -> int:
        """How many calls there were."""
        return len(self._calls)

    def text(self, text: str) -> bytes:
        return self._add(self._last(WrittenText("")), text) if text else b""

    def thinking(self, text: str) -> bytes:
        return self._add(self._last(WrittenThinking("")), text) if text else b""

    def call(self, index: int, begun: WrittenToolUse, arguments: str) -> bytes:
        """A piece of the call `index` of the answer; `begun` counts with the first.

        What comes after its arguments were whole and another block began is left out: no JSON goes on there.
        """
        block = self._calls.get(index)
        if block is None:
            block = self._calls[index] = _Block(begun)
            self._blocks.append(block)
        if arguments:
            block.input.append(arguments)
        return self._add(block, arguments)

    def end(self) -> bytes:
        """What was still waiting, and the end of the last block."""
        told = b""
        while self._blocks:
            told += self._tell() + self._close()
        return told

    def _last(self, begun: WrittenBlock) -> _Block:
        """The last block where it is of the kind of `begun`, else a new one."""
        if self._blocks and type(self._blocks[-1].begun) is type(begun):
            return self._blocks[-1]
        self._blocks.append(_Block(begun))
        return self._blocks[-1]

    def _add(self, block: _Block, piece: str) -> bytes:
        if piece:
            block.waiting.append(piece)
        told = self._tell()
        while len(self._blocks) > 1 and self._blocks[0].is_whole:
            told += self._close() + self._tell()
        return told

    def _tell(self) -> bytes:
        """What the first block can tell now."""
        block, told = self._blocks[0], b""
        if not self._open:
            self._open = True
            self._index += 1
            told = write_event(_encode(_Started(self._index, block.begun)), name="content_block_start")
        if block.waiting:
            piece, block.waiting = "".join(block.waiting), []
            told += write_event(_encode(_Piece(self._index, _delta(block.begun, piece))), name="content_block_delta")
        return told

    def _close(self) -> bytes:
        self._blocks.popleft()
        self._open = False
        return write_event(_encode(_Stopped(self._index)), name="content_block_stop")


def _delta(begun: WrittenBlock, piece: str) -> _TextDelta | _ThinkingDelta | _InputDelta:
    match begun:
        case WrittenText():
            return _TextDelta(piece)
        case WrittenThinking():
            return _ThinkingDelta(piece)
        case WrittenToolUse():
            return _InputDelta(piece)
