"""Providers that fall silent, or that talk without saying anything."""

from streams.caller import Question
from streams.expected import check_row
from streams.provider import End, Script
from streams.routes import ROUTES

TIMEOUT = 0.6
STALL = 0.8
SLACK = 1.0
"""Seconds that a small machine may be late."""
COMMENT = b": still here\n\n"


def before(route):
    """Where events end before the first content, and a byte before that is whole."""
    first = route.stream.ends[route.stream.first + 1]
    return [*route.stream.ends[: route.stream.first + 1], first - 1]


def after(route):
    """Where events end after it, and in the middle of one."""
    ends = route.stream.ends[route.stream.first + 1 : -1]
    return [*ends, ends[0] + 9]


def asked(stage, what, sizes_of, script, **said):
    """Of every route: its question, the answer, the ledger's row, and how much the provider had said."""
    cases = {f"{what}.{name}.{size}": (route, size) for name, route in ROUTES.items() for size in sizes_of(route)}
    questions = {case: Question(case, route.language, route.model, **said) for case, (route, _) in cases.items()}
    for case, (route, size) in cases.items():
        stage.provider.scripts[case] = script(route, route.stream.wire[:size])
    replies = stage.ask(questions.values(), at_once=len(cases))
    rows = stage.rows(cases)
    return [(route, questions[case], replies[case], rows[case], size) for case, (route, size) in cases.items()]


def check(route, question, reply, row, size):
    route.check(question, reply, size)
    check_row(route, question, row, size)


def held(_, wire):
    return Script([wire], end=End.HOLD)


def talking(_, wire):
    return Script([wire, *[COMMENT, 0.1] * 60])


def slow(route, wire):
    half = route.stream.ends[route.stream.first + 1]
    return Script([wire[:half], 2 * TIMEOUT, wire[half:]])


def test_silence_before_the_first_content_ends_with_the_time_out(stage):
    said = {"options": {"timeout": TIMEOUT, "stall_timeout": 30}, "fallback": "local"}
    for one in asked(stage, "silent", before, held, **said):
        check(*one)
        assert TIMEOUT * 0.9 < one[2].seconds < TIMEOUT + SLACK, one


def test_talk_without_content_ends_with_the_time_out_too(stage):
    said = {"options": {"timeout": TIMEOUT, "stall_timeout": 30}, "fallback": "local"}
    for one in asked(stage, "talk", lambda route: [route.stream.ends[route.stream.first]], talking, **said):
        check(*one)
        assert one[2].seconds < TIMEOUT + SLACK, one


def test_without_a_fallback_it_is_told_as_a_time_out(stage):
    for one in asked(stage, "alone", lambda _: [0, 30], held, options={"timeout": TIMEOUT}):
        _, _, reply, row, _ = one
        assert (reply.status, row["outcome"]) == (504, "failed"), one
        assert reply.seconds < TIMEOUT + SLACK, one


def test_silence_in_the_middle_ends_with_an_error_event(stage):
    said = {"options": {"timeout": 30, "stall_timeout": STALL}, "fallback": "local"}
    for one in asked(stage, "stalled", after, held, **said):
        check(*one)
        assert STALL * 0.9 < one[2].seconds < STALL + SLACK, one


def test_an_answer_that_began_in_time_may_take_longer_than_the_time_out(stage):
    said = {"options": {"timeout": TIMEOUT, "stall_timeout": 30}}
    for one in asked(stage, "slow", lambda route: [len(route.stream.wire)], slow, **said):
        check(*one)
        assert one[2].seconds > 2 * TIMEOUT, one
