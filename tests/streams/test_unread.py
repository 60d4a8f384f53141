"""A caller who does not read holds the provider back, and our memory stays as it was."""

import asyncio

import psutil
import pytest
from httptools import HttpResponseParser
from interface.v1 import CHAT, MESSAGES
from streams.caller import Question
from streams.others import ENDED
from streams.told import DONE, ROLE, START, STOP, block, chunk, delta, stop, text_chunk

SIZE = 200 << 20
"""Bytes of the stream, about."""
PIECE = "x" * (1 << 16)
TIMES = SIZE // len(PIECE)
MOST = 16 << 20
"""Bytes that our memory may grow by."""
BUFFERED = 32 << 20
"""Bytes that may be on the way: Linux lends each side of both connections up to 6 MB (tcp_rmem, tcp_wmem)."""

STREAMS = {
    "chat": (CHAT, "openai", [ROLE], text_chunk(PIECE), [chunk({}, finish="stop"), chunk(), DONE]),
    "messages": (
        MESSAGES,
        "anthropic",
        [START, block(0, type="text", text="")],
        delta(0, "text_delta", "text", PIECE),
        [stop(0), ENDED, STOP],
    ),
}


class Reader(asyncio.Protocol):
    """Counts what it reads, and need not."""

    def __init__(self):
        self.read = 0
        self.last = b""
        self.begun = asyncio.Event()
        self._parser = HttpResponseParser(self)
        self.ended = asyncio.get_running_loop().create_future()

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self._parser.feed_data(data)

    def on_body(self, body):
        self.read += len(body)
        self.begun.set()
        self.last = (self.last + body)[-100:]

    def on_message_complete(self):
        self.ended.set_result(None)

    def connection_lost(self, exc):
        if not self.ended.done():
            self.ended.set_exception(exc or EOFError())


class Told:
    """A stream as long as that, written as fast as it is taken."""

    def __init__(self, before, piece, after):
        self._before, self._piece, self._after = before, piece, after
        self.size = len(piece.wire) * TIMES + sum(len(event.wire) for event in (*before, *after))

    async def __call__(self, line):
        self.line = line
        line.head(200, "text/event-stream", "transfer-encoding: chunked")
        for events in (self._before, [self._piece] * TIMES, self._after):
            for event in events:
                line.write(event.wire)
                await line.drained()
        line.transport.write(b"0\r\n\r\n")
        line._case = ""


async def settled(told):
    """The bytes that the provider could write, once that stands still."""
    before = -1
    while before != told.line.written:
        before = told.line.written
        await asyncio.sleep(0.7)
    return before


async def hold(port, question, told, memory):
    loop = asyncio.get_running_loop()
    _, reader = await loop.create_connection(Reader, "127.0.0.1", port)
    reader.transport.write(question.bytes())
    await reader.begun.wait()
    reader.transport.pause_reading()
    before = memory()
    read = reader.read
    on_the_way = await settled(told) - read
    grown = memory() - before
    reader.transport.resume_reading()
    most = grown
    while not (await asyncio.wait([reader.ended], timeout=0.05))[0]:
        most = max(most, memory() - before)
    await reader.ended
    reader.transport.close()
    return on_the_way, grown, most, reader


@pytest.mark.parametrize("name", STREAMS)
def test_the_provider_is_held_back_and_then_all_of_it_comes(name, stage):
    language, model, before, piece, after = STREAMS[name]
    told = Told(before, piece, after)
    assert told.size > SIZE
    question = Question(f"unread.{name}", language, model)
    stage.provider.scripts[question.case] = told
    worker = psutil.Process(stage.service.workers[0])
    on_the_way, grown, most, reader = stage.run(
        hold(stage.service.port, question, told, lambda: worker.memory_info().rss)
    )
    assert on_the_way < BUFFERED
    assert grown < MOST
    assert most < MOST
    assert reader.read == told.size
    assert reader.last.endswith(after[-1].wire)
    row = stage.rows([question.case])[question.case]
    assert (row["outcome"], row["completion_tokens"]) == ("answered", 29)
