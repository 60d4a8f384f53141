"""What names an answer that is remembered: everything that can change it."""

import subprocess
import sys
from pathlib import Path

import pytest
from factories import CallerFactory, PromptFactory, RoutingRequestFactory
from hypothesis import assume, given
from hypothesis import strategies as st

from neuroroute.application.route_prompt import fingerprint
from neuroroute.domain.access import Caller
from neuroroute.domain.model import Ability, Wire
from neuroroute.domain.prompt import Message, Prompt, Role, Sampling, Wording
from neuroroute.domain.request import CacheUse
from neuroroute.domain.routing import Objective, Pin, Priority, Requirements

VERSION = "v1"

TEXTS = st.text(max_size=8)
MESSAGES = st.lists(st.builds(Message, st.sampled_from(Role), TEXTS), min_size=1, max_size=3).map(tuple)


REQUESTS = st.fixed_dictionaries(
    {
        "caller": st.builds(Caller, TEXTS),
        "messages": MESSAGES,
        "max_tokens": st.none() | st.integers(1, 5),
        "temperature": st.none() | st.sampled_from([0.0, 0.5, 1.0]),
        "model": st.none() | TEXTS,
        "pin": st.sampled_from(Pin),
        "capabilities": st.lists(TEXTS, max_size=2).map(tuple),
        "longest": st.none() | st.integers(1, 5),
        "priority": st.none() | st.sampled_from(Priority),
        "vary": st.tuples(st.none() | TEXTS, st.none() | TEXTS),
        "fallbacks": st.lists(st.sampled_from(["openai", "anthropic"]), unique=True).map(tuple),
        "abilities": st.frozensets(st.sampled_from(Ability)),
        "max_cost": st.none() | st.integers(0, 9),
        "strict": st.booleans(),
    }
)
UNIMPORTANT = st.fixed_dictionaries(
    {
        "id": TEXTS,
        "timeout": st.floats(0.1, 300),
        "surface": st.sampled_from(["prompt", "test_model"]),
    }
)


def named(told, unimportant, *, streamed=False, ttl=None, version=VERSION):
    use = CacheUse(ttl=ttl, vary=told["vary"])
    request = RoutingRequestFactory.build(
        caller=told["caller"],
        prompt=Prompt(
            told["messages"],
            Sampling(max_tokens=told["max_tokens"], temperature=told["temperature"]),
            streamed=streamed,
        ),
        requirements=Requirements(
            model=told["model"],
            pin=told["pin"],
            capabilities=told["capabilities"],
            max_tokens=told["longest"],
            fallbacks=told["fallbacks"],
            abilities=told["abilities"],
            max_cost=told["max_cost"],
        ),
        strict=told["strict"],
        objective=Objective(priority=told["priority"]),
        cache=use,
        **unimportant,
    )
    return fingerprint(request, use, version)


@given(st.data(), REQUESTS, UNIMPORTANT)
def test_whatever_can_change_the_answer_changes_its_name(data, told, unimportant):
    field = data.draw(st.sampled_from(sorted(told)))
    other = data.draw(REQUESTS)[field]
    assume(other != told[field])
    assert named(told, unimportant) != named(told | {field: other}, unimportant)


@given(REQUESTS, REQUESTS, UNIMPORTANT)
def test_two_requests_share_a_name_only_if_they_are_the_same(one, other, unimportant):
    assert (named(one, unimportant) == named(other, unimportant)) == (one == other)


@given(REQUESTS, UNIMPORTANT, UNIMPORTANT, st.booleans(), st.none() | st.floats(1, 1e6))
def test_ids_time_outs_and_the_way_of_delivery_do_not_matter(told, one, other, streamed, ttl):
    assert named(told, one) == named(told, other, streamed=streamed, ttl=ttl)


@given(REQUESTS, UNIMPORTANT)
def test_the_catalogue_and_the_policy_are_part_of_the_name(told, unimportant):
    assert named(told, unimportant) != named(told, unimportant, version="v2")


def test_the_place_of_a_text_matters():
    def vary(user, language):
        return {"caller": CallerFactory.build(), "messages": (), "max_tokens": None, "temperature": None,
                "model": None, "pin": Pin.PREFER, "capabilities": (), "longest": None, "priority": None,
                "vary": (user, language), "fallbacks": (), "abilities": frozenset(),
                "max_cost": None, "strict": False}  # fmt: skip

    names = {named(vary(*said), {}) for said in [("a", None), (None, "a"), ("a", "a"), ("aa", None), ("", "a")]}
    assert len(names) == 5


def in_its_words(wire=Wire.CHAT, headers=(), **body):
    wording = Wording(wire=wire, body={"model": "auto", **body}, headers=headers)
    return fingerprint(RoutingRequestFactory.build(prompt=PromptFactory.build(wording=wording)), CacheUse(), VERSION)


@pytest.mark.parametrize(
    "other",
    [{"wire": Wire.RESPONSES}, {"headers": (("anthropic-beta", "x"),)}, {"model": "a"}, {"stream": True}, {"new": [1]}],
)
def test_every_word_of_the_caller_is_part_of_the_name(other):
    assert in_its_words() == in_its_words()
    assert in_its_words() != in_its_words(**other)


def test_the_name_is_the_same_in_every_process():
    script = "from application.test_fingerprint import told_in_sets; print(told_in_sets())"
    names = [
        subprocess.run(
            [sys.executable, "-c", script], capture_output=True, check=True, text=True,
            cwd=Path(__file__).parents[1], env={"PYTHONHASHSEED": seed},
        ).stdout.strip()
        for seed in "123"
    ]  # fmt: skip
    assert set(names) == {told_in_sets()}


def told_in_sets():
    requirements = Requirements(abilities=frozenset(Ability))
    return fingerprint(RoutingRequestFactory.build(requirements=requirements), CacheUse(), VERSION)
