"""Streams that are silent are kept alive."""

import asyncio

import pytest

from neuroroute.interface.alarm import Alarm
from neuroroute.interface.caller_watch import GRACE, CallerWatch
from neuroroute.interface.keep_alive import COMMENT, EventStream

pytestmark = pytest.mark.anyio
SILENCE = 0.05
EVENT = b"data: {}\n\n"


class Line:
    """What went out, and a way to hold it up."""

    def __init__(self):
        self.sent = []
        self.open = asyncio.Event()
        self.open.set()

    async def send(self, message):
        await self.open.wait()
        self.sent.append(message)

    async def receive(self):
        await asyncio.Event().wait()

    @property
    def bodies(self):
        return [message["body"] for message in self.sent if message["type"] == "http.response.body"]

    @property
    def heads(self):
        return [dict(message["headers"]) for message in self.sent if message["type"] == "http.response.start"]

    def stream(self, silence=SILENCE):
        return EventStream(self.send, CallerWatch(self.receive, Alarm(GRACE)), silence=silence)


async def test_a_stream_that_is_never_silent_has_no_comment():
    line = Line()
    async with line.stream() as stream:
        for _ in range(20):
            await asyncio.sleep(SILENCE / 5)
            await stream.write(EVENT, [(b"x-neuroroute-model", b"m")])
        await stream.end()
    assert line.bodies == [EVENT] * 20 + [b""]
    assert [head[b"x-neuroroute-model"] for head in line.heads] == [b"m"]


async def test_nothing_is_sent_before_the_first_event_or_the_first_silence():
    line = Line()
    async with line.stream() as stream:
        await asyncio.sleep(SILENCE / 2)
        assert not stream.begun
    await asyncio.sleep(2 * SILENCE)
    assert line.sent == []


async def test_silence_before_the_first_event_brings_the_head_and_comments():
    line = Line()
    async with line.stream() as stream:
        await asyncio.sleep(3.5 * SILENCE)
        assert stream.begun
        await stream.write(EVENT, [(b"x-neuroroute-model", b"m")])
        await stream.end()
    assert line.bodies == [COMMENT] * 3 + [EVENT, b""]
    assert len(line.heads) == 1
    assert line.heads[0][b"content-type"].startswith(b"text/event-stream")
    assert b"x-neuroroute-model" not in line.heads[0]


async def test_silence_between_events_brings_comments_too():
    line = Line()
    async with line.stream() as stream:
        await stream.write(EVENT)
        await asyncio.sleep(2.5 * SILENCE)
        await stream.write(EVENT)
    assert line.bodies == [EVENT, COMMENT, COMMENT, EVENT]


async def test_no_silence_is_too_long_where_none_is_set():
    line = Line()
    async with line.stream(silence=0) as stream:
        await asyncio.sleep(2 * SILENCE)
        await stream.write(EVENT)
    assert line.bodies == [EVENT]


async def test_a_caller_that_does_not_read_is_sent_no_comment_on_top():
    line = Line()
    async with line.stream() as stream:
        await stream.write(EVENT)
        line.open.clear()
        held = asyncio.create_task(stream.write(EVENT))
        await asyncio.sleep(3 * SILENCE)
        line.open.set()
        await held
    assert line.bodies == [EVENT, EVENT]


async def test_an_event_waits_for_a_comment_that_is_under_way():
    line = Line()
    line.open.clear()
    async with line.stream() as stream:
        await asyncio.sleep(1.5 * SILENCE)
        held = asyncio.create_task(stream.write(EVENT))
        await asyncio.sleep(SILENCE)
        assert not held.done()
        line.open.set()
        await held
    assert line.bodies == [COMMENT, EVENT]
    assert len(line.heads) == 1


async def test_leaving_ends_a_comment_that_nobody_reads():
    line = Line()
    line.open.clear()
    before = asyncio.all_tasks()
    async with line.stream():
        await asyncio.sleep(1.5 * SILENCE)
    assert asyncio.all_tasks() == before


async def test_who_cannot_be_sent_a_comment_is_known_with_the_next_event():
    line = Line()

    async def broken(message):
        raise OSError(f"{message['type']} cannot be sent")

    stream = EventStream(broken, CallerWatch(line.receive, Alarm(GRACE)), silence=SILENCE)
    async with stream:
        await asyncio.sleep(1.5 * SILENCE)
        with pytest.raises(OSError, match="cannot be sent"):
            await stream.write(EVENT)
    async with EventStream(broken, CallerWatch(line.receive, Alarm(GRACE)), silence=SILENCE):
        await asyncio.sleep(1.5 * SILENCE)
