"""Providers that talk nonsense, before their first content or after it, and such as only look as if they did."""

import json
import time

import pytest
from streams.caller import Question
from streams.expected import check_row
from streams.provider import End, Script
from streams.routes import ROUTES
from streams.told import Event, Stream

HUGE = (1 << 24) + (1 << 20)
"""Bytes: more than one event may have."""
LONG = 1 << 20
"""Bytes: what one event may well have."""
NONSENSE = {
    "no JSON": b'data: {"secret words\n\n',
    "no object": b"data: [1, 2]\n\n",
    "too deep": b"data: " + b"[" * 100_000 + b"\n\n",
    "another shape": b'data: {"type":7,"choices":"secret words"}\n\n',
}
TOO_LARGE = b"data: " + b"x" * HUGE

each = pytest.mark.parametrize("name", ROUTES)


def broken(route, at, wire):
    """The route, its stream broken off by `wire` after so many events."""
    return route._replace(stream=Stream(*route.stream.events[:at], Event(wire), fails=True))


def misspelt(route):
    """The first content of the stream, spelt as nobody may."""
    wire = route.stream.events[route.stream.first].wire
    return {
        "no UTF-8": wire.replace(b"Gr", b"\xff"),
        "half a character": wire.replace(b"Gr", b"\\ud83d"),
        "no UTF-8 where nobody looks": wire.replace(b"{", b'{"x":"\xc3(",', 1),
    }


def check(stage, cases, *, end=End.WHOLE, **said):
    """Each case: the route, and how its stream is sent."""
    questions = {}
    for case, (route, pieces) in cases.items():
        stage.provider.scripts[case] = Script(pieces, end=end)
        questions[case] = Question(case, route.language, route.model, **said)
    replies, rows = stage.ask(questions.values()), stage.rows(questions)
    for case, (route, _) in cases.items():
        size = len(route.stream.wire)
        try:
            route.check(questions[case], replies[case], size)
            check_row(route, questions[case], rows[case], size)
        except (AssertionError, ValueError) as error:
            raise AssertionError(f"{case}: {str(replies[case])[:2000]}") from error


@pytest.mark.parametrize("fallback", [None, "local"], ids=["alone", "with a fallback"])
def test_nonsense_is_a_failure_before_the_first_content_and_a_cut_after_it(fallback, stage):
    cases = {}
    for name, route in ROUTES.items():
        first = route.stream.first
        for what, wire in {**NONSENSE, **misspelt(route)}.items():
            for at in (0, first, first + 1, len(route.stream.events) - 1):
                said = broken(route, at, wire)
                case = f"nonsense.{name}.{fallback}.{what}.{at}".replace(" ", "-")
                cases[case] = said, [said.stream.wire]
    check(stage, cases, fallback=fallback)


@each
def test_an_event_that_is_too_large_is_nonsense(name, stage):
    for at in (0, ROUTES[name].stream.first + 1):
        route = broken(ROUTES[name], at, TOO_LARGE)
        check(stage, {f"large.{name}.{at}": (route, [route.stream.wire])}, fallback="local")


@pytest.mark.parametrize("name", ["chat", "messages", "responses"])
def test_talk_without_end_and_content_is_nonsense(name, stage):
    opening = ROUTES[name].stream.events[0].wire
    times = HUGE // len(opening)
    route = ROUTES[name]._replace(stream=Stream(Event(opening * times), fails=True))
    began = time.monotonic()
    check(
        stage, {f"endless.{name}": (route, [opening * times])}, end=End.HOLD, fallback="local", options={"timeout": 15}
    )
    assert time.monotonic() - began < 15


@each
def test_a_long_line_is_none(name, stage):
    text = "long " * (LONG // 5)
    route = ROUTES[name]
    events = [
        event._replace(
            wire=event.wire.replace(json.dumps(event.text, ensure_ascii=False).encode(), f'"{text}"'.encode(), 1),
            text=text,
        )
        if event.text.startswith("Gr")
        else event
        for event in route.stream.events
    ]
    longer = route._replace(stream=Stream(*events))
    assert len(longer.stream.wire) > LONG
    check(stage, {f"long.{name}": (longer, [longer.stream.wire])})


def test_usage_that_is_told_twice_counts_once(stage):
    cases = {}
    for name in ("chat", "messages", "chat-of-messages", "messages-of-chat"):
        *before, usage, end = ROUTES[name].stream.events
        twice = ROUTES[name]._replace(stream=Stream(*before, usage, usage, end))
        cases[f"twice.{name}"] = twice, [twice.stream.wire]
    check(stage, cases)


def test_other_line_ends_comments_and_what_else_is_lawful_change_nothing(stage):
    cases = {}
    for name, route in ROUTES.items():
        wire = route.stream.wire
        lawful = {
            "crlf": wire.replace(b"\n", b"\r\n"),
            "cr": wire.replace(b"\n", b"\r"),
            "mark": b"\xef\xbb\xbf" + wire,
            "comments": wire.replace(b"\n\n", b"\n\n: hello\n\n"),
            "fields": wire.replace(b"data: ", b"id: 7\nretry: 3\nother\ndata:"),
        }
        cases |= {f"lawful.{name}.{what}": (route, [said]) for what, said in lawful.items()}
    check(stage, cases)


@pytest.mark.parametrize(
    ("name", "kind", "status"),
    [("chat", "rate_limit_error", 429), ("chat", "server_error", 502), ("messages", "rate_limit_error", 429),
     ("messages", "overloaded_error", 529), ("messages", "api_error", 502), ("responses", "server_error", 502),
     ("chat-of-messages", "overloaded_error", 503), ("messages-of-chat", "rate_limit_error", 429)],
)  # fmt: skip
def test_an_error_event_before_the_first_content_has_the_status_that_clients_act_on(name, kind, status, stage):
    route = ROUTES[name]
    opening = route.stream.wire[: route.stream.ends[route.stream.first]]
    told = json.dumps({"type": "error", "error": {"type": kind, "message": "secret words"}}).encode()
    case = f"error.{name}.{kind}"
    stage.provider.scripts[case] = Script([opening + b"event: error\ndata: " + told + b"\n\n"])
    reply = stage.ask([Question(case, route.language, route.model)])[case]
    assert reply.status == status
    assert b"secret words" not in reply.body
    route.language.error(json.loads(reply.body))
