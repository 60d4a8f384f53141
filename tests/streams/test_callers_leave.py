"""Callers who hang up at any moment: the provider is left at once, and what was used is settled."""

import asyncio
import random
import statistics
from time import monotonic

import pytest
from streams.caller import Connection, Question
from streams.provider import End, Script
from streams.routes import ROUTES

TIMES = 40
CLOSED_WITHIN = 0.1
"""Seconds from the caller's hanging up to the end of the provider's connection."""
LATE = 5
"""Times as many, for one that a busy machine delays."""
ANSWER = 0.4
"""Seconds over which an answer comes."""
CHANCE = random.Random(4711)

each = pytest.mark.parametrize("name", ROUTES)


def paced(route):
    """The stream with pauses between its events, and no end."""
    pause = ANSWER / len(route.stream.events)
    pieces = [piece for event in route.stream.events[:-1] for piece in (event.wire, pause)]
    return Script([0.1, *pieces], end=End.HOLD)


async def leave(port, provider, question, after):
    """Seconds until the provider's connection was closed; what the caller had read."""
    line = await Connection.open(port)
    asked = asyncio.create_task(line.ask(question.bytes()))
    async with asyncio.timeout(20):
        await provider.sees_asked[question.case].wait()
    await asyncio.sleep(after)
    read = b"".join(line._body)
    left = monotonic()
    line.transport.abort()
    async with asyncio.timeout(20):
        await provider.sees_left[question.case].wait()
    await asked
    return provider.left[question.case] - left, read


async def leave_all(port, provider, questions):
    moments = [0.05 + CHANCE.random() * (ANSWER + 0.05) for _ in questions]
    took = [leave(port, provider, question, after) for question, after in zip(questions, moments, strict=True)]
    return dict(zip([question.case for question in questions], await asyncio.gather(*took), strict=True))


@each
def test_the_provider_is_left_at_once_and_what_was_said_is_paid(name, stage):
    route = ROUTES[name]
    questions = [Question(f"leaver.{name}.{number}", route.language, route.model) for number in range(TIMES)]
    for question in questions:
        stage.provider.scripts[question.case] = paced(route)
    took = stage.run(leave_all(stage.service.port, stage.provider, questions))
    seconds = [gone for gone, _ in took.values()]
    assert statistics.median(seconds) < CLOSED_WITHIN, seconds
    assert max(seconds) < LATE * CLOSED_WITHIN, seconds
    rows = stage.rows(took)
    for case, (_, read) in took.items():
        assert rows[case]["outcome"] == "left", case
        if read:
            assert rows[case]["estimated"] == 1
            assert rows[case]["prompt_tokens"] > 0
            assert rows[case]["cost_nano_usd"] > 0
        if route.stream.events[route.stream.first + 1].text.encode() in read and not route.crossed:
            assert rows[case]["completion_tokens"] > 0
