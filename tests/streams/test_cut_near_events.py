"""Streams of every kind, cut where an event ends and a byte before and after."""

import pytest
from interface.v1 import CHAT, MESSAGES
from streams.caller import Question
from streams.cutting import Cutting, both, check_cuts, in_turn
from streams.expected import Fate, Route
from streams.others import CHAT_STREAMS, CHOICES, MESSAGE_STREAMS
from streams.provider import End, Script
from streams.told import CHAT_STREAM

ROUTES = {
    **{f"chat {what}": Route(CHAT, "openai", said, CHAT_STREAM) for what, said in CHAT_STREAMS.items()},
    **{f"messages {what}": Route(MESSAGES, "anthropic", said, CHAT_STREAM) for what, said in MESSAGE_STREAMS.items()},
    **{f"chat of messages {what}": Route(CHAT, "anthropic", said, CHAT_STREAM)
       for what, said in MESSAGE_STREAMS.items()},
    **{f"messages of chat {what}": Route(MESSAGES, "openai", said, CHAT_STREAM)
       for what, said in CHAT_STREAMS.items()},
    "chat choices": Route(CHAT, "openai", CHOICES, CHAT_STREAM),
}  # fmt: skip


def test_what_was_said_is_told_and_that_it_was_cut(stage):
    check_cuts(
        stage, *[Cutting(f"near.{name}", route, both(route.stream.near_events)) for name, route in ROUTES.items()]
    )


def test_before_the_first_content_another_takes_over(stage):
    cuttings = [Cutting(f"spare.{name}", route, in_turn(route.stream.near_events)) for name, route in ROUTES.items()]
    check_cuts(stage, *cuttings, fallback="local")


def test_a_chat_whose_end_only_http_tells_is_whole_once_all_choices_ended(stage):
    ended = CHOICES.ends[-3]
    for at, size in enumerate(CHOICES.ends):
        case = f"framed.{at}"
        stage.provider.scripts[case] = Script([CHOICES.wire[:size]])
        reply = stage.ask([Question(case, CHAT, "openai")])[case]
        assert (b"[DONE]" in reply.body) == (size >= ended), at
        assert b"secret" not in reply.body


@pytest.mark.parametrize("name", [name for name in ROUTES if name.endswith("thoughts")])
def test_no_cut_answer_is_remembered(name, stage):
    route = ROUTES[name]
    cases = {f"kept.{name.replace(' ', '-')}.{size}": size for size in route.stream.ends}
    for case, size in cases.items():
        stage.provider.scripts[case] = Script([route.stream.wire[:size]], end=End.FIN)
    questions = [Question(case, route.language, route.model, cached=True) for case in cases]
    for times in (1, 2):
        replies = stage.ask(questions)
        for case, size in cases.items():
            whole = route.fate(size) is Fate.WHOLE
            assert stage.provider.asked[case] == (1 if whole else times), case
            if whole:
                assert replies[case].headers["x-neuroroute-cache"] == ("miss", "hit")[times - 1]
