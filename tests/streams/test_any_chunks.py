"""However the network cuts a provider's bytes into pieces, the caller is told the same."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from streams.caller import Question
from streams.others import CHAT_STREAMS, MESSAGE_STREAMS
from streams.provider import Script
from streams.routes import ROUTES

AT_ONCE = 20
EXAMPLES = 12

STREAMS = {
    **ROUTES,
    "chat-error": ROUTES["chat"]._replace(stream=CHAT_STREAMS["error"]),
    "messages-thoughts": ROUTES["messages"]._replace(stream=MESSAGE_STREAMS["thoughts"]),
}


def pieces_of(wire, places):
    return [wire[a:b] for a, b in pairwise(sorted({0, len(wire), *(place % len(wire) for place in places)}))]


def spread(pieces):
    """With a moment between the first ones, so that they arrive one by one and not together."""
    paused = [part for piece in pieces[:12] for part in (piece, 0.001)]
    return [*paused, *pieces[12:]]


@pytest.mark.parametrize("name", STREAMS)
@settings(max_examples=EXAMPLES)
@given(cuttings=st.lists(st.lists(st.integers(0, 10_000), max_size=30), min_size=AT_ONCE, max_size=AT_ONCE))
def test_the_same_is_told(name, cuttings, stage):
    route = STREAMS[name]
    wire = route.stream.wire
    questions = []
    for number, places in enumerate([*cuttings, range(len(wire))]):
        case = f"chunks.{name}.{number}"
        stage.provider.scripts[case] = Script(spread(pieces_of(wire, places)))
        questions.append(Question(case, route.language, route.model))
    replies = stage.ask(questions)
    for question in questions:
        route.check(question, replies[question.case], len(wire))
