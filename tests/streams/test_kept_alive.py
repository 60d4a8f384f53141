"""Comments while a model thinks, before its first content and after it; what follows them is as true as ever."""

import asyncio

import pytest
from interface.v1 import events
from streams.caller import Connection, Question
from streams.conftest import KEEP_ALIVE
from streams.expected import Fate, check_row, is_error
from streams.provider import End, Script
from streams.routes import ROUTES

COMMENT = b": keep-alive\n\n"
PAUSE = 3.5 * KEEP_ALIVE


def thinking(route, size):
    """So much of the stream, after a pause, with another after the first content that it holds."""
    half = route.stream.ends[route.stream.first + 1] if size else 0
    pieces = [PAUSE, route.stream.wire[: min(half, size)], PAUSE, route.stream.wire[half:size]]
    return Script(pieces, end=End.FIN)


def asked(kept, what, told_of, **said):
    """Of every route: its question, the answer, the ledger's row, and how many events the provider told."""
    cases = {
        f"{what}.{name}.{told}": (route, told)
        for name, route in ROUTES.items()
        for told in told_of(route, len(route.stream.events))
    }
    questions = {case: Question(case, route.language, route.model, **said) for case, (route, _) in cases.items()}
    for case, (route, told) in cases.items():
        kept.provider.scripts[case] = thinking(route, route.stream.ends[told])
    replies, rows = kept.ask(questions.values(), at_once=len(cases)), kept.rows(cases)
    for case, (route, told) in cases.items():
        reply = replies[case]
        assert (reply.status, reply.whole) == (200, True), case
        assert reply.body.startswith(COMMENT * 2), case
        assert "x-neuroroute-model" not in reply.headers, case
        yield route, questions[case], reply._replace(body=reply.body.replace(COMMENT, b"")), rows[case], told


def unbegun(route, _):
    return range(route.stream.first + 1)


def begun(route, events):
    return range(route.stream.first + 1, events + 1)


def test_comments_come_between_events_and_change_nothing_else(kept):
    for route, question, reply, row, told in asked(kept, "thinking", begun):
        size = route.stream.ends[told]
        route.check_told(reply.body, told, whole=route.fate(size) is Fate.WHOLE)
        check_row(route, question, row, size)


def test_a_failure_behind_comments_is_the_only_event(kept):
    for route, _, reply, row, _ in asked(kept, "failed", unbegun):
        (only,) = events(reply.body.decode())
        assert is_error(only.data), route
        assert row["outcome"] == "failed"


def test_another_takes_over_behind_comments(kept):
    for route, _, reply, row, _ in asked(kept, "spare", unbegun, fallback="local"):
        spare = route._replace(stream=route.spare, model="local")
        spare.check_told(reply.body, len(spare.stream.events), whole=True)
        assert (row["outcome"], row["model"]) == ("answered", "local")


@pytest.mark.parametrize("name", ROUTES)
def test_who_leaves_among_the_comments_is_noticed_at_once(name, kept):
    route = ROUTES[name]
    question = Question(f"kept-left.{name}", route.language, route.model)
    kept.provider.scripts[question.case] = Script([20.0], end=End.HOLD)

    async def leave():
        line = await Connection.open(kept.service.port)
        asked = asyncio.create_task(line.ask(question.bytes()))
        await asyncio.sleep(PAUSE)
        read = b"".join(line._body)
        line.transport.abort()
        async with asyncio.timeout(0.5):
            await kept.provider.sees_left[question.case].wait()
        await asked
        return read

    assert kept.run(leave()).startswith(COMMENT)
    assert kept.rows([question.case])[question.case]["outcome"] == "left"
