"""What a request of `/v1` wishes of the choice: as a word, as a number, and by which policy."""

import pytest

from neuroroute.dialects.caller_side import InvalidRequest
from neuroroute.dialects.openai.caller import ChatDialect
from neuroroute.domain.access import ANYONE
from neuroroute.domain.routing import Objective, Pin, Priority
from neuroroute.interface.choosing import as_request
from neuroroute.interface.prompt import Admission
from neuroroute.interface.router_options import RouterOptions

DIALECT = ChatDialect()
ADMISSION = Admission(max_body=1 << 20, max_characters=100_000, default_timeout=60, cached=True)


def wished(model="auto", **options):
    asked = DIALECT.read({"model": model, "messages": [{"role": "user", "content": "Hello"}]}, [])
    return as_request(
        asked,
        RouterOptions(**options),
        dialect=DIALECT,
        cards=(),
        request_id="1",
        caller=ANYONE,
        admission=ADMISSION,
    )


def refused(model="auto", **options):
    with pytest.raises(InvalidRequest) as caught:
        wished(model, **options)
    return caught.value


@pytest.mark.parametrize("level", range(11))
def test_a_level_may_be_part_of_the_models_name(level):
    request = wished(f"auto:{level}")
    assert request.objective == Objective(level=level)
    assert request.requirements.pin is Pin.PREFER


@pytest.mark.parametrize("name", ["auto:11", "auto:-1", "auto:07", "auto:7.5", "auto:", "auto:best", "AUTO:7"])
def test_other_words_after_auto_name_a_model(name):
    request = wished(name)
    assert (request.requirements.model, request.requirements.pin) == (name, Pin.ONLY)
    assert request.objective == Objective()


def test_a_wish_may_be_said_twice_when_it_is_the_same():
    assert wished("auto:7", objective=7).objective == Objective(level=7)
    assert wished("auto:cost", priority=Priority.COST).objective == Objective(priority=Priority.COST)


@pytest.mark.parametrize(
    ("model", "options", "words"),
    [
        ("auto", {"priority": Priority.COST, "objective": 1}, ("`priority`", "`objective`")),
        ("local", {"priority": Priority.COST, "objective": 1}, ("`priority`", "`objective`")),
        ("auto:7", {"objective": 7.5}, ("`model` asks for 7", "`objective` for 7.5")),
        ("auto:7", {"priority": Priority.SPEED}, ("`model` asks for 7", "`priority` for speed")),
        ("auto:speed", {"priority": Priority.COST}, ("`model` asks for speed", "`priority` for cost")),
        ("auto:speed", {"objective": 0}, ("`model` asks for speed", "`objective` for 0")),
    ],
)
def test_two_wishes_are_refused_and_both_are_named(model, options, words):
    error = refused(model, **options)
    assert all(word in str(error) for word in words)
    assert error.param in {"neuroroute.priority", "neuroroute.objective"}


@pytest.mark.parametrize(
    ("model", "options", "param"),
    [
        ("auto", {"objective": 5}, "neuroroute.objective"),
        ("auto:5", {}, "neuroroute.objective"),
        ("auto", {"min_quality": 0.0}, "neuroroute.min_quality"),
        ("auto", {"min_quality": 0.9, "objective": 5}, "neuroroute.min_quality"),
    ],
)
def test_rules_predict_nothing_that_could_be_wished_for(model, options, param):
    error = refused(model, policy="rules", **options)
    assert error.param == param
    assert "`learned`" in str(error)
    assert "`rules`" in str(error)


def test_a_policy_and_limits_are_handed_on():
    request = wished(policy="learned", objective=3, min_quality=0.25, max_latency_ms=900.0, max_cost_usd=0.5)
    assert request.policy == "learned"
    assert request.objective == Objective(level=3)
    assert (request.requirements.min_quality, request.requirements.max_latency_ms) == (0.25, 900)
    assert request.requirements.max_cost == 500_000_000
    assert wished(policy="rules", priority=Priority.SPEED).policy == "rules"
    assert wished().policy is None
