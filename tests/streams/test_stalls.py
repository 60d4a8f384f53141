"""Providers that fall silent, or that talk without saying anything."""

import pytest
from streams.caller import Question
from streams.expected import check_row
from streams.provider import End, Script
from streams.routes import ROUTES

TIMEOUT = 0.6
STALL = 0.8
SLACK = 1.0
"""Seconds that a small machine may be late."""
COMMENT = b": still here\n\n"

each = pytest.mark.parametrize("name", ROUTES)


def sizes_of(route, *, before):
    """Where events end, before the first content or after it; one in the middle of an event too."""
    first = route.stream.ends[route.stream.first + 1]
    sizes = [*route.stream.ends[:-1], first - 1, first + 9]
    return sorted(size for size in sizes if (size < first) == before)


def asked(stage, name, sizes, what, script, **said):
    route = ROUTES[name]
    cases = {f"{what}.{name}.{size}": size for size in sizes}
    for case, size in cases.items():
        stage.provider.scripts[case] = script(route.stream.wire[:size])
    questions = {case: Question(case, route.language, route.model, **said) for case in cases}
    replies = stage.ask(questions.values())
    rows = stage.rows()
    return [(questions[case], replies[case], rows[case], size) for case, size in cases.items()]


@each
def test_silence_before_the_first_content_ends_with_the_time_out(name, stage):
    route = ROUTES[name]
    said = {"options": {"timeout": TIMEOUT, "stall_timeout": 30}, "fallback": "local"}
    for question, reply, row, size in asked(
        stage, name, sizes_of(route, before=True), "silent", lambda wire: Script([wire], end=End.HOLD), **said
    ):
        route.check(question, reply, size)
        check_row(route, question, row, size)
        assert TIMEOUT * 0.9 < reply.seconds < TIMEOUT + SLACK, size


@each
def test_talk_without_content_ends_with_the_time_out_too(name, stage):
    route = ROUTES[name]
    said = {"options": {"timeout": TIMEOUT, "stall_timeout": 30}, "fallback": "local"}
    talk = [COMMENT, 0.1] * 60
    for question, reply, row, size in asked(
        stage, name, [route.stream.ends[route.stream.first]], "talk", lambda wire: Script([wire, *talk]), **said
    ):
        route.check(question, reply, size)
        check_row(route, question, row, size)
        assert reply.seconds < TIMEOUT + SLACK, size


@each
def test_without_a_fallback_it_is_told_as_a_time_out(name, stage):
    said = {"options": {"timeout": TIMEOUT}}
    for _, reply, row, size in asked(stage, name, [0, 30], "alone", lambda wire: Script([wire], end=End.HOLD), **said):
        assert reply.status == 504, size
        assert row["outcome"] == "failed"
        assert reply.seconds < TIMEOUT + SLACK, size


@each
def test_silence_in_the_middle_ends_with_an_error_event(name, stage):
    route = ROUTES[name]
    said = {"options": {"timeout": 30, "stall_timeout": STALL}, "fallback": "local"}
    for question, reply, row, size in asked(
        stage, name, sizes_of(route, before=False), "stalled", lambda wire: Script([wire], end=End.HOLD), **said
    ):
        route.check(question, reply, size)
        check_row(route, question, row, size)
        assert STALL * 0.9 < reply.seconds < STALL + SLACK, size


@each
def test_an_answer_that_began_in_time_may_take_longer_than_the_time_out(name, stage):
    route = ROUTES[name]
    size = len(route.stream.wire)
    half = route.stream.ends[route.stream.first + 1]
    said = {"options": {"timeout": TIMEOUT, "stall_timeout": 30}}
    for question, reply, row, _ in asked(
        stage, name, [size], "slow", lambda wire: Script([wire[:half], 2 * TIMEOUT, wire[half:]]), **said
    ):
        route.check(question, reply, size)
        check_row(route, question, row, size)
        assert reply.seconds > 2 * TIMEOUT
